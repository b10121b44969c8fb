//! How long a change of a person's address can be taken back, as their item has it: their account does not end before.

use domain::Result;
use domain::email::EmailAddress;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoredUser;
use crate::attribute::{instant, millis, value};
use crate::condition::{Action, Condition};
use crate::one_time_tokens::{Token, expired};

/// Until when the latest change can be taken back.
const UNTIL: &str = "back";
/// The address that leads back behind all changes that can be.
const TO: &str = "back_to";
/// Which links back are void.
const VOID: &str = "back_void";

/// A way back to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack {
    /// Until when one is open.
    pub until: Timestamp,
    /// The address that the person had before the first of the changes.
    pub(crate) to: EmailAddress,
}

/// Links back that are void, as the times tell at which they end: whoever comes back by an earlier one voids all that were
/// made since, which went to addresses of whoever took the account away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VoidWays {
    /// The end of the link that was used.
    #[serde(with = "millis")]
    after: Timestamp,
    /// The end of the last one that there was then.
    #[serde(with = "millis")]
    until: Timestamp,
}

impl StoredUser {
    /// That nobody came back by an earlier link than this one; [`domain::Error::Gone`] where somebody did.
    pub fn check_way_back(&self, token: &Token) -> Result<()> {
        let is_void = |void: &VoidWays| void.after < token.until && token.until <= void.until;
        if self.void_ways.iter().any(is_void) {
            return Err(expired());
        }
        Ok(())
    }

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

/// What taking a change back by this link leaves: all later links are void, and nothing keeps the account where the address
/// is the first one. Whoever comes back to a later one may be who took it away.
pub(crate) fn close(
    seen: &StoredUser,
    token: &Token,
    address: &EmailAddress,
    now: Timestamp,
) -> Result<Vec<Action>> {
    let Some(way_back) = &seen.way_back else {
        return Ok(Vec::new());
    };
    let mut void_ways = seen.void_ways.clone();
    void_ways.retain(|void| void.until > now);
    void_ways.push(VoidWays {
        after: token.until,
        until: way_back.until,
    });
    let mut actions = vec![Action::Set(VOID, value(&void_ways)?)];
    if way_back.to.normalized() == address.normalized() {
        actions.extend([UNTIL, TO].map(Action::Remove));
    }
    Ok(actions)
}

/// That no change can be taken back any more. Part of the write that ends the account: the links of the old addresses end
/// with it, and these stay kept for an account that is no more.
pub(crate) fn is_over(now: Timestamp) -> Condition {
    Condition::Any(vec![
        Condition::Absent(UNTIL),
        Condition::AtMost(UNTIL, instant(now)),
    ])
}
