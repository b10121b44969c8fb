//! How long a change of a person's address can be taken back, as their item has it: their account does not end before.

use domain::Result;
use domain::email::EmailAddress;
use jiff::Timestamp;

use super::StoredUser;
use crate::attribute::{instant, value};
use crate::condition::{Action, Condition};

/// Until when the latest change can be taken back.
const UNTIL: &str = "back";
/// The address that leads back behind all changes that can be.
const TO: &str = "back_to";

/// A way back to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack {
    /// Until when one is open.
    pub until: Timestamp,
    /// The address that the person had before the first of the changes.
    pub(crate) to: EmailAddress,
}

impl StoredUser {
    /// Until when a change of their address can be taken back; `None` where none can be.
    pub fn way_back_until(&self, now: Timestamp) -> Option<Timestamp> {
        let way_back = self.way_back.as_ref()?;
        (way_back.until > now).then_some(way_back.until)
    }
}

/// Opens a way back from a change of the address that the person has as they were seen. Where one is open, it is to the
/// same address as before, for whoever took the account may change its address twice.
pub(crate) fn open(seen: &StoredUser, until: Timestamp, now: Timestamp) -> Result<Vec<Action>> {
    let mut actions = vec![Action::Set(UNTIL, instant(until))];
    if seen.way_back_until(now).is_none() {
        actions.push(Action::Set(TO, value(&seen.user.email)?));
    }
    Ok(actions)
}

/// What taking a change back leaves of it: nothing where the address is the first one. Whoever comes back to a later one
/// may be who took it away.
pub(crate) fn close(seen: &StoredUser, address: &EmailAddress) -> Vec<Action> {
    let first = seen.way_back.as_ref().map(|way_back| &way_back.to);
    if first.is_some_and(|first| first.normalized() != address.normalized()) {
        return Vec::new();
    }
    [UNTIL, TO].map(Action::Remove).to_vec()
}

/// That no change can be taken back any more. Part of the write that ends the account: the links of the old addresses end
/// with it, and these stay kept for an account that is no more.
pub(crate) fn is_over(now: Timestamp) -> Condition {
    Condition::Any(vec![
        Condition::Absent(UNTIL),
        Condition::AtMost(UNTIL, instant(now)),
    ])
}
