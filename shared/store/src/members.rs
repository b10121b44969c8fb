//! The members of a tenant: who they are, and how they come, change and go.

use domain::event::{EventKind, Subject};
use domain::membership::{AccountLimit, AssignedRole, Invitation, Membership};
use domain::{Error, Result, UserId};
use serde_json::{Value, json};

use crate::attribute::{number, text};
use crate::condition::{Action, Condition, Write};
use crate::departures;
use crate::events::Act;
use crate::item::{SCHEMA, TYPE, decode};
use crate::key::{Counter, Key, tenant_partition};
use crate::memberships::{MembershipItem, put};
use crate::scope::{TenantScope, TenantTable};
use crate::standing::{Standing, standing, version_is};
use crate::table::{Query, Range, key_attributes};
use crate::transaction::Transacted;
use crate::usage::USED;

/// How many members are owners, on the item that counts all of them.
pub(crate) const OWNERS: &str = "owners";
/// How often it changed what anybody may do, on that item.
pub(crate) const VERSION: &str = "ver";
/// How many members have a role, or are limited to a group, on its item.
pub(crate) const MEMBERS: &str = "mems";

/// Members that one query of a search for owners reads.
const PAGE: i32 = 200;

/// Some members of a list.
#[derive(Debug)]
pub struct MemberPage {
    /// The members, in the order of their ids.
    pub members: Vec<Membership>,
    /// The last one, where there are more.
    pub next: Option<UserId>,
}

/// Somebody who is to become a member.
#[derive(Debug)]
pub struct Admission<'a> {
    /// As what.
    pub membership: &'a Membership,
    /// The most members that the tenant may have.
    pub members_max: u64,
    /// The rights that the decision rests on.
    pub held: &'a [&'a Standing],
    /// The invitation, as it was read, that this uses up.
    pub invitation: Option<&'a Invitation>,
}

/// How the admission of a member ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// They are a member.
    Done,
    /// They were one already.
    Already,
    /// Something that the decision rests on changed: read it again and decide anew.
    Stale,
}

/// How a change of a member ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberSaved {
    /// It happened.
    Done,
    /// Something that the decision rests on changed: read it again and decide anew.
    Stale,
    /// It would leave the tenant without an owner.
    LastOwner,
}

impl TenantTable<'_> {
    /// A member.
    pub async fn membership(&self, user: UserId) -> Result<Option<Membership>> {
        let key = Key::membership(self.scope.tenant(), user);
        let found: Option<MembershipItem> = self.table.get(&key).await?;
        Ok(found.map(Membership::from))
    }

    /// Up to `limit` members after `after`.
    pub async fn member_page(&self, after: Option<UserId>, limit: i32) -> Result<MemberPage> {
        let tenant = self.scope.tenant();
        let range = Range::Prefix(Key::MEMBERS.to_owned());
        let query = Query::of_table(tenant_partition(tenant), range).limit(limit);
        let start = after.map(|user| key_attributes(&Key::membership(tenant, user)));
        let page = self.table.query(&query, start).await?;
        let members = page
            .items
            .into_iter()
            .map(|item| decode::<MembershipItem>(item).map(Membership::from))
            .collect::<Result<Vec<_>>>()?;
        let last = members.last().map(|member| member.user);
        Ok(MemberPage {
            next: page.next.and(last),
            members,
        })
    }

    /// Owners, up to `most` of them.
    pub(crate) async fn owners(&self, most: usize) -> Result<Vec<UserId>> {
        let (mut owners, mut after) = (Vec::new(), None);
        loop {
            let page = self.member_page(after, PAGE).await?;
            let found = page.members.iter().filter(|member| member.role.is_owner());
            owners.extend(found.map(|member| member.user));
            owners.truncate(most);
            after = page.next;
            if after.is_none() || owners.len() == most {
                return Ok(owners);
            }
        }
    }

    /// What a role at some accounts amounts to now; `None` where the role or a group does not exist.
    pub async fn standing_of(
        &self,
        role: AssignedRole,
        limit: &AccountLimit,
    ) -> Result<Option<Standing>> {
        let found = standing(self.table, self.scope.tenant(), role, limit).await?;
        Ok(found.is_complete.then_some(found.standing))
    }

    /// The rights of a member, of whatever is left of their role and groups.
    pub async fn standing_of_member(&self, member: &Membership) -> Result<Standing> {
        let tenant = self.scope.tenant();
        let found = standing(self.table, tenant, member.role, &member.limit).await?;
        Ok(found.standing)
    }

    /// Makes somebody a member. Too many members are [`Error::QuotaExceeded`].
    pub async fn admit_member(&self, new: &Admission<'_>, act: &Act) -> Result<Admitted> {
        let membership = new.membership;
        let subject = Subject::Member(membership.user);
        let detail = json!({
            "role": membership.role,
            "account_groups": groups(&membership.limit),
            "invitation": new.invitation.map(|used| used.id),
            "invited_by": new.invitation.map(|used| used.invited_by),
        });
        let owners = owners(Some(membership));
        let mut writes = vec![
            put(membership)?.when(Condition::item_absent()),
            count(&self.scope, 1, owners, Some(new.members_max)),
            self.event_write(act, EventKind::MemberJoined, subject, detail)?,
            departures::has_not_departed(membership.user),
        ];
        writes.extend(uses(&self.scope, None, Some(membership)));
        writes.extend(new.invitation.map(|used| self.end_invitation(used)));
        for standing in new.held {
            standing.hold(&mut writes);
        }
        let refused = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Admitted::Done),
            Transacted::Refused(refused) => refused,
        };
        if refused.iter().any(|write| write.index == 0) {
            return Ok(Admitted::Already);
        }
        if refused.iter().any(|write| write.index == 1) {
            return Err(Error::QuotaExceeded {
                what: "members",
                limit: new.members_max,
            });
        }
        Ok(Admitted::Stale)
    }

    /// Gives a member, as it was read, another role or other accounts. `held` are the rights that the decision rests on.
    pub async fn change_member(
        &self,
        seen: &Membership,
        changed: &Membership,
        held: &[&Standing],
        act: &Act,
    ) -> Result<MemberSaved> {
        let detail = json!({
            "role": changed.role,
            "role_before": seen.role,
            "account_groups": groups(&changed.limit),
            "account_groups_before": groups(&seen.limit),
        });
        let subject = Subject::Member(seen.user);
        let mut writes = vec![put(changed)?.when(version_is(seen.version))];
        let owners = owners(Some(changed)) - owners(Some(seen));
        writes.push(count(&self.scope, 0, owners, None));
        writes.extend(uses(&self.scope, Some(seen), Some(changed)));
        writes.push(self.event_write(act, EventKind::MemberChanged, subject, detail)?);
        self.save_member(writes, held).await
    }

    /// Takes a member, as it was read, out of the tenant.
    pub async fn remove_member(
        &self,
        seen: &Membership,
        held: &[&Standing],
        act: &Act,
    ) -> Result<MemberSaved> {
        self.save_member(self.removal(seen, act)?, held).await
    }

    /// The writes that take a member, as it was read, out of the tenant: refused where it would leave no owner.
    pub(crate) fn removal(&self, seen: &Membership, act: &Act) -> Result<Vec<Write>> {
        let detail = json!({ "role": seen.role });
        let subject = Subject::Member(seen.user);
        let key = Key::membership(seen.tenant, seen.user);
        let mut writes = vec![Write::delete(key).when(version_is(seen.version))];
        writes.push(count(&self.scope, -1, -owners(Some(seen)), None));
        writes.extend(uses(&self.scope, Some(seen), None));
        writes.push(self.event_write(act, EventKind::MemberRemoved, subject, detail)?);
        Ok(writes)
    }

    async fn save_member(&self, mut writes: Vec<Write>, held: &[&Standing]) -> Result<MemberSaved> {
        for standing in held {
            standing.hold(&mut writes);
        }
        let counter = Key::usage(&self.scope, Counter::Members);
        let place = writes.iter().position(|write| write.key == counter);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(MemberSaved::Done),
            Transacted::Refused(refused) if refused.iter().all(|one| Some(one.index) == place) => {
                Ok(MemberSaved::LastOwner)
            }
            Transacted::Refused(_) => Ok(MemberSaved::Stale),
        }
    }
}

