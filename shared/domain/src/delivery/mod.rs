//! A delivery: one post at one account, the unit of publishing.
//!
//! [`protocol`] and [`acts`] hold every transition that exists; nothing else changes a delivery.

pub mod acts;
mod attempt;
pub mod decisions;
mod evidence;
pub mod faults;
pub mod message;
mod name;
mod outcome;
pub mod protocol;
pub mod retry;
mod state;
#[cfg(test)]
mod tests;
pub mod timing;
mod transition;

use jiff::Timestamp;

pub use attempt::Attempt;
pub use evidence::{Evidence, Fault, FaultActor, FaultCategory, ProofKind, RemoteJob};
pub use message::{DeliveryKey, DeliveryMessage, Look, MESSAGE_VERSION, UnreadableMessage};
pub use name::TransitionName;
pub use outcome::{CallOutcome, PollOutcome, ReadBack};
pub use state::{HoldReason, State, VisibleState};
pub use transition::{Change, Guard, Refusal, Transition};

use crate::id::{AccountId, DeliveryId, PostId, TenantId};
use crate::network::NetworkId;

/// Number of the plan of a delivery: every act of a person raises it, so that messages of an older plan are void.
pub type Revision = u32;

/// Number of the claim of a delivery: every claim raises it, so that writes of an older owner are refused.
pub type Fence = u64;

/// One post at one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id; a network that lets us choose record keys gets one that is derived from it.
    pub id: DeliveryId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The post.
    pub post: PostId,
    /// The account.
    pub account: AccountId,
    /// The account's network.
    pub network: NetworkId,
    /// Where it is in the protocol.
    pub state: State,
    /// The present plan.
    pub revision: Revision,
    /// The revision of the post's body that it publishes.
    pub body: u32,
    /// The present, or last, claim.
    pub fence: Fence,
    /// Claims since a person last planned it.
    pub tries: u32,
    /// When it is meant to be out; on a whole second. `None` for a draft without a time.
    pub due: Option<Timestamp>,
    /// When a try may begin: `due`, or the time of the next try.
    pub not_before: Option<Timestamp>,
    /// When the dispatcher should look at it; on a whole second.
    pub attention: Option<Timestamp>,
    /// Until when it must be final, or a person asked.
    pub deadline: Option<Timestamp>,
    /// Until when the claim is good.
    pub lease: Option<Timestamp>,
    /// When the publishing call began.
    pub called_at: Option<Timestamp>,
    /// Since when the outcome is uncertain.
    pub uncertain_since: Option<Timestamp>,
    /// Looks at the uncertain outcome so far.
    pub looks: u32,
    /// Looks that found nothing at a time at which that proves something.
    pub absences: u32,
    /// Proof that it is out.
    pub evidence: Option<Evidence>,
    /// Why it is not out, or why the last try had no effect.
    pub fault: Option<Fault>,
    /// What the network works on.
    pub job: Option<RemoteJob>,
    /// Why it is held.
    pub hold: Option<HoldReason>,
}

/// Where a new delivery belongs.
#[derive(Clone, Debug)]
pub struct Target {
    /// The id of the delivery.
    pub id: DeliveryId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The post.
    pub post: PostId,
    /// The account.
    pub account: AccountId,
    /// The account's network.
    pub network: NetworkId,
}

impl Delivery {
    /// A new delivery without a time, for body revision 1.
    pub fn draft(target: Target) -> Self {
        let Target {
            id,
            tenant,
            post,
            account,
            network,
        } = target;
        Self {
            id,
            tenant,
            post,
            account,
            network,
            state: State::Draft,
            revision: 1,
            body: 1,
            fence: 0,
            tries: 0,
            due: None,
            not_before: None,
            attention: None,
            deadline: None,
            lease: None,
            called_at: None,
            uncertain_since: None,
            looks: 0,
            absences: 0,
            evidence: None,
            fault: None,
            job: None,
            hold: None,
        }
    }

    /// T1: a new delivery that waits for its time, for body revision 1.
    pub fn scheduled(target: Target, plan: acts::Plan) -> Self {
        Self {
            state: State::Scheduled,
            due: Some(plan.due()),
            not_before: Some(plan.due()),
            attention: Some(plan.due()),
            deadline: Some(plan.deadline()),
            ..Self::draft(target)
        }
    }

    /// The latest time at which a try may begin.
    pub fn latest_start(&self) -> Timestamp {
        self.deadline.map_or(Timestamp::MAX, latest_start)
    }

    /// When it counts against what its tenant may publish in a month: from the act that plans it until one that takes
    /// its time away. Only people's acts change that, and all of them raise the revision.
    pub fn counted_at(&self) -> Option<Timestamp> {
        self.due.filter(|_| self.state != State::Cancelled)
    }

    /// Milliseconds from its due time to the begin of the publishing call; never negative.
    pub fn lateness_ms(&self) -> Option<u64> {
        let lateness = self.called_at?.duration_since(self.due?).as_millis();
        Some(u64::try_from(lateness).unwrap_or(0))
    }
}

/// The latest time at which a try of a delivery with this deadline may begin.
fn latest_start(deadline: Timestamp) -> Timestamp {
    deadline
        .saturating_sub(timing::SETTLE)
        .unwrap_or(Timestamp::MIN)
}
