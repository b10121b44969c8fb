//! Authorization servers that lie about who they are or lead inside, and servers of accounts that name such ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::any;
use bytes::Bytes;
use networks::{
    Bluesky, Consent, ConsentError, ConsentPage, ConsentPages as _, ConsentRequest, Egress,
    NetworkError, OauthClient, Verifier,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::bluesky::bluesky;

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const SECRET: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A server that answers by its own address, the path, and how many requests came before.
struct Server {
    address: String,
    calls: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Server {
    async fn answering(
        answer: impl Fn(&str, &str, usize) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let (own, counter) = (address.clone(), Arc::clone(&calls));
        let handler = move |uri: Uri| {
            let response = answer(&own, uri.path(), counter.fetch_add(1, Ordering::SeqCst));
            async move { response }
        };
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, Router::new().fallback(any(handler)))
                .await
                .unwrap();
        });
        Self {
            address,
            calls,
            _serving: serving,
        }
    }

    /// One that is as it should be.
    async fn fit() -> Self {
        Self::answering(|own, path, _| fit(own, path).to_string().into_response()).await
    }

    /// One of which a document was changed, with the address that the document shall name.
    async fn with(
        document: &'static str,
        named: &str,
        change: impl Fn(&mut Value, &str) + Clone + Send + Sync + 'static,
    ) -> Self {
        let named = named.to_owned();
        Self::answering(move |own, path, _| {
            let mut answer = fit(own, path);
            if path == document {
                change(&mut answer, &named);
            }
            answer.to_string().into_response()
        })
        .await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// What a server of accounts answers that is its own authorization server.
fn fit(own: &str, path: &str) -> Value {
    match path {
        RESOURCE => json!({"resource": own, "authorization_servers": [own]}),
        METADATA => json!({
            "issuer": own,
            "authorization_endpoint": format!("{own}/authorize"),
            "token_endpoint": format!("{own}/token"),
            "pushed_authorization_request_endpoint": format!("{own}/par"),
            "revocation_endpoint": format!("{own}/revoke"),
            "authorization_response_iss_parameter_supported": true,
            "code_challenge_methods_supported": ["S256"],
            "dpop_signing_alg_values_supported": ["ES256"],
        }),
        "/par" => json!({"request_uri": "urn:ietf:params:oauth:request_uri:1", "expires_in": 60}),
        _ => json!({
            "access_token": "a",
            "refresh_token": "r",
            "token_type": "DPoP",
            "expires_in": 60,
            "scope": "atproto transition:generic",
            "sub": "did:plc:alice",
        }),
    }
}

/// As deployed: this server is let through, and no other on loopback.
fn network(server: &Server) -> Bluesky {
    let egress = Egress::deployed(vec![server.address.parse().unwrap()]);
    bluesky(egress).with_client(OauthClient::loopback(8080))
}

async fn open(server: &Server) -> Result<ConsentPage, NetworkError> {
    let request = ConsentRequest {
        handle: None,
        server: Some(&server.address),
        account: None,
        state: SECRET,
        verifier: Verifier::new(SECRET.to_owned()),
    };
    network(server).open(request).await
}

fn is_invalid(error: &NetworkError, words: &str) -> bool {
    matches!(error, NetworkError::Invalid { field: "server", message } if message.contains(words))
}

fn is_unavailable(error: &NetworkError, words: &str) -> bool {
    matches!(error, NetworkError::Unavailable { message } if message.contains(words))
}

#[tokio::test]
async fn id_47_f_17_server_whose_consent_page_is_strange_is_refused() {
    type Change = fn(&mut Value, &str);
    let cases: [(&str, &str, Change); 9] = [
        (RESOURCE, "calls itself", |it, inside| {
            it["resource"] = json!(inside);
        }),
        (RESOURCE, "https://", |it, inside| {
            it["authorization_servers"] = json!([inside]);
        }),
        (RESOURCE, "no consent page", |it, inside| {
            let servers = it["authorization_servers"].as_array_mut().unwrap();
            servers.push(json!(inside));
        }),
        (RESOURCE, "no consent page", |it, _| {
            it["authorization_servers"] = json!([]);
        }),
        (METADATA, "no consent page", |it, inside| {
            it["issuer"] = json!(inside);
        }),
        (METADATA, "no consent page", |it, _| {
            it["code_challenge_methods_supported"] = json!(["plain"]);
        }),
        (METADATA, "no consent page", |it, _| {
            it["dpop_signing_alg_values_supported"] = json!(["none", "HS256"]);
        }),
        (METADATA, "no consent page", |it, _| {
            it["authorization_response_iss_parameter_supported"] = json!(false);
        }),
        (METADATA, "no consent page", |it, _| {
            it.as_object_mut()
                .unwrap()
                .remove("authorization_response_iss_parameter_supported");
        }),
    ];
    let inside = Server::fit().await;
    for (number, (document, words, change)) in cases.into_iter().enumerate() {
        let server = Server::with(document, &inside.address, change).await;

        let error = open(&server).await.unwrap_err();

        assert!(is_invalid(&error, words), "{number}: {error:?}");
    }
    assert_eq!(inside.calls(), 0);
}

#[tokio::test]
async fn id_47_f_17_server_with_an_endpoint_that_leads_inside_is_refused() {
    let inside = Server::fit().await;
    let loopback = format!("{}/par", inside.address);
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        for address in [
            loopback.as_str(),
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/par",
            "http://pds.example.org/par",
        ] {
            let server = Server::with(METADATA, address, move |it, address| {
                it[endpoint] = json!(address);
            })
            .await;

            let error = open(&server).await.unwrap_err();

            assert!(
                is_invalid(&error, "no consent page"),
                "{endpoint} {address}: {error:?}"
            );
            // Its two documents, and no request of a page.
            assert_eq!(server.calls(), 2, "{endpoint} {address}");
        }
    }
    assert_eq!(inside.calls(), 0);
}

