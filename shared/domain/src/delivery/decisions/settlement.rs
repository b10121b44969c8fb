//! How a try ends, as its worker sees it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Decision, failed, held, missed};
use crate::delivery::protocol::Claim;
use crate::delivery::retry::next_try;
use crate::delivery::timing::{CALL, OWN_FAULT_PAUSE, after};
use crate::delivery::{Delivery, Evidence, Fault, HoldReason, RemoteJob, faults, protocol};
use crate::wrapping_key::KeyRefusal;

/// How a try ended.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// It is out.
    Published(Evidence),
    /// A person must finish it at the network.
    HandedOver(Evidence),
    /// The network works on it.
    Processing(RemoteJob),
    /// Nothing happened; the next try may begin then.
    Retry {
        /// When.
        at: Timestamp,
        /// Why.
        fault: Fault,
    },
    /// Nothing happened, and that was no try: another one may begin then.
    Postponed {
        /// When.
        at: Timestamp,
        /// Why, where it is worth telling.
        fault: Option<Fault>,
    },
    /// Nothing happened; the account has its turn then.
    Paced {
        /// When.
        at: Timestamp,
    },
    /// It will not go out.
    Failed(Fault),
    /// It may be out.
    Uncertain(Fault),
    /// A person must act first.
    Held(HoldReason, Fault),
    /// Its account is gone.
    Cancelled(Fault),
    /// Its time has passed.
    Missed(Fault),
}

impl Settlement {
    /// The next try after one without effect, or the end when there can be none in time.
    pub fn retry(
        delivery: &Delivery,
        now: Timestamp,
        fault: Fault,
        retry_after: Option<Duration>,
    ) -> Self {
        let retry_after = retry_after.and_then(|pause| SignedDuration::try_from(pause).ok());
        match next_try(delivery.tries, now, retry_after, delivery.latest_start()) {
            Some(at) => Self::Retry { at, fault },
            None => Self::Failed(fault.given_up()),
        }
    }

    /// Something of ours failed before the intent. That is no try of the delivery: an outage of ours may last for hours
    /// without using up its tries.
    pub fn own_fault(delivery: &Delivery, now: Timestamp) -> Self {
        let at = after(now, OWN_FAULT_PAUSE);
        if at <= delivery.latest_start() {
            Self::Postponed {
                at,
                fault: Some(faults::internal()),
            }
        } else {
            Self::Missed(faults::missed())
        }
    }

    /// The tenant's own key could not be used before the intent. That is no try of the delivery, either: it goes out by
    /// itself once the key is back.
    pub fn own_key_refused(delivery: &Delivery, now: Timestamp, refusal: KeyRefusal) -> Self {
        let at = after(now, OWN_FAULT_PAUSE);
        let fault = faults::own_key_refused(refusal);
        if at <= delivery.latest_start() {
            Self::Postponed {
                at,
                fault: Some(fault),
            }
        } else {
            Self::Missed(fault.given_up())
        }
    }

    /// Whether it is [`Self::own_key_refused`].
    pub fn is_of_own_key(&self) -> bool {
        match self {
            Self::Postponed { fault, .. } => fault.as_ref().is_some_and(faults::is_of_own_key),
            Self::Missed(fault) => faults::is_of_own_key(fault),
            _ => false,
        }
    }

    /// The account's pace gives the delivery this turn.
    pub fn paced(delivery: &Delivery, turn: Timestamp) -> Self {
        if turn <= delivery.latest_start() {
            Self::Paced { at: turn }
        } else {
            Self::Missed(faults::missed())
        }
    }

    /// What its recording is.
    pub fn decision(self, claim: Claim, latest_start: Timestamp, now: Timestamp) -> Decision {
        match self {
            Self::Published(evidence) => Decision::silent(protocol::published(claim, evidence)),
            Self::HandedOver(evidence) => Decision::silent(protocol::handed_over(claim, evidence)),
            Self::Processing(job) => {
                let poll_at = job.poll_at.max(now);
                Decision::silent(protocol::processing(claim, job, poll_at))
            }
            Self::Retry { at, fault } => Decision::silent(protocol::retry(claim, at, Some(fault))),
            Self::Postponed { at, fault } => {
                Decision::silent(protocol::postponed(claim, at, fault))
            }
            Self::Paced { at } => Decision::silent(protocol::paced(claim, at)),
            Self::Failed(fault) => Decision::telling(protocol::failed(claim, fault), failed),
            Self::Uncertain(fault) => Decision::silent(protocol::uncertain(claim, now, fault)),
            Self::Held(reason, fault) => {
                let transition = protocol::held_by_owner(claim, reason, latest_start, fault);
                match reason {
                    // The mail about the account covers all posts that it holds up.
                    HoldReason::Account => Decision::silent(transition),
                    HoldReason::User | HoldReason::Tenant => Decision::telling(transition, held),
                }
            }
            Self::Cancelled(fault) => Decision::silent(protocol::cancelled_by_owner(claim, fault)),
            Self::Missed(fault) => {
                Decision::telling(protocol::missed_by_owner(claim, fault), missed)
            }
        }
    }
}

/// Whether a claim with this lease is good for as long as a call may take.
pub fn is_long_enough_for_a_call(lease: Option<Timestamp>, now: Timestamp) -> bool {
    lease.is_some_and(|lease| now.saturating_add(CALL).is_ok_and(|end| end < lease))
}
