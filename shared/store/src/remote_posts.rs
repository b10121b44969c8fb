//! Which delivery a remote post belongs to, where a network tells posts apart by their content only: two deliveries
//! must not take the same post for their own.

use domain::delivery::DeliveryKey;
use domain::{DeliveryId, Result, TenantId};
use serde::{Deserialize, Serialize};

use crate::attribute::text;
use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::Key;
use crate::scope::{TenantScope, TenantTable};
use crate::table::Written;

#[derive(Debug, Serialize, Deserialize)]
struct RemotePostItem {
    ten: TenantId,
    acc: domain::AccountId,
    remote: String,
    id: DeliveryId,
}

impl Item for RemotePostItem {
    const TYPE: &'static str = "remote_post";

    fn key(&self) -> Key {
        Key::remote_post(&TenantScope::of_own_item(self.ten), self.acc, &self.remote)
    }
}

impl TenantTable<'_> {
    /// Takes a remote post for a delivery; `false` where another delivery has it.
    pub async fn own_remote_post(&self, key: &DeliveryKey, remote_id: &str) -> Result<bool> {
        let item = RemotePostItem {
            ten: self.scope.tenant(),
            acc: key.account,
            remote: remote_id.to_owned(),
            id: key.delivery,
        };
        let is_free = Condition::Any(vec![
            Condition::item_absent(),
            Condition::Equals("id", text(key.delivery)),
        ]);
        let written = self
            .table
            .write(Write::put(item.key(), encode(&item)?).when(is_free))
            .await?;
        Ok(matches!(written, Written::Applied(_)))
    }
}
