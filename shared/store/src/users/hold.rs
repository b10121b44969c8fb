//! Nobody changes how a person signs in while their address is taken back.

use jiff::Timestamp;

use crate::attribute::instant;
use crate::condition::{Action, Condition};

/// Until when nobody but whoever takes the address back changes anything, on the person's item.
const HELD: &str = "held";

/// Lets nobody else change how the person signs in, until `until` or [`release`].
pub(crate) fn hold(until: Timestamp) -> Action {
    Action::Set(HELD, instant(until))
}

/// The end of a [`hold`].
pub(crate) fn release() -> Action {
    Action::Remove(HELD)
}

/// That nobody takes the person's address back in this moment. Part of each write that changes their password, their
/// address or how many second factors they have.
pub(crate) fn is_not_held(now: Timestamp) -> Condition {
    Condition::Any(vec![
        Condition::Absent(HELD),
        Condition::AtMost(HELD, instant(now)),
    ])
}
