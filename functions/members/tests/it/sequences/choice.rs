//! What a step comes to in a tenant as it is by then.

use std::collections::BTreeSet;

use domain::AccountId;
use domain::membership::{Permission, Role};

use super::model::{Model, Position};
use super::pairs::{Holder, Place, of};
use super::steps::{Deed, Kind, Step};
use super::world::PEOPLE;

/// What roles allow. Each can read the tenant: what somebody has is what they are answered, and is unknown without that.
pub(super) const ROLES: [&[Permission]; 5] = [
    &[Permission::ReadTenant, Permission::ReadPosts],
    &[
        Permission::ReadTenant,
        Permission::ReadMembers,
        Permission::ManageMembers,
        Permission::ManageRoles,
        Permission::WriteDrafts,
    ],
    &[
        Permission::ReadTenant,
        Permission::ManageMembers,
        Permission::ReadPosts,
        Permission::SchedulePosts,
    ],
    &[
        Permission::ReadTenant,
        Permission::ManageRoles,
        Permission::ManageApiKeys,
        Permission::ReadPosts,
    ],
    &[Permission::ReadTenant, Permission::ManageAccounts],
];

/// What keys are made for.
const SCOPES: [&[Permission]; 3] = [
    &[Permission::ReadTenant, Permission::ReadPosts],
    &[Permission::ReadTenant, Permission::SchedulePosts],
    &[Permission::ReadTenant, Permission::ManageAccounts],
];

impl Step {
    /// Who does what. Where there is nothing of what is to be changed, something is made; where
    /// there is nobody to invite, somebody goes.
    pub(super) fn deed(&self, model: &Model) -> (usize, Deed) {
        let Self {
            kind,
            by,
            choices: [one, other, third],
        } = *self;
        let lists = &model.lists;
        let by = actor(model, kind, by);
        let whom = chosen(lists.members.keys().copied(), one).expect("a tenant has members");
        let made = lists.roles.keys().filter(|role| !is_built_in(role));
        let role = chosen(made, one).cloned();
        let groups = lists.groups.keys().filter(|group| {
            // Those that nobody is limited to are few.
            kind != Kind::DeleteGroup || third.is_multiple_of(2) || !is_in_use(model, group)
        });
        let group = chosen(groups, one).cloned();
        let invited = chosen(lists.invitations.keys().copied(), one);
        let working = model.keys.iter().filter(|(_, key)| !key.has_ended);
        let key = chosen(working, one).map(|(id, _)| id.clone());
        let deed = match (kind, role, group, invited, key) {
            (Kind::Assign, ..) => Deed::Assign {
                whom,
                role: any_role(model, other),
            },
            (Kind::Limit, ..) => Deed::Limit {
                whom,
                groups: limit(model, other),
            },
            (Kind::Remove, ..) => Deed::Remove { whom },
            (Kind::Leave, ..) => Deed::Leave,
            (Kind::ChangeRole, Some(role), ..) => Deed::ChangeRole {
                role,
                permissions: permissions(&ROLES, other),
            },
            (Kind::DeleteRole, Some(role), ..) => Deed::DeleteRole {
                role,
                replacement: (third % 3 > 0).then(|| any_role(model, other)),
            },
            (Kind::MakeRole | Kind::ChangeRole | Kind::DeleteRole, ..) => Deed::MakeRole {
                permissions: permissions(&ROLES, other),
            },
            (Kind::ChangeGroup, _, Some(group), ..) => Deed::ChangeGroup {
                group,
                accounts: accounts(model, other),
            },
            (Kind::DeleteGroup, _, Some(group), ..) => Deed::DeleteGroup { group },
            (Kind::MakeGroup | Kind::ChangeGroup | Kind::DeleteGroup, ..) => Deed::MakeGroup {
                accounts: accounts(model, other),
            },
            (Kind::Resend, _, _, Some(whom), _) => Deed::Resend { whom },
            (Kind::Withdraw, _, _, Some(whom), _) => Deed::Withdraw { whom },
            (Kind::Accept, _, _, Some(whom), _) => {
                return (lists.invitations[&whom].by, Deed::Accept { whom });
            }
            (Kind::Invite | Kind::Resend | Kind::Withdraw | Kind::Accept, ..) => {
                match stranger(model, one) {
                    Some(whom) => Deed::Invite {
                        whom,
                        position: position(model, other, third),
                    },
                    None => Deed::Remove { whom },
                }
            }
            (Kind::RotateKey, .., Some(key)) => Deed::RotateKey { key },
            (Kind::RevokeKey, .., Some(key)) => Deed::RevokeKey { key },
            (Kind::MakeKey | Kind::RotateKey | Kind::RevokeKey, ..) => Deed::MakeKey {
                scopes: permissions(&SCOPES, other),
                groups: limit(model, third),
            },
        };
        (by, deed)
    }
}

/// Mostly somebody who has the permission for it, so that what they lack besides decides.
fn actor(model: &Model, kind: Kind, number: usize) -> usize {
    let rights = model.rights();
    let may = |person: &usize| {
        let has = |permission| {
            let held = of(&rights, &Holder::Person(*person));
            held.contains(&(permission, Place::Tenant))
        };
        number.is_multiple_of(6) || kind.needs().is_none_or(has)
    };
    let members = model.lists.members.keys().copied();
    chosen(members.filter(may), number / 6).expect("a tenant has an owner")
}

fn is_built_in(role: &str) -> bool {
    Role::ALL.into_iter().any(|one| one.name() == role)
}

fn is_in_use(model: &Model, group: &str) -> bool {
    let mut members = model.lists.members.values();
    members.any(|position| position.groups.iter().flatten().any(|one| one == group))
}

/// Somebody who is neither a member nor invited.
fn stranger(model: &Model, number: usize) -> Option<usize> {
    let lists = &model.lists;
    let is_known =
        |one: &usize| lists.members.contains_key(one) || lists.invitations.contains_key(one);
    chosen((0..PEOPLE).filter(|one| !is_known(one)), number)
}

/// Owners have all accounts: an invitation of one to some is refused for that alone.
fn position(model: &Model, role: usize, groups: usize) -> Position {
    let role = any_role(model, role);
    let groups = (role != "owner").then(|| limit(model, groups)).flatten();
    Position { role, groups }
}

fn any_role(model: &Model, number: usize) -> String {
    let role = chosen(model.lists.roles.keys(), number);
    role.expect("every tenant has roles").clone()
}

/// All accounts, those of a group, or those of two.
fn limit(model: &Model, number: usize) -> Option<BTreeSet<String>> {
    let groups = || model.lists.groups.keys();
    let first = chosen(groups(), number / 4)?;
    let second = chosen(groups(), number / 4 + 1)?;
    match number % 4 {
        0 => None,
        1 | 2 => Some(BTreeSet::from([first.clone()])),
        _ => Some(BTreeSet::from([first.clone(), second.clone()])),
    }
}

/// Any of the accounts, or none.
fn accounts(model: &Model, number: usize) -> BTreeSet<AccountId> {
    let accounts = model.accounts.iter().copied().enumerate();
    accounts
        .filter(|(place, _)| (number >> place) & 1 == 1)
        .map(|(_, account)| account)
        .collect()
}

fn permissions(sets: &[&[Permission]], number: usize) -> BTreeSet<Permission> {
    let set = chosen(sets, number).expect("some permissions");
    set.iter().copied().collect()
}

fn chosen<T>(among: impl IntoIterator<Item = T>, number: usize) -> Option<T> {
    let mut among: Vec<T> = among.into_iter().collect();
    let place = number.checked_rem(among.len())?;
    Some(among.swap_remove(place))
}
