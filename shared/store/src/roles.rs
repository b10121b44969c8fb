//! The roles that a tenant made.

use domain::event::{EventKind, Subject};
use domain::membership::{CustomRole, PermissionSet, ROLES_MAX};
use domain::{Result, RoleId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::attribute::{millis, number, number_of, text, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::idempotency::IdempotencyClaim;
use crate::item::{Item, decode, encode};
use crate::key::{Counter, Key, tenant_partition};
use crate::members::{MEMBERS, note_change};
use crate::names::{self, Named};
use crate::scope::{TenantScope, TenantTable};
use crate::standing::{Standing, version_is};
use crate::table::{Query, Range};
use crate::transaction::{RefusedWrite, Transacted};
use crate::usage::{Demand, release};

/// How a change of a role or a group ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defined {
    /// It happened.
    Done,
    /// Something that the decision rests on changed, or the idempotency key was used: read again and decide anew.
    Stale,
    /// Another one has the name.
    NameTaken,
    /// Members still have it.
    InUse,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RoleItem {
    pub(crate) id: RoleId,
    ten: TenantId,
    name: String,
    pub(crate) perms: PermissionSet,
    mems: u64,
    pub(crate) ver: u64,
    #[serde(with = "millis")]
    ca: Timestamp,
}

impl Item for RoleItem {
    const TYPE: &'static str = "role";

    fn key(&self) -> Key {
        Key::role(&TenantScope::of_own_item(self.ten), self.id)
    }
}

impl From<RoleItem> for CustomRole {
    fn from(item: RoleItem) -> Self {
        Self {
            id: item.id,
            name: item.name,
            permissions: item.perms,
            members: item.mems,
            version: item.ver,
            created_at: item.ca,
        }
    }
}

impl TenantTable<'_> {
    /// The roles that the tenant made, oldest first.
    pub async fn roles(&self) -> Result<Vec<CustomRole>> {
        let partition = tenant_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::Prefix(Key::ROLES.to_owned()));
        let items = self.table.query_all(&query).await?.into_iter();
        items
            .map(|item| decode::<RoleItem>(item).map(CustomRole::from))
            .collect()
    }

    /// One of them.
    pub async fn role(&self, role: RoleId) -> Result<Option<CustomRole>> {
        let found: Option<RoleItem> = self.table.get(&Key::role(&self.scope, role)).await?;
        Ok(found.map(CustomRole::from))
    }

    /// Stores a new role, if the tenant has fewer than [`ROLES_MAX`]; else it is [`domain::Error::QuotaExceeded`]. `held`
    /// are the rights that the decision rests on.
    pub async fn create_role(
        &self,
        role: &CustomRole,
        claim: Option<&IdempotencyClaim>,
        held: &Standing,
        act: &Act,
    ) -> Result<Defined> {
        let item = RoleItem {
            id: role.id,
            ten: self.scope.tenant(),
            name: role.name.clone(),
            perms: role.permissions.clone(),
            mems: 0,
            ver: role.version,
            ca: role.created_at,
        };
        let detail = json!({ "name": role.name, "permissions": role.permissions });
        let demand = Demand {
            counter: Counter::Roles,
            amount: 1,
            limit: ROLES_MAX,
        };
        let mut writes = vec![
            names::take(&self.scope, Named::Role, &role.name, &role.id)?,
            demand.write(&self.scope)?,
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(act, EventKind::RoleCreated, Subject::Role(role.id), detail)?,
        ];
        if let Some(claim) = claim {
            writes.push(self.claim(claim, &role.id, act.at)?);
        }
        self.define(writes, held, Refusable::Place(demand)).await
    }

    /// Stores a role that was changed since it was read. `held` are the rights that the decision rests on, with those of
    /// whoever has it.
    pub async fn change_role(
        &self,
        seen: &CustomRole,
        changed: &CustomRole,
        held: &Standing,
        act: &Act,
    ) -> Result<Defined> {
        let detail = json!({
            "name": changed.name,
            "permissions": changed.permissions,
            "permissions_before": seen.permissions,
        });
        let both = (seen.name.as_str(), changed.name.as_str());
        let mut writes = names::exchange(&self.scope, Named::Role, both, &seen.id)?;
        let refusable = Refusable::name_of(&writes);
        // Members come and go meanwhile: their number is not written.
        let actions = vec![
            Action::Set("name", text(&changed.name)),
            Action::Set("perms", value(&changed.permissions)?),
            Action::Set("ver", number(changed.version)),
        ];
        let role = Write::update(Key::role(&self.scope, seen.id), actions);
        writes.push(role.when(version_is(seen.version)));
        writes.push(note_change(&self.scope));
        writes.push(self.event_write(
            act,
            EventKind::RoleChanged,
            Subject::Role(seen.id),
            detail,
        )?);
        self.define(writes, held, refusable).await
    }

    /// Deletes a role, as it was read, that nobody has.
    pub async fn delete_role(
        &self,
        seen: &CustomRole,
        held: &Standing,
        act: &Act,
    ) -> Result<Defined> {
        let detail = json!({ "name": seen.name, "permissions": seen.permissions });
        let writes = vec![
            names::release(&self.scope, Named::Role, &seen.name),
            Write::delete(Key::role(&self.scope, seen.id)).when(unused(seen.version)),
            release(&self.scope, Counter::Roles, 1),
            self.event_write(act, EventKind::RoleDeleted, Subject::Role(seen.id), detail)?,
        ];
        self.define(writes, held, Refusable::Use(1)).await
    }

    /// Writes what defines a role or a group.
    pub(crate) async fn define(
        &self,
        mut writes: Vec<Write>,
        held: &Standing,
        refusable: Refusable,
    ) -> Result<Defined> {
        held.hold(&mut writes);
        let refused = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Defined::Done),
            Transacted::Refused(refused) => refused,
        };
        let all_within = |places: &[usize]| refused.iter().all(|one| places.contains(&one.index));
        Ok(match refusable {
            Refusable::Name | Refusable::Place(_) if all_within(&[0]) => Defined::NameTaken,
            // The first may be refused beside it: no name helps where there is no place.
            Refusable::Place(demand) if all_within(&[0, 1]) => return Err(demand.refusal()),
            Refusable::Use(place) if refused.iter().any(|write| is_used(write, place)) => {
                Defined::InUse
            }
            Refusable::Name | Refusable::Place(_) | Refusable::Use(_) | Refusable::Nothing => {
                Defined::Stale
            }
        })
    }
}

/// What can be refused other than because something changed, by the place of its write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusable {
    /// Taking a name, which is the first write.
    Name,
    /// The same, and taking this of what the tenant may have, which is the second write.
    Place(Demand),
    /// Deleting what members may have.
    Use(usize),
    Nothing,
}

impl Refusable {
    /// The writes so far take a name, or are none.
    pub(crate) fn name_of(writes: &[Write]) -> Self {
        if writes.is_empty() {
            Self::Nothing
        } else {
            Self::Name
        }
    }
}

fn is_used(write: &RefusedWrite, place: usize) -> bool {
    let members = |old| number_of::<u64>(old, MEMBERS);
    write.index == place && write.old.as_ref().and_then(members).unwrap_or(0) > 0
}

/// That a role or a group is as it was read, and that nobody has it.
pub(crate) fn unused(version: u64) -> Condition {
    Condition::All(vec![
        version_is(version),
        Condition::Equals(MEMBERS, number(0)),
    ])
}
