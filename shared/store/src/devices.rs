//! Browsers and programs with which a person signed in before: what is not among them is told to the person, and what
//! is among them still gets in while strangers try passwords.

use domain::user::Origin;
use domain::{Result, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::millis;
use crate::condition::Write;
use crate::item::{Item, encode};
use crate::key::{Key, SecretHash};
use crate::scope::SystemTable;

/// A device that was not used for so long is forgotten.
pub const DEVICE_LIFETIME: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A device of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Whose it is.
    pub user: UserId,
    /// The hash of its secret, or of what it calls itself where it keeps none.
    pub mark: SecretHash,
    /// From where it was used.
    pub origin: Origin,
    /// When it signed in last, or followed a link that was mailed to the person.
    pub used_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct DeviceItem {
    user: UserId,
    mark: SecretHash,
    #[serde(default)]
    origin: Origin,
    #[serde(with = "millis")]
    used: Timestamp,
    exp: i64,
}

impl Item for DeviceItem {
    const TYPE: &'static str = "device";

    fn key(&self) -> Key {
        Key::device(self.user, &self.mark)
    }
}

impl Device {
    /// Where somebody is, whatever they use there; kept like a device, since a device is only where it was last. `None`
    /// where the host does not know.
    pub fn place(user: UserId, origin: Origin, used_at: Timestamp) -> Option<Self> {
        Some(Self {
            user,
            mark: mark_of_network(origin.network.as_deref()?),
            origin,
            used_at,
        })
    }

    pub(crate) fn write(&self) -> Result<Write> {
        let forgotten_at = self.used_at.saturating_add(DEVICE_LIFETIME);
        let item = DeviceItem {
            user: self.user,
            mark: self.mark.clone(),
            origin: self.origin.clone(),
            used: self.used_at,
            exp: forgotten_at.unwrap_or(self.used_at).as_second(),
        };
        Ok(Write::put(item.key(), encode(&item)?))
    }
}

fn mark_of_network(network: &str) -> SecretHash {
    SecretHash::of(&format!("network {network}"))
}

impl SystemTable<'_> {
    /// Whether somebody signed in with this device before.
    pub async fn knows_device(
        &self,
        user: UserId,
        mark: &SecretHash,
        now: Timestamp,
    ) -> Result<bool> {
        let item: Option<DeviceItem> = self.table.get(&Key::device(user, mark)).await?;
        Ok(item.is_some_and(|item| item.exp > now.as_second()))
    }

    /// Whether somebody signed in from this network before, or followed a link there that was mailed to them.
    pub async fn knows_network(&self, user: UserId, network: &str, now: Timestamp) -> Result<bool> {
        self.knows_device(user, &mark_of_network(network), now)
            .await
    }
}
