//! Who has a role, or is limited to an account group: whoever changes it changes what all of them may do.

use std::collections::{BTreeMap, BTreeSet};

use domain::api_key::{ApiKey, ApiKeyState};
use domain::membership::{
    AccountLimit, AccountReach, AssignedRole, Invitation, Membership, PermissionSet, Rights,
};
use domain::{AccountGroupId, AccountId, Result, RoleId, TenantId, UserId};
use jiff::Timestamp;

use crate::account_groups::GroupItem;
use crate::attribute::number_of;
use crate::invitations::InvitationItem;
use crate::item::{Item, decode, is};
use crate::key::{Counter, Key, tenant_partition};
use crate::members::VERSION;
use crate::memberships::MembershipItem;
use crate::roles::RoleItem;
use crate::scope::{TenantScope, TenantTable};
use crate::table::{Query, Range};

/// A part of what somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A role that the tenant made.
    Role(RoleId),
    /// An account group.
    Group(AccountGroupId),
}

/// Everybody who has a part, as far as their rights go. A [standing](crate::Standing::beside) that rests on it holds only
/// until anything changes that anybody in the tenant may do, so that nobody gets the part, or more beside it, meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// Their rights, each once.
    pub rights: Vec<Rights>,
    pub(crate) basis: Option<(Key, u64)>,
}

/// A role at some accounts.
type Place = (AssignedRole, AccountLimit);

impl TenantTable<'_> {
    /// Who has a part but `except`: members, open invitations, and of a group the keys that work. It reads all of them, so
    /// it is for those few who need it.
    pub async fn holders(&self, of: Part, except: UserId, now: Timestamp) -> Result<Holders> {
        let counter = Key::usage(&self.scope, Counter::Members);
        let counted = self.table.get_attributes(&counter).await?;
        // Before all that it counts the changes of.
        let version = counted.and_then(|item| number_of(&item, VERSION));
        let members = self.all::<MembershipItem, Membership>(Key::MEMBERS).await?;
        let invitations = self.all::<InvitationItem, Invitation>(Key::INVITATIONS);
        let invitations = invitations.await?.into_iter();
        let keys = match of {
            Part::Role(_) => Vec::new(),
            Part::Group(group) => self.keys_of(group, now).await?,
        };
        let others = members.iter().filter(|member| member.user != except);
        let mut holders: BTreeSet<Place> = others
            .map(|member| (member.role, member.limit.clone()))
            .collect();
        let open = invitations.filter(|invitation| !invitation.is_expired(now));
        holders.extend(open.map(|invitation| (invitation.role, invitation.limit)));
        holders.retain(|place| has(place, of));
        let makers = keys.iter().filter_map(|key| {
            let maker = members.iter().find(|member| {
                // A key ends with its maker's membership, also when they come back.
                member.user == key.created_by && member.created_at <= key.created_at
            })?;
            Some(((maker.role, maker.limit.clone()), key))
        });
        let makers: Vec<(Place, &ApiKey)> = makers.collect();
        let parts = Parts::read(self, &holders, &makers).await?;
        let mut rights: Vec<Rights> = holders.iter().map(|place| parts.rights(place)).collect();
        rights.extend(makers.iter().map(|(maker, key)| {
            let given = Rights {
                permissions: key.scopes.clone(),
                accounts: parts.reach(&key.limit),
            };
            parts.rights(maker).common(&given)
        }));
        Ok(Holders {
            rights,
            basis: Some((counter, version.unwrap_or(0))),
        })
    }

    async fn keys_of(&self, group: AccountGroupId, now: Timestamp) -> Result<Vec<ApiKey>> {
        let mut keys = self.api_keys().await?;
        keys.retain(|key| {
            key.state(now) == ApiKeyState::Active && key.limit.groups().any(|one| one == group)
        });
        Ok(keys)
    }

    /// Members are as many as the plan allows, invitations as many as mails of them are sent in their time.
    async fn all<I: Item, T: From<I>>(&self, prefix: &str) -> Result<Vec<T>> {
        let partition = tenant_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::Prefix(prefix.to_owned()));
        let items = self.table.query_all(&query).await?.into_iter();
        items.map(|item| Ok(decode::<I>(item)?.into())).collect()
    }
}

fn has((role, limit): &Place, part: Part) -> bool {
    match part {
        Part::Role(id) => *role == AssignedRole::Custom(id),
        Part::Group(id) => limit.groups().any(|group| group == id),
    }
}

/// All that the rights of some people are made of.
struct Parts {
    tenant: TenantId,
    roles: BTreeMap<RoleId, PermissionSet>,
    groups: BTreeMap<AccountGroupId, BTreeSet<AccountId>>,
}

impl Parts {
    async fn read(
        table: &TenantTable<'_>,
        holders: &BTreeSet<Place>,
        makers: &[(Place, &ApiKey)],
    ) -> Result<Self> {
        let tenant = table.scope.tenant();
        // Also what is out of the caller's reach.
        let scope = TenantScope::of_own_item(tenant);
        let places = || holders.iter().chain(makers.iter().map(|(maker, _)| maker));
        let roles: BTreeSet<RoleId> = places().filter_map(|(role, _)| role.custom()).collect();
        let groups: BTreeSet<AccountGroupId> = places()
            .flat_map(|(_, limit)| limit.groups())
            .chain(makers.iter().flat_map(|(_, key)| key.limit.groups()))
            .collect();
        let roles = roles.into_iter().map(|role| Key::role(&scope, role));
        let groups = groups.into_iter();
        let keys = roles.chain(groups.map(|group| Key::account_group(&scope, group)));
        let mut parts = Self {
            tenant,
            roles: BTreeMap::new(),
            groups: BTreeMap::new(),
        };
        for item in table.table.batch_get(&keys.collect::<Vec<_>>()).await? {
            if is::<RoleItem>(&item) {
                let role = decode::<RoleItem>(item)?;
                parts.roles.insert(role.id, role.perms.held_in(tenant));
            } else {
                let group = decode::<GroupItem>(item)?;
                parts.groups.insert(group.id, group.accs);
            }
        }
        Ok(parts)
    }

    fn rights(&self, (role, limit): &Place) -> Rights {
        Rights {
            permissions: match role {
                AssignedRole::BuiltIn(role) => role.permissions_in(self.tenant),
                AssignedRole::Custom(id) => self.roles.get(id).cloned().unwrap_or_default(),
            },
            accounts: self.reach(limit),
        }
    }

    fn reach(&self, limit: &AccountLimit) -> AccountReach {
        match limit {
            AccountLimit::Unlimited => AccountReach::All,
            AccountLimit::Groups(groups) => {
                let found = groups.iter().filter_map(|group| self.groups.get(group));
                AccountReach::only(found.flatten().copied())
            }
        }
    }
}
