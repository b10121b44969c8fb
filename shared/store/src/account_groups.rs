//! Named sets of accounts, which memberships can be limited to.

use std::collections::BTreeSet;

use domain::event::{EventKind, Subject};
use domain::membership::{ACCOUNT_GROUPS_MAX, AccountGroup};
use domain::{AccountGroupId, AccountId, Result, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::attribute::{millis, number, text, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::idempotency::IdempotencyClaim;
use crate::item::{Item, decode, encode};
use crate::key::{Counter, Key, tenant_partition};
use crate::members::note_change;
use crate::names::{self, Named};
use crate::roles::{Defined, Refusable, unused};
use crate::scope::{TenantScope, TenantTable};
use crate::standing::{Standing, version_is};
use crate::table::{Query, Range};
use crate::usage::{Demand, release};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GroupItem {
    pub(crate) id: AccountGroupId,
    ten: TenantId,
    name: String,
    pub(crate) accs: BTreeSet<AccountId>,
    mems: u64,
    pub(crate) ver: u64,
    #[serde(with = "millis")]
    ca: Timestamp,
}

impl Item for GroupItem {
    const TYPE: &'static str = "account_group";

    fn key(&self) -> Key {
        Key::account_group(&TenantScope::of_own_item(self.ten), self.id)
    }
}

impl From<GroupItem> for AccountGroup {
    fn from(item: GroupItem) -> Self {
        Self {
            id: item.id,
            name: item.name,
            accounts: item.accs,
            members: item.mems,
            version: item.ver,
            created_at: item.ca,
        }
    }
}

impl TenantTable<'_> {
    /// The account groups whose accounts all exist for the scope, oldest first.
    pub async fn account_groups(&self) -> Result<Vec<AccountGroup>> {
        let partition = tenant_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::Prefix(Key::ACCOUNT_GROUPS.to_owned()));
        let mut groups = Vec::new();
        for item in self.table.query_all(&query).await? {
            groups.extend(self.visible(decode(item)?));
        }
        Ok(groups)
    }

    /// One of them.
    pub async fn account_group(&self, group: AccountGroupId) -> Result<Option<AccountGroup>> {
        let key = Key::account_group(&self.scope, group);
        let found: Option<GroupItem> = self.table.get(&key).await?;
        Ok(found.and_then(|item| self.visible(item)))
    }

    /// Stores a new group, if the tenant has fewer than [`ACCOUNT_GROUPS_MAX`]; else it is
    /// [`domain::Error::QuotaExceeded`]. `held` are the rights that the decision rests on.
    pub async fn create_account_group(
        &self,
        group: &AccountGroup,
        claim: Option<&IdempotencyClaim>,
        held: &Standing,
        act: &Act,
    ) -> Result<Defined> {
        let item = GroupItem {
            id: group.id,
            ten: self.scope.tenant(),
            name: group.name.clone(),
            accs: group.accounts.clone(),
            mems: 0,
            ver: group.version,
            ca: group.created_at,
        };
        let subject = Subject::AccountGroup(group.id);
        let detail = json!({ "name": group.name, "accounts": group.accounts });
        let demand = Demand {
            counter: Counter::AccountGroups,
            amount: 1,
            limit: ACCOUNT_GROUPS_MAX,
        };
        let mut writes = vec![
            names::take(&self.scope, Named::AccountGroup, &group.name, &group.id)?,
            demand.write(&self.scope)?,
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(act, EventKind::AccountGroupCreated, subject, detail)?,
        ];
        if let Some(claim) = claim {
            writes.push(self.claim(claim, &group.id, act.at)?);
        }
        self.define(writes, held, Refusable::Place(demand)).await
    }

    /// Stores a group that was changed since it was read. `held` are the rights that the decision rests on, with those of
    /// whoever is limited to it.
    pub async fn change_account_group(
        &self,
        seen: &AccountGroup,
        changed: &AccountGroup,
        held: &Standing,
        act: &Act,
    ) -> Result<Defined> {
        let subject = Subject::AccountGroup(seen.id);
        let detail = json!({
            "name": changed.name,
            "added": changed.accounts.difference(&seen.accounts).collect::<Vec<_>>(),
            "removed": seen.accounts.difference(&changed.accounts).collect::<Vec<_>>(),
        });
        let both = (seen.name.as_str(), changed.name.as_str());
        let mut writes = names::exchange(&self.scope, Named::AccountGroup, both, &seen.id)?;
        let refusable = Refusable::name_of(&writes);
        // Members come and go meanwhile: their number is not written.
        let actions = vec![
            Action::Set("name", text(&changed.name)),
            Action::Set("accs", value(&changed.accounts)?),
            Action::Set("ver", number(changed.version)),
        ];
        let group = Write::update(Key::account_group(&self.scope, seen.id), actions);
        writes.push(group.when(version_is(seen.version)));
        writes.push(note_change(&self.scope));
        writes.push(self.event_write(act, EventKind::AccountGroupChanged, subject, detail)?);
        self.define(writes, held, refusable).await
    }

    /// Deletes a group, as it was read, that no member is limited to.
    pub async fn delete_account_group(
        &self,
        seen: &AccountGroup,
        held: &Standing,
        act: &Act,
    ) -> Result<Defined> {
        let subject = Subject::AccountGroup(seen.id);
        let detail = json!({ "name": seen.name });
        let writes = vec![
            names::release(&self.scope, Named::AccountGroup, &seen.name),
            Write::delete(Key::account_group(&self.scope, seen.id)).when(unused(seen.version)),
            release(&self.scope, Counter::AccountGroups, 1),
            self.event_write(act, EventKind::AccountGroupDeleted, subject, detail)?,
        ];
        self.define(writes, held, Refusable::Use(1)).await
    }

    fn visible(&self, item: GroupItem) -> Option<AccountGroup> {
        let is_visible = self.scope.sees(item.accs.iter().copied());
        is_visible.then(|| item.into())
    }
}
