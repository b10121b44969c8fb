//! Browsers and programs with which a person signed in before: what is not among them is told to the person, and what
//! is among them still gets in while strangers try passwords. A new password by mail forgets them all, for somebody else's
//! may be among them.

use std::collections::BTreeSet;

use domain::user::Origin;
use domain::{Result, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::millis;
use crate::condition::Write;
use crate::item::{Item, decode, encode};
use crate::key::{Key, SecretHash};
use crate::scope::SystemTable;
use crate::table::{Query, Range};

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
    /// When it signed in last, or a link that was mailed to the person was followed with it.
    pub used_at: Timestamp,
}

/// What somebody has not signed in with, or from, before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// The browser or program.
    Device,
    /// The area, by a device that they used before.
    Area,
}

#[derive(Debug, Serialize, Deserialize)]
struct DeviceItem {
    user: UserId,
    mark: SecretHash,
    #[serde(default)]
    origin: Origin,
    #[serde(with = "millis")]
    used: Timestamp,
    /// Whether it was only let in by the link of a mail, and nobody signed in with it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    adm: bool,
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
        self.stored(false)
    }

    /// The write of one that was let in by the link of a mail: it is known, and the first sign-in with it is still told.
    pub(crate) fn write_admitted(&self) -> Result<Write> {
        self.stored(true)
    }

    fn stored(&self, is_only_admitted: bool) -> Result<Write> {
        let forgotten_at = self.used_at.saturating_add(DEVICE_LIFETIME);
        let item = DeviceItem {
            user: self.user,
            mark: self.mark.clone(),
            origin: self.origin.clone(),
            used: self.used_at,
            adm: is_only_admitted,
            exp: forgotten_at.unwrap_or(self.used_at).as_second(),
        };
        Ok(Write::put(item.key(), encode(&item)?))
    }
}

fn mark_of_network(network: &str) -> SecretHash {
    SecretHash::of(&format!("network {network}"))
}

impl SystemTable<'_> {
    async fn devices(&self, user: UserId) -> Result<Vec<DeviceItem>> {
        let prefix = Range::Prefix(Key::DEVICES.to_owned());
        let query = Query::of_table(Key::user(user).pk, prefix);
        let items = self.table.query_all(&query).await?;
        items.into_iter().map(decode).collect()
    }

    /// All devices and places of a person but those with these marks.
    pub(crate) async fn other_devices(
        &self,
        user: UserId,
        kept: &[SecretHash],
    ) -> Result<Vec<Key>> {
        let devices = self.devices(user).await?.into_iter();
        let others = devices.filter(|item| !kept.contains(&item.mark));
        Ok(others.map(|item| item.key()).collect())
    }

    /// Forgets what did not fit into the transaction of an act, or came while it was looked for.
    pub(crate) async fn sweep_devices(&self, user: UserId, kept: &[SecretHash]) -> Result<()> {
        let others = self.other_devices(user, kept).await?;
        self.table.batch_delete(others).await
    }

    /// Whether somebody signed in with this device before, or let it in.
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

    /// What is new about a sign-in with this device, compared with those before.
    pub async fn novelty(&self, device: &Device, now: Timestamp) -> Result<Option<Novelty>> {
        let place = Device::place(device.user, device.origin.clone(), now);
        let marks = [Some(&device.mark), place.as_ref().map(|place| &place.mark)];
        let marks = marks.into_iter().flatten();
        let keys: Vec<Key> = marks.map(|mark| Key::device(device.user, mark)).collect();
        let mut known = Vec::new();
        for attributes in self.table.batch_get(&keys).await? {
            let item: DeviceItem = decode(attributes)?;
            if item.exp > now.as_second() {
                known.push(item);
            }
        }
        let known_as = |mark: &SecretHash| known.iter().find(|item| item.mark == *mark);
        if known_as(&device.mark).is_none_or(|item| item.adm) {
            return Ok(Some(Novelty::Device));
        }
        let (Some(place), Some(area)) = (place, device.origin.area()) else {
            return Ok(None);
        };
        if known_as(&place.mark).is_some() {
            return Ok(None);
        }
        // Providers give people other addresses all the time: a neighbour of a known one is no news. Nor is the first
        // place that is known at all.
        let devices = self.devices(device.user).await?.into_iter();
        let known: BTreeSet<String> = devices
            .filter(|item| item.exp > now.as_second())
            .filter_map(|item| item.origin.area())
            .collect();
        let is_news = !known.is_empty() && !known.contains(&area);
        Ok(is_news.then_some(Novelty::Area))
    }
}
