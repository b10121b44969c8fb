//! Deliveries: one item each, below 1 KB, changed only by the domain's transitions.

mod compile;
mod item;

use domain::delivery::{Delivery, DeliveryKey, Transition};
use domain::{AccountId, Result};

pub(crate) use compile::{guard_condition, transition_write};
pub(crate) use item::{DeliveryItem, calendar_sort, key_in_entry};

use crate::attribute::Attributes;
use crate::condition::Write;
use crate::item::{decode, encode};
use crate::key::Key;
use crate::schema::BY_ACCOUNT;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::table::{Query, Range, Written};

/// How a transition ended.
#[derive(Debug)]
pub enum Step {
    /// It happened, now or in an attempt whose answer was lost.
    Done(Box<Delivery>),
    /// The delivery is not, or no longer, in a state that allows it.
    Refused(Box<Delivery>),
    /// There is no such delivery, or the post was deleted.
    Absent,
}

impl SystemTable<'_> {
    /// The delivery as it is now.
    pub async fn delivery(&self, key: &DeliveryKey) -> Result<Option<Delivery>> {
        let found = self
            .table
            .get::<DeliveryItem>(&Key::delivery(
                &TenantScope::of_own_item(key.tenant),
                key.post,
                key.account,
            ))
            .await?;
        let delivery = found.map(Delivery::try_from).transpose()?;
        Ok(delivery.filter(|delivery| delivery.id == key.delivery))
    }

    /// Makes one transition happen, if its guard holds.
    pub async fn step(&self, key: &DeliveryKey, transition: &Transition) -> Result<Step> {
        let write = transition_write(
            &TenantScope::of_own_item(key.tenant),
            self.table.settings.shards,
            key,
            transition,
        )?;
        Ok(match self.table.write(write).await? {
            Written::Applied(attributes) => Step::Done(Box::new(delivery_of(attributes)?)),
            Written::Refused(Some(attributes)) => Step::Refused(Box::new(delivery_of(attributes)?)),
            Written::Refused(None) => Step::Absent,
        })
    }
}

impl TenantTable<'_> {
    /// Deliveries of an account that wait for something, by due time; up to `limit`.
    pub async fn waiting_deliveries_of_account(
        &self,
        account: AccountId,
        limit: i32,
    ) -> Result<Vec<DeliveryKey>> {
        let tenant = self.scope.tenant();
        let partition = crate::key::account_partition(tenant, account);
        let query = Query::of_index(BY_ACCOUNT, partition, Range::All).limit(limit);
        let page = self.table.query(&query, None).await?;
        page.items
            .into_iter()
            .map(|entry| key_in_entry(tenant, account, &entry))
            .collect()
    }
}

/// The write that stores a new delivery, if there is none.
pub(crate) fn creation_write(shards: u32, delivery: &Delivery) -> Result<Write> {
    let item = DeliveryItem::new(delivery, shards)?;
    let scope = TenantScope::of_own_item(delivery.tenant);
    let key = Key::delivery(&scope, delivery.post, delivery.account);
    Ok(Write::put(key, encode(&item)?).when(crate::condition::Condition::item_absent()))
}

pub(crate) fn delivery_of(attributes: Attributes) -> Result<Delivery> {
    Delivery::try_from(decode::<DeliveryItem>(attributes)?)
}
