//! Servers that are none, lie, or never end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::any;
use bytes::Bytes;
use domain::account::RemoteIdentity;
use networks::{CallOutcome, Credential, Egress, Network, NetworkError, ReadBack};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::bluesky::{bluesky, credentials, now, part, request};

/// A server that answers every request in the same way.
struct Server {
    address: String,
    calls: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Server {
    async fn answering<R: IntoResponse>(
        answer: impl Fn(usize) -> R + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        let handler = move || {
            let response = answer(counter.fetch_add(1, Ordering::SeqCst)).into_response();
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

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn connect(server: &str) -> NetworkError {
    bluesky(Egress::AllowLoopback)
        .connect(&credentials(server, "alice.test", "abcd-efgh-ijkl-mnop"))
        .await
        .unwrap_err()
}

fn refusal(status: u16, error: &str) -> Response {
    let body = json!({"error": error, "message": "in its own words"}).to_string();
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

#[tokio::test]
async fn connect_to_a_web_site_that_is_no_pds_is_invalid() {
    for status in [200, 404, 403] {
        let server = Server::answering(move |_| {
            (StatusCode::from_u16(status).unwrap(), "<html>Hello</html>")
        })
        .await;

        let error = connect(&server.address).await;

        assert!(
            matches!(&error, NetworkError::Invalid { field: "service", message } if message.contains("127.0.0.1")),
            "{status}: {error:?}"
        );
    }
}

#[tokio::test]
async fn f_17_connect_does_not_follow_a_redirect() {
    let target = Server::answering(|_| "secret").await;
    let to = target.address.clone();
    let server = Server::answering(move |_| Redirect::temporary(&to)).await;

    let error = connect(&server.address).await;

    assert!(
        matches!(
            error,
            NetworkError::Invalid {
                field: "service",
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(target.calls(), 0);
}

#[tokio::test]
async fn connect_to_a_server_that_does_not_listen_is_unavailable_and_names_it() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();

    let error = connect(&format!("http://{free}")).await;

    assert!(
        matches!(&error, NetworkError::Unavailable { message } if message.contains(&free.to_string())),
        "{error:?}"
    );
}

#[tokio::test]
async fn f_18_connect_to_a_server_that_never_stops_answering_is_given_up() {
    let server = Server::answering(|_| {
        let endless = futures::stream::repeat_with(|| {
            Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096]))
        });
        Body::from_stream(endless)
    })
    .await;

    let error = connect(&server.address).await;

    assert!(
        matches!(&error, NetworkError::Unavailable { message } if message.contains("larger than")),
        "{error:?}"
    );
}

#[tokio::test]
async fn connect_tells_apart_what_the_server_refuses() {
    type Fits = fn(&NetworkError) -> bool;
    let cases: [(u16, &str, Fits); 6] = [
        (401, "AuthenticationRequired", |error| {
            matches!(error, NetworkError::Unauthorized { .. })
        }),
        (401, "AuthFactorTokenRequired", |error| {
            matches!(
                error,
                NetworkError::Invalid {
                    field: "app_password",
                    ..
                }
            )
        }),
        (400, "InvalidRequest", |error| {
            matches!(
                error,
                NetworkError::Invalid {
                    field: "identifier",
                    ..
                }
            )
        }),
        (401, "AccountTakedown", |error| {
            matches!(error, NetworkError::Refused(_))
        }),
        (429, "RateLimitExceeded", |error| {
            matches!(error, NetworkError::RateLimited { .. })
        }),
        (500, "InternalServerError", |error| {
            matches!(error, NetworkError::Unavailable { .. })
        }),
    ];
    for (status, name, fits) in cases {
        let server = Server::answering(move |_| refusal(status, name)).await;

        let error = connect(&server.address).await;

        assert!(fits(&error), "{status} {name}: {error:?}");
    }
}

#[tokio::test]
async fn connect_to_a_server_that_names_no_did_is_invalid() {
    let server = Server::answering(|_| {
        json!({"accessJwt": "a", "refreshJwt": "r", "did": "alice", "handle": "alice.test"})
            .to_string()
    })
    .await;

    let error = connect(&server.address).await;

    assert!(
        matches!(
            error,
            NetworkError::Invalid {
                field: "service",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn f_17_connect_to_loopback_is_refused_before_any_request_where_only_public_servers_are_allowed()
 {
    let server = Server::answering(|_| "{}").await;
    let port = server.address.rsplit(':').next().unwrap();

    for service in [
        server.address.clone(),
        format!("https://localhost:{port}"),
        format!("https://127.1:{port}"),
    ] {
        let refused = bluesky(Egress::Public)
            .connect(&credentials(&service, "alice.test", "abcd-efgh-ijkl-mnop"))
            .await;

        assert!(
            matches!(
                refused,
                Err(NetworkError::Invalid {
                    field: "service",
                    ..
                })
            ),
            "{service}: {refused:?}"
        );
    }
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn connect_without_handle_or_password_is_invalid() {
    let network = bluesky(Egress::Public);

    for (identifier, password, missing) in [
        ("", "x", "identifier"),
        (" ", "x", "identifier"),
        ("alice.test", "", "app_password"),
    ] {
        let refused = network
            .connect(&credentials("", identifier, password))
            .await;

        assert!(
            matches!(&refused, Err(NetworkError::Invalid { field, .. }) if *field == missing),
            "{refused:?}"
        );
    }
}

/// A sign-in at a server that may be strange.
fn signed_in(server: &Server) -> (RemoteIdentity, Credential) {
    let identity = RemoteIdentity {
        remote_id: "did:plc:alice".to_owned(),
        handle: "alice.test".to_owned(),
        name: "Alice".to_owned(),
        avatar_url: None,
    };
    let credential = json!({
        "service": server.address, "did": "did:plc:alice", "handle": "alice.test", "access": "a", "refresh": "r",
    });
    (identity, Credential::new(credential.to_string()))
}

async fn call(server: &Server, parts: usize) -> CallOutcome {
    let network = bluesky(Egress::AllowLoopback);
    let (identity, credential) = signed_in(server);
    let mut wanted = request(&identity, 1, "one");
    wanted.parts = vec![part("text"); parts];
    let prepared = network.prepare(&credential, &wanted).await.unwrap();
    network.call(&credential, &wanted, &prepared).await
}

#[tokio::test]
async fn call_that_the_server_answers_strangely_is_unknown_and_sent_once() {
    for answer in ["", "null", "<html>", r#"{"uri":"at://x"}"#] {
        let server = Server::answering(move |_| answer).await;

        let outcome = call(&server, 1).await;

        assert!(
            matches!(outcome, CallOutcome::Unknown(_)),
            "{answer}: {outcome:?}"
        );
        assert_eq!(server.calls(), 1);
    }
}

#[tokio::test]
async fn call_that_the_server_fails_is_unknown_and_sent_once() {
    let server = Server::answering(|_| refusal(500, "InternalServerError")).await;

    let outcome = call(&server, 1).await;

    assert!(matches!(outcome, CallOutcome::Unknown(_)), "{outcome:?}");
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn call_that_is_rate_limited_has_no_effect_and_names_the_pause() {
    let server =
        Server::answering(|_| ([("retry-after", "17")], refusal(429, "RateLimitExceeded"))).await;
    // The status comes from the refusal; the header is added to it.
    let outcome = call(&server, 1).await;

    assert!(
        matches!(&outcome, CallOutcome::NoEffect { retry_after: Some(pause), .. } if pause.as_secs() == 17),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn thread_is_one_call_that_the_server_takes_or_refuses_as_a_whole() {
    let refusing = Server::answering(|_| refusal(400, "InvalidRequest")).await;
    let failing = Server::answering(|_| refusal(500, "InternalServerError")).await;

    let refused = call(&refusing, 3).await;
    let failed = call(&failing, 3).await;

    assert!(matches!(refused, CallOutcome::Refused(_)), "{refused:?}");
    assert!(matches!(failed, CallOutcome::Unknown(_)), "{failed:?}");
    assert_eq!((refusing.calls(), failing.calls()), (1, 1));
}

async fn look(server: &Server, parts: usize) -> Result<ReadBack, NetworkError> {
    let (identity, credential) = signed_in(server);
    let mut wanted = request(&identity, 1, "one");
    wanted.parts = vec![part("text"); parts];
    bluesky(Egress::AllowLoopback)
        .read_back(&credential, &wanted, now())
        .await
}

/// A server that has the record at each look that `has` allows.
async fn holding(has: fn(usize) -> bool) -> Server {
    Server::answering(move |look| {
        if has(look) {
            json!({"uri": "at://did:plc:alice/app.bsky.feed.post/1", "cid": "c", "value": {}})
                .to_string()
                .into_response()
        } else {
            refusal(400, "RecordNotFound")
        }
    })
    .await
}

#[tokio::test]
async fn thread_with_some_parts_visible_is_neither_found_nor_absent() {
    for has in [(|look| look != 2) as fn(usize) -> bool, |look| look == 2] {
        let server = holding(has).await;

        let found = look(&server, 3).await.unwrap();

        assert!(
            matches!(&found, ReadBack::Ambiguous(fault) if fault.code == "thread_incomplete"),
            "{found:?}"
        );
    }
    let whole = look(&holding(|_| true).await, 3).await.unwrap();
    assert!(matches!(whole, ReadBack::Found(_)), "{whole:?}");
    let gone = look(&holding(|_| false).await, 3).await.unwrap();
    assert!(matches!(gone, ReadBack::Absent), "{gone:?}");
}

#[tokio::test]
async fn look_at_a_server_that_answers_anything_proves_nothing() {
    for answer in ["{}", "<html>", r#"{"uri":1}"#] {
        let server = Server::answering(move |_| answer).await;

        let error = look(&server, 1).await.unwrap_err();

        assert!(
            matches!(error, NetworkError::Unavailable { .. }),
            "{error:?}"
        );
    }
}

async fn sign_out(server: &str) -> Result<(), NetworkError> {
    let session = json!({
        "service": server,
        "did": "did:plc:abc",
        "handle": "alice.test",
        "access": "access",
        "refresh": "refresh",
    });
    bluesky(Egress::AllowLoopback)
        .sign_out(&Credential::new(session.to_string()))
        .await
}

#[tokio::test]
async fn sign_out_tells_apart_what_is_over_and_what_is_to_be_tried_again() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let answer = async |status, error| {
        let server = Server::answering(move |_| refusal(status, error)).await;
        sign_out(&server.address).await
    };

    let nothing = Server::answering(|_| StatusCode::OK).await;
    sign_out(&nothing.address).await.unwrap();
    for (status, error) in [(401, "AuthenticationRequired"), (400, "ExpiredToken")] {
        let over = answer(status, error).await;
        assert!(
            matches!(over, Err(NetworkError::Unauthorized { .. })),
            "{status}: {over:?}"
        );
    }
    for tried in [
        answer(500, "InternalServerError").await,
        answer(502, "UpstreamFailure").await,
        sign_out(&format!("http://{gone}")).await,
    ] {
        assert!(
            matches!(tried, Err(NetworkError::Unavailable { .. })),
            "{tried:?}"
        );
    }
    let limited = answer(429, "RateLimitExceeded").await;
    assert!(
        matches!(limited, Err(NetworkError::RateLimited { .. })),
        "{limited:?}"
    );
}
