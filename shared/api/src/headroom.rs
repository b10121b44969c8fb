//! What is left of a tenant's quotas, told with the answer to an act that took some of one.

use std::error::Error as StdError;

use axum::response::{IntoResponseParts, ResponseParts};
use http::HeaderValue;

use crate::problem::Problem;
use crate::witness::{RATE_LIMIT, RATE_LIMIT_POLICY};

/// What the plan of a tenant limits, beside requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Connected accounts.
    Accounts,
    /// Members.
    Members,
    /// Posts that are made in a month.
    Posts,
    /// Targets that are due in a month.
    Targets,
    /// Bytes of media.
    MediaBytes,
}

/// How a tenant stands with a quota: headers of an answer, in the form in which callers learn of the limits of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom {
    quota: Quota,
    limit: u64,
    used: u64,
}

impl Quota {
    /// The name of its policy, which is also the unit that it counts.
    fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Members => "members",
            Self::Posts => "posts",
            Self::Targets => "targets",
            Self::MediaBytes => "media-bytes",
        }
    }
}

impl Headroom {
    /// After an act; `used` is what the table counts by now. The act happened whether or not that can be read, so its
    /// answer then goes without.
    pub fn after(quota: Quota, limit: u64, used: domain::Result<u64>) -> Option<Self> {
        match used {
            Ok(used) => Some(Self { quota, limit, used }),
            Err(error) => {
                let error: &dyn StdError = &error;
                tracing::warn!(error, "a caller is not told what is left of a quota");
                None
            }
        }
    }
}

impl IntoResponseParts for Headroom {
    type Error = Problem;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Problem> {
        let Self { quota, limit, used } = self;
        let (name, left) = (quota.name(), limit.saturating_sub(used));
        let policy = HeaderValue::try_from(format!("\"{name}\";q={limit};qu=\"{name}\""));
        let state = HeaderValue::try_from(format!("\"{name}\";r={left}"));
        if let (Ok(policy), Ok(state)) = (policy, state) {
            parts.headers_mut().append(RATE_LIMIT_POLICY, policy);
            parts.headers_mut().append(RATE_LIMIT, state);
        }
        Ok(parts)
    }
}
