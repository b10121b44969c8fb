//! The wrapped keys of tenants: useless without the key service.

use domain::tenant_key::KeyFuture;
use domain::{Error, Result, TenantId, TenantKeySource, WrappedTenantKey};
use serde::{Deserialize, Serialize};

use crate::attribute::base64_bytes;
use crate::condition::{Condition, Write};
use crate::item::{Item, decode, encode};
use crate::key::{Key, tenant_key_partition};
use crate::table::{Query, Range, Table, Written};

#[derive(Debug, Serialize, Deserialize)]
struct TenantKeyItem {
    ten: TenantId,
    ver: u32,
    #[serde(with = "base64_bytes")]
    wrapped: Vec<u8>,
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
        }
    }
}

impl TenantKeySource for Table {
    fn current(&self, tenant: TenantId) -> KeyFuture<'_, Option<WrappedTenantKey>> {
        Box::pin(async move {
            let query = Query::of_table(tenant_key_partition(tenant), Range::All)
                .descending()
                .limit(1);
            let newest = self.query(&query, None).await?.items.into_iter().next();
            newest.map(stored).transpose()
        })
    }

    fn version(&self, tenant: TenantId, version: u32) -> KeyFuture<'_, Option<WrappedTenantKey>> {
        Box::pin(async move {
            let item: Option<TenantKeyItem> = self.get(&Key::tenant_key(tenant, version)).await?;
            Ok(item.map(WrappedTenantKey::from))
        })
    }

    fn create(&self, tenant: TenantId, key: WrappedTenantKey) -> KeyFuture<'_, WrappedTenantKey> {
        Box::pin(async move {
            let item = TenantKeyItem {
                ten: tenant,
                ver: key.version,
                wrapped: key.wrapped,
            };
            let write = Write::put(item.key(), encode(&item)?).when(Condition::item_absent());
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
}

fn stored(attributes: crate::attribute::Attributes) -> Result<WrappedTenantKey> {
    decode::<TenantKeyItem>(attributes).map(WrappedTenantKey::from)
}
