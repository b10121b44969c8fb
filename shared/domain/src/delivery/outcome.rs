//! What a social network answers.

use std::time::Duration;

use jiff::Timestamp;

use super::evidence::{Evidence, Fault, RemoteJob};

/// How a publishing call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// The post is out.
    Published(Evidence),
    /// The network took it to where a person must finish it.
    HandedOver(Evidence),
    /// The network took it and works on it.
    Processing(RemoteJob),
    /// Certainly nothing happened, and a later call may succeed.
    NoEffect {
        /// Why.
        fault: Fault,
        /// The earliest time at which to try again, if the network named one.
        retry_after: Option<Duration>,
    },
    /// Certainly nothing happened, and a person must connect the account again first.
    Unauthorized(Fault),
    /// Certainly nothing happened, and no repeat will help.
    Refused(Fault),
    /// The request was sent and no clear answer came: it may have happened.
    Unknown(Fault),
}

/// What a look at a remote job found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollOutcome {
    /// The post is out.
    Published(Evidence),
    /// Not yet; look again then.
    Running {
        /// When.
        poll_at: Timestamp,
    },
    /// The network gave up; nothing is visible.
    Refused(Fault),
    /// The network does not know the job any more, or refuses to answer for it.
    Unknown(Fault),
}

/// What a look at the account's own posts found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadBack {
    /// It is out. Where the network tells posts apart by their content only, a twin of the post that another delivery
    /// published can look like it: take this as proof only if no other delivery of the account has the same remote id
    /// as its evidence, and as [`ReadBack::Ambiguous`] otherwise.
    Found(Evidence),
    /// It is not there now. Whether that proves anything is for the rules to say.
    Absent,
    /// Several posts look like it and nothing tells which one is this delivery's, if any: only a person can say.
    Ambiguous(Fault),
}