#[tokio::test]
async fn id_47_f_17_place_to_end_sessions_that_leads_inside_is_left_out() {
    let inside = Server::fit().await;
    let honest = Server::fit().await;
    let strange = Server::with(METADATA, &inside.address, |it, inside| {
        it["revocation_endpoint"] = json!(format!("{inside}/revoke"));
    })
    .await;
    let remembered = async |server: &Server| {
        let page = open(server).await.unwrap();
        let pending: Value = serde_json::from_str(page.pending.expose()).unwrap();
        pending["revocation_endpoint"].clone()
    };

    assert_eq!(
        remembered(&honest).await,
        json!(format!("{}/revoke", honest.address))
    );
    assert_eq!(remembered(&strange).await, Value::Null);
    assert_eq!(inside.calls(), 0);
}

#[tokio::test]
async fn id_47_f_18_server_without_a_usable_document_is_refused() {
    type Answer = fn(&str) -> Response;
    type Fits = fn(&NetworkError, &str) -> bool;
    let cases: [(&str, Answer, Fits, &str); 6] = [
        (
            METADATA,
            |inside| Redirect::temporary(inside).into_response(),
            is_invalid,
            "no consent page",
        ),
        (
            METADATA,
            |_| "<html>Hello</html>".into_response(),
            is_invalid,
            "no consent page",
        ),
        (RESOURCE, |_| endless(), is_unavailable, "larger than"),
        (METADATA, |_| endless(), is_unavailable, "larger than"),
        (RESOURCE, |_| failure(), is_unavailable, "status 502"),
        (METADATA, |_| failure(), is_unavailable, "status 502"),
    ];
    let inside = Server::fit().await;
    for (number, (document, strange, fits, words)) in cases.into_iter().enumerate() {
        let target = format!("{}{document}", inside.address);
        let server = Server::answering(move |own, path, _| {
            if path == document {
                strange(&target)
            } else {
                fit(own, path).to_string().into_response()
            }
        })
        .await;

        let error = open(&server).await.unwrap_err();

        assert!(fits(&error, words), "{number}: {error:?}");
    }
    assert_eq!(inside.calls(), 0);
}

#[tokio::test]
async fn id_47_consent_of_a_server_that_may_not_speak_for_the_account_is_not_taken() {
    let server = Server::answering(|own, path, before| {
        let mut answer = fit(own, path);
        if path == RESOURCE && before > 0 {
            answer["authorization_servers"] = json!(["https://other.example.org"]);
        }
        answer.to_string().into_response()
    })
    .await;
    let page = open(&server).await.unwrap();

    let consent = Consent {
        code: "code",
        issuer: Some(&server.address),
    };
    let refused = network(&server).connect(&page.pending, consent).await;

    assert!(
        matches!(&refused, Err(ConsentError::Forged { message }) if message.contains("may not speak")),
        "{refused:?}"
    );
    // Two documents, the page, the token, and whom the account's server names now.
    assert_eq!(server.calls(), 5);
}

fn endless() -> Response {
    let spaces =
        futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096])));
    Body::from_stream(spaces).into_response()
}

fn failure() -> Response {
    StatusCode::BAD_GATEWAY.into_response()
}
