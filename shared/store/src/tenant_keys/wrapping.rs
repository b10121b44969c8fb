//! Which key of the key service wraps a tenant's next key: the product's, unless the tenant named one of its own.
//!
//! The present key stays until a rotation has put another in its place. Whoever names a wrapping key has somebody look
//! after the keys at once, in the same transaction; and whoever makes the first key does it only while the wrapping key is
//! the one that they used. So a key that another one wraps never stays unnoticed.

use domain::event::{EventKind, Subject};
use domain::notice::{Notice, NoticeCause};
use domain::tenant::ROOT_TENANT;
use domain::{KmsKeyArn, Result, TenantId, WrappingKey};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{KeyRotation, TenantKeyItem};
use crate::accounts::Saved;
use crate::attribute::{Attributes, instant, millis, number, number_of, text};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, encode};
use crate::key::Key;
use crate::notices::notice_write;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::standing::Standing;
use crate::table::Table;
use crate::transaction::Transacted;

/// When the owners were told that the key is refused; gone once another is named.
const TOLD: &str = "told";
/// How long nobody is told again.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// The wrapping key that a tenant named, as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedKey {
    /// `None` for the product's.
    pub own: Option<KmsKeyArn>,
    /// How often one was named.
    version: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct NamedKeyItem {
    ten: TenantId,
    /// Absent for the product's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kms: Option<KmsKeyArn>,
    ver: u64,
    #[serde(with = "millis")]
    ua: Timestamp,
}

impl Item for NamedKeyItem {
    const TYPE: &'static str = "named_key";

    fn key(&self) -> Key {
        Key::named_key(self.ten)
    }
}

impl Table {
    async fn named_key(&self, tenant: TenantId) -> Result<NamedKey> {
        let found: Option<NamedKeyItem> = self.get(&Key::named_key(tenant)).await?;
        Ok(found.map_or_else(NamedKey::default, |item| NamedKey {
            own: item.kms,
            version: item.ver,
        }))
    }

    /// What wraps the tenant's next key; of the platform always the product's key.
    pub(super) async fn next_wrapping_key(&self, tenant: TenantId) -> Result<WrappingKey> {
        if tenant == ROOT_TENANT {
            return Ok(WrappingKey::Product);
        }
        Ok(self.named_key(tenant).await?.own.into())
    }

    /// Stores a tenant's first key, while what wraps it is what shall.
    pub(super) async fn create_wrapped(
        &self,
        item: &TenantKeyItem,
        attributes: Attributes,
    ) -> Result<Transacted> {
        let absent = Write::put(item.key(), attributes).when(Condition::item_absent());
        let is_named = match &item.kms {
            None => Condition::Absent("kms"),
            Some(arn) => Condition::Equals("kms", text(arn)),
        };
        let named = Write::check(Key::named_key(item.ten), is_named);
        self.transact(vec![absent, named]).await
    }
}

impl SystemTable<'_> {
    /// The tenant's own key was refused: its owners are told once in a day, however much waits for it, and again where
    /// another was named meanwhile. Answers the mails that are owed by this call.
    pub async fn own_key_refused(&self, tenant: TenantId, now: Timestamp) -> Result<Vec<Notice>> {
        let key = Key::named_key(tenant);
        let told = self.table.get_attributes(&key).await?;
        let told = told.and_then(|item| number_of::<i64>(&item, TOLD));
        let long_ago = now.saturating_sub(TOLD_AGAIN).unwrap_or(now);
        // Nearly always: what waits is tried again and again.
        if told.is_some_and(|told| told > long_ago.as_millisecond()) {
            return Ok(Vec::new());
        }
        let scope = TenantScope::of_own_item(tenant);
        let cause = NoticeCause::OwnKeyRefused { tenant, at: now };
        let owners = self.table.tenant(&scope);
        let notices = owners.notices_to_owners(&cause, now).await?;
        let is_untold = Condition::Any(vec![
            Condition::Absent(TOLD),
            Condition::AtMost(TOLD, instant(long_ago)),
        ]);
        let tell = Write::update(key, vec![Action::Set(TOLD, instant(now))]);
        let mut writes = vec![tell.when(Condition::All(vec![Condition::item_exists(), is_untold]))];
        for notice in &notices {
            writes.push(notice_write(self.table.settings.shards, notice)?);
        }
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => notices,
            // Somebody else has told them.
            Transacted::Refused(_) => Vec::new(),
        })
    }
}

impl TenantTable<'_> {
    /// The wrapping key that the tenant named.
    pub async fn named_key(&self) -> Result<NamedKey> {
        self.table.named_key(self.scope.tenant()).await
    }

    /// Names another wrapping key, in the place of the one that was `seen`, and while the rights are what they were.
    /// Somebody looks after the tenant's keys at once: `keys` are those that were seen, `None` before its first secret.
    /// [`Saved::Stale`] where any of it changed meanwhile.
    pub async fn name_key(
        &self,
        seen: &NamedKey,
        own: Option<KmsKeyArn>,
        keys: Option<&KeyRotation>,
        standing: &Standing,
        act: &Act,
    ) -> Result<Saved> {
        let tenant = self.scope.tenant();
        let detail = json!({
            "before": { "kms_key_arn": seen.own },
            "after": { "kms_key_arn": own },
        });
        let item = NamedKeyItem {
            ten: tenant,
            kms: own,
            ver: seen.version.saturating_add(1),
            ua: act.at,
        };
        let is_seen = match seen.version {
            0 => Condition::item_absent(),
            version => Condition::Equals("ver", number(version)),
        };
        let look = match keys {
            Some(keys) => self.look(keys, act.at)?,
            None => Write::check(Key::tenant_key(tenant, 1), Condition::item_absent()),
        };
        let subject = Subject::Tenant(tenant);
        let mut writes = vec![
            Write::put(item.key(), encode(&item)?).when(is_seen),
            look,
            self.event_write(act, EventKind::TenantEncryptionKeyChanged, subject, detail)?,
        ];
        standing.hold(&mut writes);
        self.key_writes(writes).await
    }
}
