//! How many requests a tenant, a client and a key may send, all instances together.
//!
//! An instance takes a second's worth of requests at a time from the table ([`store::Lease`]) and lets them through by
//! itself: a request costs a number in memory, and an instance writes about once a second to the table while it is busy.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use store::{RequestRate, Table};

/// What is taken first, as a part of what may be sent in a second.
const FIRST: u32 = 10;
/// What was taken and not used is given up after this.
const KEPT: SignedDuration = SignedDuration::from_secs(10);
/// What lasted a shorter time than this was too little: twice as much is taken next.
const SHORT: SignedDuration = SignedDuration::from_secs(1);
/// What lasted longer than this was too much.
const LONG: SignedDuration = SignedDuration::from_secs(4);
/// Subjects that an instance remembers; more and those are forgotten that were not seen lately.
const REMEMBERED: usize = 10_000;

/// The limits of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// Of all members of a tenant.
    pub tenant: RequestRate,
    /// Of one client, whoever it says it is.
    pub address: RequestRate,
    /// Of one API key: a program that runs wild leaves something to the people of its tenant.
    pub key: RequestRate,
}

impl ApiLimits {
    /// For a deployment on the internet.
    pub const DEPLOYED: Self = Self {
        tenant: rate(300),
        address: rate(300),
        key: rate(100),
    };
    /// For a run on one's own machine, where one process serves one person.
    pub const LOCAL: Self = Self {
        tenant: rate(5_000),
        address: rate(10_000),
        key: rate(2_000),
    };
}

/// So many a second, and after a pause those of two seconds at once.
const fn rate(per_second: u32) -> RequestRate {
    RequestRate {
        per_second,
        burst: 2 * per_second,
    }
}

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    Tenant,
    Address,
    ApiKey,
}

impl Of {
    /// The name of its counters, and of the policy that callers are told.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Tenant => ("api_tenant", "tenant"),
            Self::Address => ("api_address", "address"),
            Self::ApiKey => ("api_key", "key"),
        }
    }

    fn rate(self, limits: &ApiLimits) -> RequestRate {
        match self {
            Self::Tenant => limits.tenant,
            Self::Address => limits.address,
            Self::ApiKey => limits.key,
        }
    }
}

/// How a caller stands with a limit, for the headers of the answer (draft-ietf-httpapi-ratelimit-headers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    policy: &'static str,
    rate: RequestRate,
    left: u32,
}

/// Whether a request goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) standing: Standing,
    /// When the next one does, if it does not.
    pub(crate) refused_until: Option<Timestamp>,
}

impl Standing {
    /// `RateLimit-Policy`
    pub(crate) fn policy(&self) -> Option<HeaderValue> {
        let RequestRate { per_second, burst } = self.rate;
        let window = burst.div_ceil(per_second.max(1));
        header(format!("\"{}\";q={burst};w={window}", self.policy))
    }

    /// `RateLimit`
    pub(crate) fn state(&self) -> Option<HeaderValue> {
        let used = self.rate.burst.saturating_sub(self.left);
        let reset = used.div_ceil(self.rate.per_second.max(1));
        header(format!("\"{}\";r={};t={reset}", self.policy, self.left))
    }
}

fn header(text: String) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

/// Counts requests of one instance.
pub(crate) struct Limiter {
    table: Table,
    limits: ApiLimits,
    subjects: Mutex<HashMap<(Of, String), Arc<Subject>>>,
}

/// Somebody whose requests are counted.
#[derive(Default)]
struct Subject {
    held: Mutex<Held>,
    /// Whoever takes more for this subject: one at a time.
    turn: tokio::sync::Mutex<()>,
}

/// What an instance holds of a limit.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    requests: u32,
    /// What was left in the table when they were taken.
    left: u32,
    /// How many were asked for.
    size: u32,
    taken_at: Timestamp,
    refused_until: Timestamp,
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Limiter {
    pub(crate) fn new(table: Table, limits: ApiLimits) -> Self {
        Self {
            table,
            limits,
            subjects: Mutex::default(),
        }
    }

    /// Counts one request. Where the table does not answer, it goes through: it fails by itself, or needs nothing of it.
    pub(crate) async fn admit(&self, of: Of, subject: &str, now: Timestamp) -> Admission {
        let known = self.subject(of, subject, now);
        if let Some(answer) = self.spend(of, &known, now) {
            return answer;
        }
        let _turn = known.turn.lock().await;
        // Somebody else may have taken enough meanwhile.
        if let Some(answer) = self.spend(of, &known, now) {
            return answer;
        }
        self.take(of, subject, &known, now).await
    }

    /// From what is held; `None` where nothing is.
    fn spend(&self, of: Of, subject: &Subject, now: Timestamp) -> Option<Admission> {
        let mut held = subject.held();
        if now < held.refused_until {
            return Some(self.refused(of, held.refused_until));
        }
        let is_good = now.duration_since(held.taken_at) < KEPT;
        held.requests = held.requests.checked_sub(1).filter(|_| is_good)?;
        Some(self.admitted(of, &held))
    }

    async fn take(&self, of: Of, subject: &str, known: &Subject, now: Timestamp) -> Admission {
        let (purpose, _) = of.names();
        let rate = of.rate(&self.limits);
        let before = *known.held();
        let size = next_size(rate, &before, now);
        let system = self.table.system();
        let lease = match system.lease(purpose, subject, rate, size, now).await {
            Ok(lease) => lease,
            Err(error) => {
                let error: &dyn StdError = &error;
                tracing::warn!(error, "requests are not counted");
                return self.admitted(of, &before);
            }
        };
        let mut held = known.held();
        let Some(requests) = lease.granted.checked_sub(1) else {
            held.refused_until = lease.retry_at;
            return self.refused(of, lease.retry_at);
        };
        *held = Held {
            requests,
            left: lease.left,
            size,
            taken_at: now,
            refused_until: before.refused_until,
        };
        self.admitted(of, &held)
    }

    fn admitted(&self, of: Of, held: &Held) -> Admission {
        Admission {
            standing: self.standing(of, held.left.saturating_add(held.requests)),
            refused_until: None,
        }
    }

    fn refused(&self, of: Of, until: Timestamp) -> Admission {
        Admission {
            standing: self.standing(of, 0),
            refused_until: Some(until),
        }
    }

    fn standing(&self, of: Of, left: u32) -> Standing {
        let (_, policy) = of.names();
        Standing {
            policy,
            rate: of.rate(&self.limits),
            left,
        }
    }

    fn subject(&self, of: Of, subject: &str, now: Timestamp) -> Arc<Subject> {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        if subjects.len() >= REMEMBERED {
            subjects.retain(|_, known| now.duration_since(known.held().taken_at) < KEPT);
        }
        let known = subjects.entry((of, subject.to_owned())).or_default();
        Arc::clone(known)
    }
}

impl Subject {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As much as lasts for about a second, going by how long the last lasted; never more than a second's worth of all.
fn next_size(rate: RequestRate, before: &Held, now: Timestamp) -> u32 {
    let lasted = now.duration_since(before.taken_at);
    let size = if lasted < SHORT {
        before.size.saturating_mul(2)
    } else if lasted > LONG {
        before.size / 2
    } else {
        before.size
    };
    let least = (rate.per_second / FIRST).max(1);
    size.clamp(least, rate.per_second.max(least))
}
