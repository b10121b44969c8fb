//! The wrapped keys of tenants: useless without the key service.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::tenant::ROOT_TENANT;
use domain::tenant_key::KeyFuture;
use domain::{Error, KmsKeyArn, Result, TenantId, TenantKeySource, WrappedTenantKey, WrappingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{Attributes, base64_bytes, optional_millis, text, value};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, decode, encode};
use crate::key::{Key, tenant_key_partition};
use crate::schema::BY_ATTENTION;
use crate::shard::{AttentionKind, attention_at, rotation_partition, shard_of};
use crate::table::{Query, Range, Table, Written};
use crate::transaction::Transacted;

mod rotation;
mod wrapping;

pub use rotation::{KeyRotation, SealedCredentialPage};
pub use wrapping::NamedKey;

#[derive(Debug, Serialize, Deserialize)]
struct TenantKeyItem {
    ten: TenantId,
    ver: u32,
    #[serde(with = "base64_bytes")]
    wrapped: Vec<u8>,
    /// Absent where an earlier version of this code made it.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    made: Option<Timestamp>,
    /// The tenant's own key that wrapped it; absent where the product's did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kms: Option<KmsKeyArn>,
    /// Of the newest key while others are wrapped by another key: how many secrets these still seal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
}

impl TenantKeyItem {
    fn new(tenant: TenantId, key: WrappedTenantKey) -> Self {
        Self {
            ten: tenant,
            ver: key.version,
            wrapped: key.wrapped,
            made: Some(key.made_at),
            kms: key.wrapped_by.own().cloned(),
            left: None,
        }
    }

    /// As it is stored while it is the tenant's newest key: somebody looks after it at `at`.
    fn wanting_rotation(&self, at: Timestamp, shards: u32) -> Result<Attributes> {
        let mut attributes = encode(self)?;
        let entry = rotation_entry(self.ten, at, shards)?;
        attributes.extend(entry.map(|(name, value)| (name.to_owned(), value)));
        Ok(attributes)
    }
}

impl Item for TenantKeyItem {
    const TYPE: &'static str = "tenant_key";

    fn key(&self) -> Key {
        Key::tenant_key(self.ten, self.ver)
    }
}

impl From<TenantKeyItem> for WrappedTenantKey {
    fn from(item: TenantKeyItem) -> Self {
        Self {
            version: item.ver,
            wrapped: item.wrapped,
            made_at: item.made.unwrap_or(Timestamp::UNIX_EPOCH),
            wrapped_by: item.kms.into(),
        }
    }
}

/// What puts a tenant's newest key into the index of those to rotate.
fn rotation_entry(
    tenant: TenantId,
    at: Timestamp,
    shards: u32,
) -> Result<[(&'static str, AttributeValue); 3]> {
    let shard = shard_of(tenant.as_uuid(), shards);
    Ok([
        ("kind", value(&AttentionKind::KeyRotation)?),
        (BY_ATTENTION.partition, text(rotation_partition(shard))),
        (BY_ATTENTION.sort, text(attention_at(at, tenant))),
    ])
}

impl TenantKeySource for Table {
    fn current(&self, tenant: TenantId) -> KeyFuture<'_, Option<WrappedTenantKey>> {
        Box::pin(async move {
            let query = Query::of_table(tenant_key_partition(tenant), Range::All)
                .descending()
                .limit(1);
            let newest = self.query(&query, None).await?.items.into_iter().next();
            if let Some(newest) = &newest {
                self.list_for_rotation(tenant, newest).await;
            }
            newest.map(stored).transpose()
        })
    }

    fn version(&self, tenant: TenantId, version: u32) -> KeyFuture<'_, Option<WrappedTenantKey>> {
        Box::pin(async move {
            let item: Option<TenantKeyItem> = self.get(&Key::tenant_key(tenant, version)).await?;
            if item.as_ref().is_some_and(|item| item.made.is_none()) {
                // Whoever only opens what was sealed long ago asks for no newest key.
                self.list_newest_for_rotation(tenant).await;
            }
            Ok(item.map(WrappedTenantKey::from))
        })
    }

    fn create(&self, tenant: TenantId, key: WrappedTenantKey) -> KeyFuture<'_, WrappedTenantKey> {
        Box::pin(async move {
            let due = key.rotation_due();
            let item = TenantKeyItem::new(tenant, key);
            let attributes = item.wanting_rotation(due, self.settings.shards)?;
            if tenant != ROOT_TENANT {
                return self.create_first(item, attributes).await;
            }
            let write = Write::put(item.key(), attributes).when(Condition::item_absent());
            match self.write(write).await? {
                Written::Applied(_) => Ok(item.into()),
                Written::Refused(Some(theirs)) => stored(theirs),
                Written::Refused(None) => Err(Error::internal(
                    "a tenant key is neither there nor absent",
                    "the refusal had no item",
                )),
            }
        })
    }

    fn wrapping_key(&self, tenant: TenantId) -> KeyFuture<'_, WrappingKey> {
        Box::pin(self.next_wrapping_key(tenant))
    }
}

impl Table {
    async fn create_first(
        &self,
        item: TenantKeyItem,
        attributes: Attributes,
    ) -> Result<WrappedTenantKey> {
        let refused = match self.create_wrapped(&item, attributes).await? {
            Transacted::Done => return Ok(item.into()),
            Transacted::Refused(refused) => refused,
        };
        let theirs = refused.into_iter().find(|write| write.index == 0);
        match theirs.and_then(|write| write.old) {
            Some(theirs) => stored(theirs),
            None => Err(Error::unavailable(
                "the tenant's key",
                "another wrapping key was named meanwhile",
            )),
        }
    }

    /// Puts the newest key of a tenant into the index of those to rotate, where earlier code made it that knew of no
    /// rotation. Never in the way of whoever needs the key.
    async fn list_for_rotation(&self, tenant: TenantId, newest: &Attributes) {
        // Those of the platform are looked after by whoever signs people in, and by nobody else.
        if tenant == ROOT_TENANT || newest.contains_key(BY_ATTENTION.sort) {
            return;
        }
        if let Err(error) = self.listed_for_rotation(tenant, newest).await {
            tracing::warn!(
                tenant.id = %tenant,
                error = &error as &dyn std::error::Error,
                "a key could not be listed for its rotation; its next use does"
            );
        }
    }

    async fn listed_for_rotation(&self, tenant: TenantId, newest: &Attributes) -> Result<()> {
        let key = stored(newest.clone())?;
        let entry = rotation_entry(tenant, key.rotation_due(), self.settings.shards)?;
        let actions = entry.map(|(name, value)| Action::Set(name, value));
        let update = Write::update(Key::tenant_key(tenant, key.version), actions.into());
        let is_unlisted = Condition::All(vec![
            Condition::item_exists(),
            Condition::Absent(BY_ATTENTION.sort),
        ]);
        // Refused where somebody else listed it, or it was shredded.
        match self.write(update.when(is_unlisted)).await? {
            Written::Applied(_) | Written::Refused(_) => Ok(()),
        }
    }

    async fn list_newest_for_rotation(&self, tenant: TenantId) {
        if tenant == ROOT_TENANT {
            return;
        }
        // Which lists it.
        let newest: Result<Option<WrappedTenantKey>> = self.current(tenant).await;
        if let Err(error) = newest {
            tracing::warn!(
                tenant.id = %tenant,
                error = &error as &dyn std::error::Error,
                "a key could not be listed for its rotation; its next use does"
            );
        }
    }
}

fn stored(attributes: Attributes) -> Result<WrappedTenantKey> {
    decode::<TenantKeyItem>(attributes).map(WrappedTenantKey::from)
}
