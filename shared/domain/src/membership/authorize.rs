//! The one decision about who may do what.

use super::{Permission, PermissionSet, Rights};
use crate::id::AccountId;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Something that a permission is for.
    Use(Permission),
    /// Give somebody these rights: by an invitation, another role or other accounts.
    Grant(&'a Rights),
    /// Take all rights from somebody: remove a member, withdraw an invitation, leave.
    Revoke,
    /// Make, change or delete a role; these are the permissions that it has afterwards.
    DefineRole(&'a PermissionSet),
    /// Make, change or delete an account group; these are the accounts that it has afterwards.
    DefineGroup(&'a [AccountId]),
}

/// What the thing that is acted on is to the actor.
#[derive(Clone, Copy, Debug)]
pub enum Relation<'a> {
    /// The actor's tenant as a whole, or something new in it.
    OwnTenant,
    /// Something of the tenant on these accounts: an account, a post.
    OnAccounts(&'a [AccountId]),
    /// The actor's own membership.
    Oneself,
    /// Another member, or an invitation, with these rights.
    Holder(&'a Rights),
    /// A role of the tenant.
    Role {
        /// What it allows.
        permissions: &'a PermissionSet,
        /// The rights of everybody else who has it, or is invited to it.
        holders: &'a [Rights],
    },
    /// An account group of the tenant.
    Group {
        /// Its accounts.
        accounts: &'a [AccountId],
        /// The rights of everybody else who is limited to it, of invitations that are, and of API keys.
        holders: &'a [Rights],
    },
    /// Something of another tenant.
    OtherTenant,
    /// Something of another tenant that the actor's may support, and which consents.
    Supported,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The actor must not even learn that it exists.
    Hidden,
    /// The actor lacks the permission for such acts.
    Lacks(Permission),
    /// The actor would give permissions that they lack.
    BeyondOwn(Vec<Permission>),
    /// The actor would give, or take, access to accounts that they cannot use themselves.
    BeyondOwnAccounts,
    /// Whom or what it is about has rights that the actor lacks.
    Outranked,
    /// Somebody who has what it is about has rights that the actor lacks.
    HolderOutranks,
    /// Only owners have these permissions; no role can be made of them.
    OwnersOnly(Permission),
    /// Support reads, and not everything.
    NotForSupport,
}

/// Whether somebody with the rights `actor` may do `action` to what stands in `relation` to them.
///
/// Nobody gives what they lack, and nobody touches who has more than they: so no sequence of acts gives anybody a right
/// that no actor of the sequence had. A role and a group are part of what their holders have, so whoever changes one
/// touches all of them; whoever has all that they have, and all that it is made of, gives none of them more than that. That a tenant keeps an owner is for the table to decide, which alone sees all
/// members at once.
pub fn authorize(actor: &Rights, action: Action<'_>, relation: Relation<'_>) -> Result<(), Denial> {
    match relation {
        Relation::OtherTenant => return Err(Denial::Hidden),
        Relation::Supported => return supports(actor, action),
        Relation::OwnTenant
        | Relation::OnAccounts(_)
        | Relation::Oneself
        | Relation::Holder(_)
        | Relation::Role { .. }
        | Relation::Group { .. } => {}
    }
    match action {
        Action::Use(permission) => {
            has(actor, permission)?;
            sees(actor, relation)
        }
        Action::Grant(granted) => {
            has(actor, Permission::ManageMembers)?;
            touches(actor, relation)?;
            owns(actor, &granted.permissions)?;
            if granted.accounts.is_within(&actor.accounts) {
                Ok(())
            } else {
                Err(Denial::BeyondOwnAccounts)
            }
        }
        Action::Revoke => {
            if matches!(relation, Relation::Oneself) {
                return Ok(());
            }
            has(actor, Permission::ManageMembers)?;
            touches(actor, relation)
        }
        Action::DefineRole(permissions) => {
            has(actor, Permission::ManageRoles)?;
            touches(actor, relation)?;
            if let Some(reserved) = permissions.iter().find(|one| one.is_owners_only()) {
                return Err(Denial::OwnersOnly(reserved));
            }
            owns(actor, permissions)
        }
        Action::DefineGroup(accounts) => {
            has(actor, Permission::ManageRoles)?;
            touches(actor, relation)?;
            if actor.accounts.includes_all(accounts.iter().copied()) {
                Ok(())
            } else {
                Err(Denial::BeyondOwnAccounts)
            }
        }
    }
}

/// What else somebody may do in their own tenant is of no use to them here.
fn supports(actor: &Rights, action: Action<'_>) -> Result<(), Denial> {
    if !actor.permissions.contains(Permission::SupportTenants) {
        return Err(Denial::Hidden);
    }
    match action {
        Action::Use(permission) if permission.is_for_support() => Ok(()),
        Action::Use(_)
        | Action::Grant(_)
        | Action::Revoke
        | Action::DefineRole(_)
        | Action::DefineGroup(_) => Err(Denial::NotForSupport),
    }
}

fn has(actor: &Rights, permission: Permission) -> Result<(), Denial> {
    if actor.permissions.contains(permission) {
        Ok(())
    } else {
        Err(Denial::Lacks(permission))
    }
}

/// What is on accounts that the actor cannot use does not exist for them.
fn sees(actor: &Rights, relation: Relation<'_>) -> Result<(), Denial> {
    match relation {
        Relation::OnAccounts(accounts)
            if !actor.accounts.includes_all(accounts.iter().copied()) =>
        {
            Err(Denial::Hidden)
        }
        Relation::OtherTenant | Relation::Supported => Err(Denial::Hidden),
        Relation::OnAccounts(_)
        | Relation::OwnTenant
        | Relation::Oneself
        | Relation::Holder(_)
        | Relation::Role { .. }
        | Relation::Group { .. } => Ok(()),
    }
}

/// Whether the actor may change what has rights of its own.
fn touches(actor: &Rights, relation: Relation<'_>) -> Result<(), Denial> {
    let reaches = |accounts: &[AccountId]| actor.accounts.includes_all(accounts.iter().copied());
    let (outranks, holders) = match relation {
        Relation::OwnTenant | Relation::Oneself => (true, &[][..]),
        Relation::Holder(rights) => (rights.is_within(actor), &[][..]),
        Relation::OnAccounts(accounts) => (reaches(accounts), &[][..]),
        Relation::Role {
            permissions,
            holders,
        } => (permissions.is_within(&actor.permissions), holders),
        Relation::Group { accounts, holders } => (reaches(accounts), holders),
        Relation::OtherTenant | Relation::Supported => return Err(Denial::Hidden),
    };
    if !outranks {
        Err(Denial::Outranked)
    } else if holders.iter().all(|holder| holder.is_within(actor)) {
        Ok(())
    } else {
        Err(Denial::HolderOutranks)
    }
}

fn owns(actor: &Rights, granted: &PermissionSet) -> Result<(), Denial> {
    let beyond = granted.beyond(&actor.permissions);
    if beyond.is_empty() {
        Ok(())
    } else {
        Err(Denial::BeyondOwn(beyond))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::{AccountReach, Role};
    use crate::tenant::ROOT_TENANT;

    fn all_of(role: Role) -> Rights {
        Rights::of_role(role)
    }

    fn limited(role: Role, accounts: impl IntoIterator<Item = AccountId>) -> Rights {
        Rights {
            accounts: AccountReach::only(accounts),
            ..all_of(role)
        }
    }

    fn account(number: u128) -> AccountId {
        AccountId::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn id_39_admin_makes_admins_but_no_owner() {
        let admin = all_of(Role::Admin);
        let owner = all_of(Role::Owner);

        assert_eq!(
            authorize(&admin, Action::Grant(&admin), Relation::OwnTenant),
            Ok(())
        );
        assert_eq!(
            authorize(&admin, Action::Grant(&owner), Relation::OwnTenant),
            Err(Denial::BeyondOwn(vec![
                Permission::DeleteTenant,
                Permission::AllowSupport
            ]))
        );
    }

    #[test]
    fn id_39_admin_touches_no_owner() {
        let admin = all_of(Role::Admin);
        let owner = all_of(Role::Owner);
        let viewer = all_of(Role::Viewer);

        for action in [Action::Revoke, Action::Grant(&viewer)] {
            assert_eq!(
                authorize(&admin, action, Relation::Holder(&owner)),
                Err(Denial::Outranked)
            );
        }
    }

    #[test]
    fn id_39_everybody_may_leave_and_nobody_else_needs_no_permission() {
        for role in Role::ALL {
            assert_eq!(
                authorize(&all_of(role), Action::Revoke, Relation::Oneself),
                Ok(())
            );
        }
        let editor = all_of(Role::Editor);
        assert_eq!(
            authorize(
                &editor,
                Action::Revoke,
                Relation::Holder(&all_of(Role::Viewer))
            ),
            Err(Denial::Lacks(Permission::ManageMembers))
        );
    }

    #[test]
    fn id_39_whoever_is_limited_to_accounts_gives_no_others() {
        let account = AccountId::from_uuid(uuid::Uuid::from_u128(7));
        let limited = Rights {
            accounts: AccountReach::only([account]),
            ..all_of(Role::Admin)
        };

        assert_eq!(
            authorize(
                &limited,
                Action::Grant(&all_of(Role::Viewer)),
                Relation::OwnTenant
            ),
            Err(Denial::BeyondOwnAccounts)
        );
        let within = Rights {
            permissions: Role::Viewer.permissions(),
            ..limited.clone()
        };
        assert_eq!(
            authorize(&limited, Action::Grant(&within), Relation::OwnTenant),
            Ok(())
        );
    }

    #[test]
    fn id_39_no_role_is_made_of_what_owners_alone_have() {
        let owner = all_of(Role::Owner);

        assert_eq!(
            authorize(
                &owner,
                Action::DefineRole(&owner.permissions),
                Relation::OwnTenant
            ),
            Err(Denial::OwnersOnly(Permission::DeleteTenant))
        );
    }

    #[test]
    fn id_39_role_of_somebody_at_more_accounts_is_not_changed() {
        let (mine, other) = (account(7), account(8));
        let limited = limited(Role::Admin, [mine]);
        let permissions = Role::Viewer.permissions();
        let change = |holders: &[Rights]| {
            let relation = Relation::Role {
                permissions: &permissions,
                holders,
            };
            authorize(&limited, Action::DefineRole(&permissions), relation)
        };

        assert_eq!(change(&[self::limited(Role::Viewer, [mine])]), Ok(()));
        for more in [
            all_of(Role::Viewer),
            self::limited(Role::Viewer, [mine, other]),
        ] {
            assert_eq!(change(&[more]), Err(Denial::HolderOutranks));
        }
    }

    #[test]
    fn id_39_group_of_somebody_with_more_permissions_is_not_changed() {
        let one = [account(7)];
        let lead = Rights {
            permissions: [Permission::ManageRoles, Permission::ReadPosts]
                .into_iter()
                .collect(),
            accounts: AccountReach::All,
        };
        let reader = Rights {
            permissions: [Permission::ReadPosts].into_iter().collect(),
            accounts: AccountReach::only(one),
        };
        let change = |after: &[AccountId], holders: &[Rights]| {
            let relation = Relation::Group {
                accounts: &one,
                holders,
            };
            authorize(&lead, Action::DefineGroup(after), relation)
        };

        for after in [&[][..], &[one[0], account(8)]] {
            assert_eq!(change(after, std::slice::from_ref(&reader)), Ok(()));
            assert_eq!(
                change(after, &[reader.clone(), limited(Role::Editor, one)]),
                Err(Denial::HolderOutranks)
            );
        }
    }

    #[test]
    fn id_42_support_reads_some_things_and_changes_nothing() {
        let owner = all_of(Role::Owner);
        let supporter = Rights {
            permissions: Role::Admin.permissions_in(ROOT_TENANT),
            ..owner.clone()
        };

        for permission in Permission::ALL {
            let used = Action::Use(permission);
            let expected = if permission.is_for_support() {
                Ok(())
            } else {
                Err(Denial::NotForSupport)
            };
            assert_eq!(authorize(&supporter, used, Relation::Supported), expected);
            assert_eq!(
                authorize(&owner, used, Relation::Supported),
                Err(Denial::Hidden)
            );
        }
        let viewer = all_of(Role::Viewer);
        for action in [Action::Grant(&viewer), Action::Revoke] {
            assert_eq!(
                authorize(&supporter, action, Relation::Supported),
                Err(Denial::NotForSupport)
            );
        }
        assert!(Rights::of_support().is_within(&all_of(Role::Author)));
    }

    #[test]
    fn id_37_what_is_elsewhere_is_hidden_from_everybody() {
        let owner = all_of(Role::Owner);
        let limited = Rights {
            accounts: AccountReach::only([]),
            ..owner.clone()
        };
        let account = [AccountId::from_uuid(uuid::Uuid::from_u128(7))];
        let read = Action::Use(Permission::ReadPosts);

        assert_eq!(
            authorize(&owner, read, Relation::OtherTenant),
            Err(Denial::Hidden)
        );
        assert_eq!(
            authorize(&limited, read, Relation::OnAccounts(&account)),
            Err(Denial::Hidden)
        );
        assert_eq!(
            authorize(&owner, read, Relation::OnAccounts(&account)),
            Ok(())
        );
    }
}
