//! Bodies of requests: here in whole before anything is called, as a gateway hands them over. Where an answer came
//! before the body, the connection would be closed, and the client's next request on it lost.

use api::Problem;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::Error;
use futures::StreamExt as _;

/// Largest body of a request, in bytes: the API Gateway's
/// [quota](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
const BODY_MAX: usize = 10 * 1024 * 1024;
/// So much of a larger one is read and forgotten: whoever still sends does not read the refusal.
const FORGOTTEN_MAX: usize = 10 * BODY_MAX;

/// Why a request has no body although one was sent.
#[derive(Clone, Copy, Debug)]
enum Missing {
    TooLarge,
    Broken,
}

/// The same request with its whole body, or with why that is missing: for [`refuse_missing`].
pub(crate) async fn whole(request: Request) -> Request {
    let (mut head, body) = request.into_parts();
    let body = match read(body).await {
        Ok(body) => Body::from(body),
        Err(missing) => {
            head.extensions.insert(missing);
            Body::empty()
        }
    };
    Request::from_parts(head, body)
}

async fn read(body: Body) -> Result<Vec<u8>, Missing> {
    let mut chunks = body.into_data_stream();
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Missing::Broken)?;
        length += chunk.len();
        if length <= BODY_MAX {
            kept.extend_from_slice(&chunk);
        } else if length <= FORGOTTEN_MAX {
            kept = Vec::new();
        } else {
            break;
        }
    }
    (length <= BODY_MAX)
        .then_some(kept)
        .ok_or(Missing::TooLarge)
}

/// Answers what was sent with a body that is missing.
pub(crate) async fn refuse_missing(request: Request, next: Next) -> Response {
    let refusal = match request.extensions().get() {
        None => return next.run(request).await,
        Some(Missing::TooLarge) => Error::TooLarge {
            limit: BODY_MAX as u64,
        },
        Some(Missing::Broken) => Error::malformed("the body ended before it was complete"),
    };
    Problem::from(refusal).into_response()
}
