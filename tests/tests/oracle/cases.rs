//! Every question that can be asked about who may do what.

use domain::AccountId;
use domain::membership::{
    AccountReach, Action, Permission, PermissionSet, Relation, Rights, Role, authorize,
};
use uuid::Uuid;

/// A role: one that every tenant has, or one that a tenant made.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    BuiltIn(Role),
    Made(PermissionSet),
}

/// Somebody in a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) role: Held,
    pub(crate) accounts: AccountReach,
}

/// A key that a program has of its maker.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) maker: Person,
    pub(crate) given: Rights,
}

#[derive(Clone, Debug)]
pub(crate) enum Actor {
    Person(Person),
    Key(Key),
}

/// What somebody wants.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Use(Permission),
    Grant(Rights),
    Revoke,
    DefineRole(PermissionSet),
    DefineGroup(Vec<AccountId>),
}

/// What it is about.
#[derive(Clone, Debug)]
pub(crate) enum About {
    OwnTenant,
    OtherTenant,
    /// Another tenant that theirs may support, with its consent.
    Supported,
    Oneself,
    OnAccounts(Vec<AccountId>),
    Holder(Rights),
    /// A role, and what somebody else has who has it.
    Role(PermissionSet, Option<Rights>),
    /// An account group, and what somebody else has who is limited to it.
    Group(Vec<AccountId>, Option<Rights>),
}

/// A question.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) actor: Actor,
    pub(crate) wanted: Wanted,
    pub(crate) about: About,
}

impl Held {
    pub(crate) fn permissions(&self) -> PermissionSet {
        match self {
            Self::BuiltIn(role) => role.permissions(),
            Self::Made(permissions) => permissions.clone(),
        }
    }
}

impl Person {
    pub(crate) fn rights(&self) -> Rights {
        Rights {
            permissions: self.role.permissions(),
            accounts: self.accounts.clone(),
        }
    }
}

impl Case {
    /// What the product says.
    pub(crate) fn is_allowed(&self) -> bool {
        let wanted = match &self.wanted {
            Wanted::Use(permission) => Action::Use(*permission),
            Wanted::Grant(rights) => Action::Grant(rights),
            Wanted::Revoke => Action::Revoke,
            Wanted::DefineRole(permissions) => Action::DefineRole(permissions),
            Wanted::DefineGroup(accounts) => Action::DefineGroup(accounts),
        };
        let about = match &self.about {
            About::OwnTenant => Relation::OwnTenant,
            About::OtherTenant => Relation::OtherTenant,
            About::Supported => Relation::Supported,
            About::Oneself => Relation::Oneself,
            About::OnAccounts(accounts) => Relation::OnAccounts(accounts),
            About::Holder(rights) => Relation::Holder(rights),
            About::Role(permissions, holder) => Relation::Role {
                permissions,
                holders: holder.as_slice(),
            },
            About::Group(accounts, holder) => Relation::Group {
                accounts,
                holders: holder.as_slice(),
            },
        };
        match &self.actor {
            Actor::Person(person) => authorize(&person.rights(), wanted, about).is_ok(),
            Actor::Key(key) => {
                let rights = key.maker.rights().common(&key.given);
                let is_for_keys = match self.wanted {
                    Wanted::Use(permission) => permission.is_for_keys(),
                    Wanted::Grant(_)
                    | Wanted::Revoke
                    | Wanted::DefineRole(_)
                    | Wanted::DefineGroup(_) => false,
                };
                is_for_keys && authorize(&rights, wanted, about).is_ok()
            }
        }
    }
}

/// All cases: who, times what can be wanted of what.
pub(crate) fn cases() -> Vec<Case> {
    let people = actors().into_iter().map(Actor::Person);
    let of_people = product(people.collect(), &questions());
    let keys = keys().into_iter().map(Actor::Key);
    let of_keys = product(keys.collect(), &uses());
    of_people.into_iter().chain(of_keys).collect()
}

fn product(actors: Vec<Actor>, questions: &[(Wanted, About)]) -> Vec<Case> {
    let of_actor = |actor: Actor| {
        questions.iter().cloned().map(move |(wanted, about)| Case {
            actor: actor.clone(),
            wanted,
            about,
        })
    };
    actors.into_iter().flat_map(of_actor).collect()
}

