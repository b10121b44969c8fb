//! How many tenants a person has made: counted in the transaction that makes one, and given back when one is erased. Each
//! tenant brings limits of its own, so without this nobody would be bound by them.

use domain::{Result, TenantId, UserId};
use serde::{Deserialize, Serialize};

use crate::attribute::{number, number_of, text};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, SCHEMA, TYPE, encode};
use crate::key::Key;
use crate::scope::{SystemTable, TenantTable};
use crate::usage::USED;

/// Who made a tenant.
#[derive(Debug, Serialize, Deserialize)]
struct MakerItem {
    ten: TenantId,
    user: UserId,
}

impl Item for MakerItem {
    const TYPE: &'static str = "maker";

    fn key(&self) -> Key {
        Key::maker(self.ten)
    }
}

impl SystemTable<'_> {
    /// Tenants that a person has made and that are not erased.
    pub async fn tenants_made(&self, user: UserId) -> Result<u64> {
        let key = Key::tenants_made(user);
        let item = self.table.get_attributes(&key).await?;
        Ok(item.and_then(|item| number_of(&item, USED)).unwrap_or(0))
    }
}

impl TenantTable<'_> {
    /// Whoever made the tenant may make another one: once, however often this is repeated, since what says who it was goes
    /// with it.
    pub(super) async fn give_back(&self) -> Result<()> {
        let key = Key::maker(self.scope.tenant());
        // Nobody counted those that were made before there was a count.
        let Some(MakerItem { user, .. }) = self.table.get(&key).await? else {
            return Ok(());
        };
        let forgotten = Write::delete(key).when(Condition::item_exists());
        let less = add(user, -1).when(Condition::Above(USED, number(0)));
        // Refused where somebody else gave it back.
        self.table.transact(vec![forgotten, less]).await?;
        Ok(())
    }
}

/// The write that says who makes a tenant.
pub(super) fn maker(tenant: TenantId, user: UserId) -> Result<Write> {
    let item = MakerItem { ten: tenant, user };
    Ok(Write::put(item.key(), encode(&item)?))
}

/// The write that counts one tenant more: refused where the person has made `most`.
pub(super) fn count(user: UserId, most: u32) -> Write {
    let has_room = Condition::Any(vec![
        Condition::Absent(USED),
        Condition::Below(USED, number(most)),
    ]);
    add(user, 1).when(has_room)
}

fn add(user: UserId, change: i8) -> Write {
    let actions = vec![
        Action::Add(USED, number(change)),
        Action::Set(TYPE, text("tenants_made")),
        Action::Set(SCHEMA, number(1)),
    ];
    Write::update(Key::tenants_made(user), actions)
}
