//! What a worker found out about one call, written before the delivery is settled: even a worker whose settlement is
//! refused, or that dies before it, leaves its evidence here.

use domain::delivery::{Attempt, DeliveryKey, Fence};
use domain::{DeliveryId, PostId, Result, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::millis;
use crate::condition::Write;
use crate::item::{Item, encode};
use crate::key::Key;
use crate::scope::{SystemTable, TenantScope};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AttemptItem {
    ten: TenantId,
    post: PostId,
    id: DeliveryId,
    fence: Fence,
    #[serde(with = "millis")]
    pub(crate) at: Timestamp,
    #[serde(rename = "attempt")]
    pub(crate) outcome: Attempt,
}

impl AttemptItem {
    pub(crate) fn delivery(&self) -> DeliveryId {
        self.id
    }

    pub(crate) fn fence(&self) -> Fence {
        self.fence
    }
}

impl Item for AttemptItem {
    const TYPE: &'static str = "attempt";

    fn key(&self) -> Key {
        Key::attempt(
            &TenantScope::of_own_item(self.ten),
            self.post,
            self.id,
            self.fence,
        )
    }
}

impl SystemTable<'_> {
    /// Records how the call of this claim ended. May be repeated.
    pub async fn record_attempt(
        &self,
        key: &DeliveryKey,
        fence: Fence,
        at: Timestamp,
        outcome: &Attempt,
    ) -> Result<()> {
        let item = AttemptItem {
            ten: key.tenant,
            post: key.post,
            id: key.delivery,
            fence,
            at,
            outcome: outcome.clone(),
        };
        self.table
            .write(Write::put(item.key(), encode(&item)?))
            .await?;
        Ok(())
    }

    /// What the owner of this claim recorded, if it got that far.
    pub async fn attempt(&self, key: &DeliveryKey, fence: Fence) -> Result<Option<Attempt>> {
        let found = self
            .table
            .get::<AttemptItem>(&Key::attempt(
                &TenantScope::of_own_item(key.tenant),
                key.post,
                key.delivery,
                fence,
            ))
            .await?;
        Ok(found.map(|item| item.outcome))
    }
}