fn account(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

fn roles() -> Vec<Held> {
    let made: [&[Permission]; 4] = [
        &[],
        &[Permission::ManageMembers, Permission::ReadPosts],
        &[Permission::ManageRoles, Permission::WriteDrafts],
        // As an admin of the platform.
        &[Permission::SupportTenants, Permission::ManageMembers],
    ];
    let made = made.map(|permissions| Held::Made(permissions.iter().copied().collect()));
    Role::ALL
        .map(Held::BuiltIn)
        .into_iter()
        .chain(made)
        .collect()
}

/// Whoever asks.
fn actors() -> Vec<Person> {
    people(&[AccountReach::All, AccountReach::only([account(1)])])
}

/// Whom it is about, and what is given: also what no actor has all of.
fn others() -> Vec<Rights> {
    let reaches = [
        AccountReach::All,
        AccountReach::only([account(1)]),
        AccountReach::only([account(2)]),
    ];
    people(&reaches).iter().map(Person::rights).collect()
}

fn people(reaches: &[AccountReach]) -> Vec<Person> {
    let of_role = |role: Held| {
        reaches.iter().cloned().map(move |accounts| Person {
            role: role.clone(),
            accounts,
        })
    };
    roles().into_iter().flat_map(of_role).collect()
}

fn keys() -> Vec<Key> {
    let scopes: [&[Permission]; 2] = [
        &Permission::ALL,
        &[Permission::ReadPosts, Permission::ManageMembers],
    ];
    let reaches = [AccountReach::All, AccountReach::only([account(2)])];
    let of_maker = |maker: Person| {
        let mut keys = Vec::new();
        for scopes in scopes {
            for accounts in &reaches {
                let given = Rights {
                    permissions: scopes.iter().copied().collect(),
                    accounts: accounts.clone(),
                };
                let maker = maker.clone();
                keys.push(Key { maker, given });
            }
        }
        keys
    };
    actors().into_iter().flat_map(of_maker).collect()
}

fn account_sets() -> [Vec<AccountId>; 4] {
    let (one, other) = (account(1), account(2));
    [vec![], vec![one], vec![other], vec![one, other]]
}

/// What can be wanted of what.
fn questions() -> Vec<(Wanted, About)> {
    let all_rights = others();
    let all_roles: Vec<PermissionSet> = roles().iter().map(Held::permissions).collect();
    let holders = all_rights.iter().cloned().map(About::Holder);
    let held = || [None].into_iter().chain(others().into_iter().map(Some));
    let of_roles = all_roles
        .iter()
        .flat_map(|role| held().map(|holder| About::Role(role.clone(), holder)));
    let of_groups = account_sets().into_iter();
    let of_groups = of_groups
        .flat_map(|accounts| held().map(move |holder| About::Group(accounts.clone(), holder)));
    let whole = [About::OwnTenant, About::OtherTenant, About::Supported];
    let members: Vec<About> = [About::Oneself]
        .into_iter()
        .chain(whole.clone())
        .chain(holders)
        .collect();
    let with = |wanted: Wanted, abouts: &[About]| -> Vec<(Wanted, About)> {
        let abouts = abouts.iter().cloned();
        abouts.map(|about| (wanted.clone(), about)).collect()
    };
    let mut questions = uses();
    let of_support = Permission::ALL.map(|one| (Wanted::Use(one), About::Supported));
    questions.extend(of_support);
    questions.extend(with(Wanted::Revoke, &members));
    for rights in all_rights {
        questions.extend(with(Wanted::Grant(rights), &members));
    }
    let made: Vec<About> = whole.iter().cloned().chain(of_roles).collect();
    for permissions in all_roles {
        questions.extend(with(Wanted::DefineRole(permissions), &made));
    }
    let groups: Vec<About> = whole.into_iter().chain(of_groups).collect();
    for accounts in account_sets() {
        questions.extend(with(Wanted::DefineGroup(accounts), &groups));
    }
    questions
}

/// What has a permission of its own: all that a key can want.
fn uses() -> Vec<(Wanted, About)> {
    let whole = [About::OwnTenant, About::OtherTenant, About::Oneself];
    let on_accounts = account_sets().map(About::OnAccounts);
    let abouts: Vec<About> = whole.into_iter().chain(on_accounts).collect();
    let of_permission = |permission: Permission| {
        let abouts = abouts.clone().into_iter();
        abouts.map(move |about| (Wanted::Use(permission), about))
    };
    Permission::ALL
        .into_iter()
        .flat_map(of_permission)
        .collect()
}
