//! What everybody has by the acts that were allowed, and by nothing else.

use std::collections::{BTreeMap, BTreeSet};

use domain::AccountId;
use domain::membership::Permission;

use super::pairs::{Holder, Pairs, Place, Rights, of, pairs};

/// A role at some accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The word or the id of the role.
    pub(super) role: String,
    /// The groups that it is limited to.
    pub(super) groups: Option<BTreeSet<String>>,
}

/// An open invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invitation {
    pub(super) id: String,
    /// Who gives what it gives.
    pub(super) by: usize,
    pub(super) position: Position,
}

/// All that a tenant shows in its lists. People are numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lists {
    pub(super) members: BTreeMap<usize, Position>,
    /// Those of every tenant too.
    pub(super) roles: BTreeMap<String, BTreeSet<Permission>>,
    pub(super) groups: BTreeMap<String, BTreeSet<AccountId>>,
    /// By whom they invite.
    pub(super) invitations: BTreeMap<usize, Invitation>,
}

/// An API key, also one that does not work any more.
#[derive(Clone, Debug)]
pub(super) struct MadeKey {
    pub(super) secret: String,
    pub(super) maker: usize,
    pub(super) scopes: BTreeSet<Permission>,
    pub(super) groups: Option<BTreeSet<String>>,
    pub(super) has_ended: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    /// All accounts of the tenant.
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) lists: Lists,
    /// By their ids.
    pub(super) keys: BTreeMap<String, MadeKey>,
}

impl Model {
    /// What everybody, and everything, has now.
    pub(super) fn rights(&self) -> Rights {
        let members = self.lists.members.iter();
        let mut rights: Rights = members
            .map(|(person, position)| (Holder::Person(*person), self.position(position)))
            .collect();
        let people = rights.clone();
        for (whom, invitation) in &self.lists.invitations {
            rights.insert(
                Holder::Invitation(*whom),
                self.gives(invitation, &of(&people, &Holder::Person(invitation.by))),
            );
        }
        for (id, key) in &self.keys {
            let maker = of(&people, &Holder::Person(key.maker));
            rights.insert(Holder::Key(id.clone()), self.key(key, &maker));
        }
        rights
    }

    /// Somebody who owns the tenant.
    pub(super) fn owner(&self) -> Option<usize> {
        let mut members = self.lists.members.iter();
        let owner = members.find(|(_, position)| position.role == "owner");
        owner.map(|(person, _)| *person)
    }

    fn position(&self, position: &Position) -> Pairs {
        let permissions = self.lists.roles.get(&position.role);
        let permissions = permissions.cloned().unwrap_or_default();
        let reach = self.reach(position.groups.as_ref());
        pairs(&permissions, reach.as_ref(), &self.accounts)
    }

    /// Nothing, unless whoever invited could still give all of it.
    fn gives(&self, invitation: &Invitation, inviter: &Pairs) -> Pairs {
        let position = &invitation.position;
        let mut groups = position.groups.iter().flatten();
        let is_there = self.lists.roles.contains_key(&position.role)
            && groups.all(|group| self.lists.groups.contains_key(group));
        let may_invite = inviter.contains(&(Permission::ManageMembers, Place::Tenant));
        let given = self.position(position);
        if is_there && may_invite && given.is_subset(inviter) {
            given
        } else {
            Pairs::new()
        }
    }

    fn key(&self, key: &MadeKey, maker: &Pairs) -> Pairs {
        if key.has_ended {
            return Pairs::new();
        }
        let reach = self.reach(key.groups.as_ref());
        let given = pairs(&key.scopes, reach.as_ref(), &self.accounts);
        given.intersection(maker).copied().collect()
    }

    /// The accounts of some groups. One that is not there has none.
    fn reach(&self, groups: Option<&BTreeSet<String>>) -> Option<BTreeSet<AccountId>> {
        let groups = groups?.iter();
        let found = groups.filter_map(|group| self.lists.groups.get(group));
        Some(found.flatten().copied().collect())
    }
}
