//! Where a name leads, found out once for each connection.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Egress, Forbidden};

/// Resolves a name once and hands out its addresses only if the policy allows every one of them. The connection goes
/// to these very addresses, so a second look-up with another answer cannot come between.
#[derive(Debug)]
pub(crate) struct CheckedResolver<L> {
    egress: Egress,
    look_up: L,
}

/// The look-up of the machine.
#[derive(Debug)]
pub(crate) struct SystemLookUp;

impl<L> CheckedResolver<L> {
    /// Checks by `egress` what `look_up` answers.
    pub(crate) fn new(egress: Egress, look_up: L) -> Self {
        Self { egress, look_up }
    }
}

impl<L: Resolve> Resolve for CheckedResolver<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.egress.clone();
        let is_trusted = egress.trusts(name.as_str());
        let look_up = self.look_up.resolve(name);
        Box::pin(async move {
            let found: Vec<SocketAddr> = look_up.await?.collect();
            if !is_trusted && !egress.allows_all(&found) {
                return Err(Box::from(Forbidden::NotPublic));
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

impl Resolve for SystemLookUp {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::header::{CONNECTION, LOCATION};
    use axum::response::IntoResponse as _;
    use axum::routing::get;
    use http::StatusCode;
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;
    use url::Url;

    use super::*;
    use crate::http::{HttpClient, NoAnswer};

    const PUBLIC: [&str; 2] = ["1.1.1.1", "2606:4700::1111"];
    const PRIVATE: [&str; 4] = ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"];

    /// A name server in hostile hands: each question gets the next answer, and after the last one none.
    #[derive(Clone, Default)]
    struct HostileNames {
        answers: Arc<Mutex<VecDeque<Vec<SocketAddr>>>>,
        asked: Arc<Mutex<Vec<String>>>,
    }

    impl HostileNames {
        fn answering(answers: &[&[&str]]) -> Self {
            let address = |text: &&str| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 0);
            let answers = answers.iter().map(|one| one.iter().map(address).collect());
            Self {
                answers: Arc::new(Mutex::new(answers.collect())),
                asked: Arc::default(),
            }
        }

        fn asked(&self) -> Vec<String> {
            self.asked.lock().unwrap().clone()
        }
    }

    impl Resolve for HostileNames {
        fn resolve(&self, name: Name) -> Resolving {
            self.asked.lock().unwrap().push(name.as_str().to_owned());
            let answer = self.answers.lock().unwrap().pop_front();
            Box::pin(async move {
                let found = answer.ok_or("asked too often")?;
                let addresses: Addrs = Box::new(found.into_iter());
                Ok(addresses)
            })
        }
    }

    /// A server on loopback, which stands for the public Internet under [`Egress::AllowLoopback`]: no test reaches more.
    /// It closes each connection after its answer.
    struct Server {
        port: u16,
        calls: Arc<AtomicUsize>,
        _serving: JoinSet<()>,
    }

    impl Server {
        async fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let calls = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&calls);
            let hit = async move || {
                counter.fetch_add(1, Ordering::SeqCst);
                [(CONNECTION, "close")]
            };
            let elsewhere = format!("http://inside.example:{port}/");
            let turn = async move || {
                let to = [(CONNECTION, "close"), (LOCATION, elsewhere.as_str())];
                (StatusCode::TEMPORARY_REDIRECT, to).into_response()
            };
            let routes = Router::new().route("/", get(hit)).route("/turn", get(turn));
            let mut serving = JoinSet::new();
            serving.spawn(async move { axum::serve(listener, routes).await.unwrap() });
            Self {
                port,
                calls,
                _serving: serving,
            }
        }

        fn url(&self, name: &str, path: &str) -> Url {
            Url::parse(&format!("http://{name}:{}{path}", self.port)).unwrap()
        }

        fn calls(&self) -> usize {
            self.calls.load(Ordering::SeqCst)
        }
    }

    fn client(names: &HostileNames) -> HttpClient {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        HttpClient::with_look_up(Egress::AllowLoopback, names.clone()).unwrap()
    }

    async fn resolve(egress: Egress, look_up: impl Resolve) -> Result<Vec<IpAddr>, Forbidden> {
        let name: Name = "rebinding.example".parse().unwrap();
        let found = CheckedResolver::new(egress, look_up).resolve(name).await;
        let found = found.map(|addresses| addresses.map(|address| address.ip()).collect());
        found.map_err(|refusal| *refusal.downcast_ref().unwrap())
    }

    #[tokio::test]
    async fn f_17_name_that_is_public_first_and_private_then_leads_to_what_was_checked() {
        for private in PRIVATE {
            let names = HostileNames::answering(&[&PUBLIC, &[private], &PUBLIC]);

            let first = resolve(Egress::Public, names.clone()).await.unwrap();
            assert_eq!(names.asked().len(), 1);
            let then = resolve(Egress::Public, names.clone()).await;

            assert_eq!(first, PUBLIC.map(|text| text.parse::<IpAddr>().unwrap()));
            // Nobody asks again until the answer is one that passes.
            assert_eq!(then, Err(Forbidden::NotPublic), "{private}");
            assert_eq!(names.asked().len(), 2);
        }
    }

    #[tokio::test]
    async fn f_17_connection_to_a_rebinding_name_goes_where_it_was_checked_to_lead() {
        let server = Server::start().await;
        let names = HostileNames::answering(&[&["127.0.0.1"], &["169.254.169.254"]]);
        let client = client(&names);
        let ask = async || {
            let url = server.url("rebinding.example", "/");
            client.send(client.get(url)).await
        };

        let first = ask().await.unwrap();
        assert_eq!((names.asked().len(), server.calls()), (1, 1));
        let then = ask().await;

        assert_eq!(first.status, StatusCode::OK);
        let is_refused = matches!(then, Err(NoAnswer::Forbidden(Forbidden::NotPublic)));
        assert!(is_refused, "{then:?}");
        assert_eq!((names.asked().len(), server.calls()), (2, 1));
    }

    #[tokio::test]
    async fn f_17_name_with_one_private_address_among_public_ones_is_refused() {
        for private in PRIVATE {
            for mixed in [
                [PUBLIC[0], PUBLIC[1], private],
                [private, PUBLIC[0], PUBLIC[1]],
            ] {
                let names = HostileNames::answering(&[&mixed]);

                let refused = resolve(Egress::Public, names).await;

                assert_eq!(refused, Err(Forbidden::NotPublic), "{mixed:?}");
            }
        }
    }

    #[tokio::test]
    async fn f_17_redirect_to_a_name_inside_is_not_followed_and_its_address_is_refused() {
        let server = Server::start().await;
        let names = HostileNames::answering(&[&["127.0.0.1"], &["10.0.0.1"]]);
        let client = client(&names);

        let url = server.url("outside.example", "/turn");
        let turned = client.send(client.get(url)).await.unwrap();
        let asked = names.asked();
        // Whoever reads the address that it names gets no further.
        let url = Url::parse(turned.headers[LOCATION].to_str().unwrap()).unwrap();
        let inside = client.send(client.get(url)).await;

        assert_eq!(turned.status, StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(asked, ["outside.example"]);
        let is_refused = matches!(inside, Err(NoAnswer::Forbidden(Forbidden::NotPublic)));
        assert!(is_refused, "{inside:?}");
        assert_eq!(names.asked(), ["outside.example", "inside.example"]);
        assert_eq!(server.calls(), 0);
    }

    #[tokio::test]
    async fn f_17_name_that_leads_to_a_private_address_is_refused_when_it_is_resolved() {
        let resolve = async |egress: Egress| {
            let name: Name = "localhost".parse().unwrap();
            let resolver = CheckedResolver::new(egress, SystemLookUp);
            resolver.resolve(name).await.map(Iterator::count)
        };

        let refused = resolve(Egress::Public).await.unwrap_err();

        let forbidden = refused.downcast_ref::<Forbidden>();
        assert_eq!(forbidden, Some(&Forbidden::NotPublic));
        let reached = resolve(Egress::AllowLoopback).await.unwrap();
        assert!(reached > 0);
        // What the operator names may be anywhere.
        let own: Url = "http://localhost:2583".parse().unwrap();
        assert!(resolve(Egress::deployed(vec![own])).await.unwrap() > 0);
    }
}
