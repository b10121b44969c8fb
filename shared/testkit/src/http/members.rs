//! Tenants and who belongs to them.

use std::collections::BTreeMap;

use domain::access_policy::AccessPolicy;
use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::membership::{
    AccountGroup, AccountLimit, AssignedRole, CustomRole, Membership, Permission, Role,
};
use domain::tenant::{
    DEFAULT_MAX_LATENESS_HOURS, Limits, Locale, Tenant, TenantState, TimeZoneName, WeekStart,
};
use domain::{AccountGroupId, AccountId, Clock, EventId, OperationId, RoleId, TenantId, UserId};
use serde_json::Value;
use store::{Act, Admission, Admitted, Defined, NewTenant, Standing, Table, TenantScope};

use super::credentials::session;
use crate::clock::TestClock;

/// Somebody who is signed in by a browser and acts in a tenant of their own.
#[derive(Clone, Debug)]
pub struct TestMember {
    /// Who.
    pub user: UserId,
    /// Where.
    pub tenant: TenantId,
    /// What they reach.
    pub scope: TenantScope,
    /// `name=value` of their session cookie.
    pub cookie: String,
}

/// Makes a tenant with one member of this role, who is signed in there.
pub async fn member(table: &Table, clock: &TestClock, role: Role) -> TestMember {
    let user = UserId::generate(table.ids());
    let tenant = tenant(table, clock);
    member_of(table, clock, user, &tenant, role).await
}

/// An active tenant that is not stored yet.
pub fn tenant(table: &Table, clock: &TestClock) -> Tenant {
    let now = clock.now();
    Tenant {
        id: TenantId::generate(table.ids()),
        parent: Some(domain::tenant::ROOT_TENANT),
        ancestors: vec![domain::tenant::ROOT_TENANT],
        name: "Analytical Engines".to_owned(),
        time_zone: TimeZoneName::utc(),
        locale: Locale::english(),
        week_start: WeekStart::default(),
        state: TenantState::Active,
        limits: Limits::DEFAULT,
        max_lateness_hours: DEFAULT_MAX_LATENESS_HOURS,
        default_options: BTreeMap::new(),
        requires_second_factor: false,
        access: AccessPolicy::default(),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Stores `tenant` with `user` as its one member, who is signed in there.
pub async fn member_of(
    table: &Table,
    clock: &TestClock,
    user: UserId,
    tenant: &Tenant,
    role: Role,
) -> TestMember {
    let now = clock.now();
    let membership = Membership {
        tenant: tenant.id,
        user,
        role: role.into(),
        limit: AccountLimit::Unlimited,
        version: 1,
        created_at: now,
    };
    let event = Event {
        id: EventId::generate(table.ids()),
        owner: Owner::Tenant(tenant.id),
        at: now,
        kind: EventKind::TenantCreated,
        actor: Actor::User(user),
        subject: Subject::Tenant(tenant.id),
        origin: None,
        detail: Value::Null,
        operation: OperationId::generate(table.ids()),
    };
    let new = NewTenant {
        tenant,
        owner: &membership,
        event: &event,
        made_max: u32::MAX,
        claim: None,
        sessions: None,
    };
    let system = table.system();
    system.create_tenant(&new).await.expect("a stored tenant");
    let found = system
        .member(user, tenant.id)
        .await
        .expect("a readable table");
    TestMember {
        user,
        tenant: tenant.id,
        scope: found.expect("a membership").scope,
        cookie: session(table, clock, user, Some(tenant.id)).await,
    }
}

/// Makes somebody a further member of the owner's tenant, who is signed in there.
pub async fn colleague(
    table: &Table,
    clock: &TestClock,
    owner: &TestMember,
    role: AssignedRole,
    limit: AccountLimit,
) -> TestMember {
    let user = UserId::generate(table.ids());
    let membership = Membership {
        tenant: owner.tenant,
        user,
        role,
        limit,
        version: 1,
        created_at: clock.now(),
    };
    let admission = Admission {
        membership: &membership,
        members_max: u64::MAX,
        held: &[],
        invitation: None,
    };
    let act = Act {
        actor: Actor::User(owner.user),
        at: clock.now(),
    };
    let tenant = table.tenant(&owner.scope);
    let admitted = tenant.admit_member(&admission, &act).await;
    assert_eq!(admitted.expect("a stored member"), Admitted::Done);
    let found = table.system().member(user, owner.tenant).await;
    let member = found.expect("a readable table").expect("a membership");
    TestMember {
        user,
        tenant: owner.tenant,
        scope: member.scope,
        cookie: session(table, clock, user, Some(owner.tenant)).await,
    }
}

/// Makes an account group in the owner's tenant.
pub async fn account_group(
    table: &Table,
    clock: &TestClock,
    owner: &TestMember,
    accounts: &[AccountId],
) -> AccountGroupId {
    let (standing, act) = acting(table, clock, owner).await;
    let id = AccountGroupId::generate(table.ids());
    let group = AccountGroup {
        id,
        name: id.to_string(),
        accounts: accounts.iter().copied().collect(),
        members: 0,
        version: 1,
        created_at: clock.now(),
    };
    let tenant = table.tenant(&owner.scope);
    let made = tenant.create_account_group(&group, None, &standing, &act);
    assert_eq!(made.await.expect("a stored group"), Defined::Done);
    id
}

/// Makes a role in the owner's tenant.
pub async fn custom_role(
    table: &Table,
    clock: &TestClock,
    owner: &TestMember,
    permissions: impl IntoIterator<Item = Permission>,
) -> RoleId {
    let (standing, act) = acting(table, clock, owner).await;
    let id = RoleId::generate(table.ids());
    let role = CustomRole {
        id,
        name: id.to_string(),
        permissions: permissions.into_iter().collect(),
        members: 0,
        version: 1,
        created_at: clock.now(),
    };
    let tenant = table.tenant(&owner.scope);
    let made = tenant.create_role(&role, None, &standing, &act);
    assert_eq!(made.await.expect("a stored role"), Defined::Done);
    id
}

/// What the owner acts on, and their act at this time.
async fn acting(table: &Table, clock: &TestClock, owner: &TestMember) -> (Standing, Act) {
    let member = table.system().member(owner.user, owner.tenant).await;
    let member = member.expect("a readable table").expect("a membership");
    let act = Act {
        actor: Actor::User(owner.user),
        at: clock.now(),
    };
    (member.standing, act)
}
