//! What the edge learns of a request while it is answered: who asks, and how they stand with their limits.
//!
//! What a member is refused because it is not theirs is in the audit log of their own tenant: that is how somebody who
//! tries foreign ids is found. An id that does not exist and one of another tenant leave the same line.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use domain::Error;
use domain::event::Actor;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use serde_json::json;
use store::{Act, TenantScope};

use crate::gate::Gate;
use crate::rate_limit::Standing;

pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Longest part of a path that is noted, in characters.
const PATH_NOTED: usize = 256;

/// What the edge learns of a request while it is answered. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    asking: OnceLock<Asking>,
    standings: Mutex<Vec<Standing>>,
}

/// A member who asks.
#[derive(Debug)]
struct Asking {
    gate: Gate,
    scope: TenantScope,
    actor: Actor,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and path as in the API's document.
    pub(crate) route: String,
    /// The path itself.
    pub(crate) path: String,
}

impl Witness {
    /// Tells the edge of a request who asks.
    pub(crate) fn tell(request: &Parts, gate: &Gate, scope: TenantScope, actor: Actor) {
        if let Some(Self(seen)) = request.extensions.get() {
            // Two extractors of one request say the same.
            let _ = seen.asking.set(Asking {
                gate: gate.clone(),
                scope,
                actor,
            });
        }
    }

    /// Tells the edge of a request how its caller stands with a limit.
    pub(crate) fn stand(request: &Parts, standing: Standing) {
        if let Some(Self(seen)) = request.extensions.get() {
            let mut standings = seen
                .standings
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            standings.push(standing);
        }
    }

    /// Tells the caller how they stand with each limit.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        let standings = self
            .0
            .standings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for standing in standings.iter() {
            if let (Some(policy), Some(state)) = (standing.policy(), standing.state()) {
                headers.append(RATE_LIMIT_POLICY, policy);
                headers.append(RATE_LIMIT, state);
            }
        }
    }

    /// Notes a refusal, if it is one to be noted and somebody's tenant is known. A note that cannot be written is an
    /// error of ours in the log, and the answer stays what it is.
    pub(crate) async fn note(&self, refusal: &Error, asked: &Asked) {
        let Some(asking) = self.0.asking.get().filter(|_| is_denial(refusal)) else {
            return;
        };
        let act = Act {
            actor: asking.actor.clone(),
            at: asking.gate.clock().now(),
        };
        let path: String = asked.path.chars().take(PATH_NOTED).collect();
        let detail = json!({ "route": asked.route, "path": path, "code": refusal.code() });
        let tenant = asking.gate.table().tenant(&asking.scope);
        if let Err(error) = tenant.note_denial(&act, detail).await {
            tracing::error!(
                error = &error as &dyn StdError,
                "a refusal is missing in the audit log"
            );
        }
    }
}

/// Whether a refusal tells of somebody who reaches for what is not theirs.
fn is_denial(error: &Error) -> bool {
    match error {
        Error::UnknownReference(_) => true,
        Error::NotFound { kind } => *kind != "path",
        Error::Forbidden { code, .. } => {
            ["forbidden", "person_required", "address_not_allowed"].contains(code)
        }
        Error::Malformed { code, .. } => *code == "invalid_cursor",
        Error::Invalid(_)
        | Error::Unauthenticated { .. }
        | Error::Conflict { .. }
        | Error::Gone { .. }
        | Error::KeyReused
        | Error::StaleVersion
        | Error::VersionRequired
        | Error::QuotaExceeded { .. }
        | Error::RateLimited { .. }
        | Error::TooLarge { .. }
        | Error::UnsupportedMediaType { .. }
        | Error::MethodNotAllowed
        | Error::AccountNeedsReconnect { .. }
        | Error::NetworkRefused { .. }
        | Error::Unusable { .. }
        | Error::Unavailable { .. }
        | Error::Corrupt { .. }
        | Error::Internal { .. } => false,
    }
}
