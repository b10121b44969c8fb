//! What the edge learns of a request while it is answered: who asks, and how they stand with their limits.
//!
//! What a member is refused because it is not theirs is in the audit log of their own tenant: that is how somebody who
//! tries foreign ids is found. An id that does not exist and one of another tenant leave the same line.

use std::error::Error as StdError;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use domain::event::Actor;
use domain::{Error, Result};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Act, RateLimit, TenantScope};

use crate::allow::SUPPORT_READS;
use crate::gate::Gate;
use crate::rate_limit::Standing;

pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Characters of an id after its prefix: 26 of what has an id of its own, more of what is named by a hash.
const ID_LENGTHS: RangeInclusive<usize> = 26..=64;

/// Refusals of one member that are noted: enough to see what they try, too few to fill the log with.
fn noted() -> RateLimit {
    RateLimit::per(120, SignedDuration::from_mins(1))
}

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
        if let Actor::Support(_) = actor {
            // Every line about the request says who acts for whom.
            tracing::Span::current().record("act", tracing::field::display(&actor));
        }
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

    /// Notes a refusal, if it is one to be noted and somebody's tenant is known, unless many of theirs were noted in
    /// the last minute. A note that cannot be written is an error of ours in the log, and the answer stays what it is.
    pub(crate) async fn note(&self, refusal: &Error, asked: &Asked) {
        let Some(asking) = self.0.asking.get().filter(|_| is_denial(refusal)) else {
            return;
        };
        let path = asked.noted_path();
        let detail = json!({ "route": asked.route, "path": path, "code": refusal.code() });
        match asking.note(detail).await {
            Ok(()) => {}
            Err(Error::RateLimited { .. }) => {
                tracing::warn!("a refusal is left out of the audit log: its member has many");
            }
            Err(error) => tracing::error!(
                error = &error as &dyn StdError,
                "a refusal is missing in the audit log"
            ),
        }
    }
}

impl Asked {
    /// The path as it is noted. What stands where an id belongs and is none is left out: it may be a secret that was
    /// taken for one, and the audit log is for many eyes and for ever.
    fn noted_path(&self) -> String {
        let declared = self.route.split_once(' ').map_or("", |(_, path)| path);
        let places = declared.split('/').zip(self.path.split('/'));
        let noted = places.map(|(declared, asked)| match declared.strip_prefix('{') {
            None => declared,
            Some(_) if is_id(asked) => asked,
            Some(_) => "…",
        });
        noted.collect::<Vec<_>>().join("/")
    }
}

fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(prefix, rest)| {
        prefix.bytes().all(|byte| byte.is_ascii_lowercase())
            && ID_LENGTHS.contains(&rest.len())
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

impl Asking {
    async fn note(&self, detail: Value) -> Result<()> {
        let Self { gate, scope, actor } = self;
        let at = gate.clock().now();
        let member = format!("{}/{actor}", scope.tenant());
        let system = gate.table().system();
        system.admit("denials", &member, noted(), at).await?;
        let act = Act {
            actor: actor.clone(),
            at,
        };
        gate.table().tenant(scope).note_denial(&act, detail).await
    }
}

/// Whether a refusal tells of somebody who reaches for what is not theirs.
fn is_denial(error: &Error) -> bool {
    match error {
        Error::UnknownReference(_) => true,
        Error::NotFound { kind } => *kind != "path",
        Error::Forbidden { code, .. } => [
            "forbidden",
            "person_required",
            "address_not_allowed",
            SUPPORT_READS,
        ]
        .contains(code),
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
        | Error::HeldBack { .. }
        | Error::TooLarge { .. }
        | Error::UnsupportedMediaType { .. }
        | Error::MethodNotAllowed
        | Error::AccountNeedsReconnect { .. }
        | Error::OwnKeyRefused { .. }
        | Error::NetworkRefused { .. }
        | Error::Unusable { .. }
        | Error::Unavailable { .. }
        | Error::Corrupt { .. }
        | Error::Internal { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(route: &str, path: &str) -> String {
        let (route, path) = (route.to_owned(), path.to_owned());
        Asked { route, path }.noted_path()
    }

    #[test]
    fn path_of_a_refusal_is_noted_with_its_ids() {
        let path =
            "/v1/posts/post_01jd8mz0000000000000000000/targets/dlv_01jd8mz0000000000000000001";

        let noted = noted("POST /v1/posts/{id}/targets/{target}", path);

        assert_eq!(noted, path);
    }

    #[test]
    fn secret_in_the_place_of_an_id_is_not_noted() {
        let key = format!("m1_live_{}_{}_0a1b2c3d", "0".repeat(78), "S".repeat(43));
        for secret in [
            key.as_str(),
            "correct horse battery staple",
            "aaaa-bbbb-cccc-dddd",
        ] {
            let noted = noted(
                "DELETE /v1/api-keys/{id}",
                &format!("/v1/api-keys/{secret}"),
            );

            assert_eq!(noted, "/v1/api-keys/…");
        }
    }
}