/// The first member of a tenant, its owner, counted.
pub(crate) fn count_first(scope: &TenantScope) -> Write {
    count(scope, 1, 1, None)
}

/// The write that tells of a change of what somebody may do, or may come to: whatever was decided about
/// [everybody](crate::Holders) before it is decided anew.
pub(crate) fn note_change(scope: &TenantScope) -> Write {
    count(scope, 0, 0, None)
}

/// The write that counts members and owners, and notes the change: refused where it would leave no owner, or more members
/// than `limit`.
fn count(scope: &TenantScope, members: i8, owners: i8, limit: Option<u64>) -> Write {
    let mut conditions = Vec::new();
    if owners < 0 {
        conditions.push(Condition::Above(OWNERS, number(1)));
    }
    if let Some(limit) = limit {
        conditions.push(Condition::Any(vec![
            Condition::Absent(USED),
            Condition::Below(USED, number(limit)),
        ]));
    }
    let write = Write::update(
        Key::usage(scope, Counter::Members),
        vec![
            Action::Add(USED, number(members)),
            Action::Add(OWNERS, number(owners)),
            Action::Add(VERSION, number(1)),
            Action::Set(TYPE, text("usage")),
            Action::Set(SCHEMA, number(1)),
        ],
    );
    if conditions.is_empty() {
        write
    } else {
        write.when(Condition::All(conditions))
    }
}

/// 1 for an owner.
fn owners(member: Option<&Membership>) -> i8 {
    i8::from(member.is_some_and(|member| member.role.is_owner()))
}

/// The writes that count who has a role or is limited to a group. What somebody gets must exist.
pub(crate) fn uses(
    scope: &TenantScope,
    before: Option<&Membership>,
    after: Option<&Membership>,
) -> Vec<Write> {
    let keys = |member: Option<&Membership>| -> Vec<Key> {
        let Some(member) = member else {
            return Vec::new();
        };
        let role = member.role.custom().map(|role| Key::role(scope, role));
        let groups = member.limit.groups();
        let groups = groups.map(|group| Key::account_group(scope, group));
        role.into_iter().chain(groups).collect()
    };
    let (before, after) = (keys(before), keys(after));
    let lost = before.iter().filter(|key| !after.contains(key));
    let gained = after.iter().filter(|key| !before.contains(key));
    let write = |key: &Key, change: i8| {
        Write::update(key.clone(), vec![Action::Add(MEMBERS, number(change))])
            .when(Condition::item_exists())
    };
    lost.map(|key| write(key, -1))
        .chain(gained.map(|key| write(key, 1)))
        .collect()
}

/// The groups of a limit for events: `null` for none.
pub(crate) fn groups(limit: &AccountLimit) -> Value {
    match limit {
        AccountLimit::Unlimited => Value::Null,
        AccountLimit::Groups(groups) => json!(groups),
    }
}
