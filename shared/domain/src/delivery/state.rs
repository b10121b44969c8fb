//! The states of a delivery, as stored and as people see them.

use serde::{Deserialize, Serialize};

/// Where a delivery is in the publishing protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Written, not scheduled.
    Draft,
    /// Scheduled, but a person must act first (see [`HoldReason`]).
    Held,
    /// Waits for its time.
    Scheduled,
    /// A message that will wake a worker at its time is in the queue.
    Queued,
    /// A worker owns it and prepares; nothing can be visible.
    Claimed,
    /// The publishing call was begun, or is about to: something may be visible.
    Calling,
    /// The network took it and works on it.
    Processing,
    /// A try had no effect; waits for the next.
    RetryWait,
    /// The outcome of the call is not known; we are looking.
    Uncertain,
    /// The outcome is not known and we cannot find out: a person is asked.
    Asking,
    /// It is out, with evidence.
    Published,
    /// The network took it to where a person must finish it.
    HandedOver,
    /// It will not go out; nothing is visible.
    Failed,
    /// A person cancelled it.
    Cancelled,
    /// Its time passed without a try that had an effect.
    Missed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 15] = [
        Self::Draft,
        Self::Held,
        Self::Scheduled,
        Self::Queued,
        Self::Claimed,
        Self::Calling,
        Self::Processing,
        Self::RetryWait,
        Self::Uncertain,
        Self::Asking,
        Self::Published,
        Self::HandedOver,
        Self::Failed,
        Self::Cancelled,
        Self::Missed,
    ];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Held => "held",
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Calling => "calling",
            Self::Processing => "processing",
            Self::RetryWait => "retry_wait",
            Self::Uncertain => "uncertain",
            Self::Asking => "asking",
            Self::Published => "published",
            Self::HandedOver => "handed_over",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Missed => "missed",
        }
    }

    /// Whether nothing happens any more unless a person acts.
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Draft
            | Self::Asking
            | Self::Published
            | Self::HandedOver
            | Self::Failed
            | Self::Cancelled
            | Self::Missed => true,
            Self::Held
            | Self::Scheduled
            | Self::Queued
            | Self::Claimed
            | Self::Calling
            | Self::Processing
            | Self::RetryWait
            | Self::Uncertain => false,
        }
    }

    /// What people see.
    pub const fn visible(self) -> VisibleState {
        match self {
            Self::Draft => VisibleState::Draft,
            Self::Held => VisibleState::Held,
            Self::Scheduled | Self::RetryWait => VisibleState::Scheduled,
            Self::Queued => VisibleState::Queued,
            Self::Claimed | Self::Calling | Self::Uncertain => VisibleState::Publishing,
            Self::Processing => VisibleState::Processing,
            Self::Asking => VisibleState::OutcomeUnknown,
            Self::Published => VisibleState::Published,
            Self::HandedOver => VisibleState::HandedOver,
            Self::Failed => VisibleState::Failed,
            Self::Cancelled => VisibleState::Cancelled,
            Self::Missed => VisibleState::Missed,
        }
    }
}

/// The state of a target in the API, the dashboard and mails: the same word everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisibleState {
    /// Written, not scheduled.
    Draft,
    /// Waits for an approval.
    InReview,
    /// Waits for its time.
    Scheduled,
    /// A person must act before it can go out.
    Held,
    /// Its turn is near.
    Queued,
    /// It is going out now.
    Publishing,
    /// The network works on it.
    Processing,
    /// It is out.
    Published,
    /// A person must finish it at the network.
    HandedOver,
    /// It did not go out.
    Failed,
    /// Nobody knows whether it went out: please look.
    OutcomeUnknown,
    /// A person cancelled it.
    Cancelled,
    /// Its time passed.
    Missed,
    /// It was out and was removed at the network.
    RemovedRemotely,
}

/// Why a delivery is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// A person asked for it.
    User,
    /// The account must be connected again.
    Account,
    /// The tenant may not publish.
    Tenant,
}
