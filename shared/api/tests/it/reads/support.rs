//! People of the platform who look into a tenant.

use api::{SESSION_LIFETIME, SessionCookie};
use domain::event::{Actor, EventKind, Supporter};
use domain::membership::{AccountLimit, AssignedRole, Membership, Permission, Role};
use domain::support::{SupportBinding, SupportConsent};
use domain::tenant::ROOT_TENANT;
use domain::user::Origin;
use domain::{Clock as _, SupportConsentId, UserId};
use jiff::SignedDuration;
use store::{Act, Admission, Admitted, Session, SignIn, SupportBeginning, SupportBegun};
use testkit::http::{colleague, guarded};
use testkit::{FixedRandom, TestMember};

use super::world::World;

const LOOK: SignedDuration = SignedDuration::from_hours(1);

impl World {
    fn acting(&self, actor: Actor) -> Act {
        let at = self.clock.now();
        Act { actor, at }
    }

    /// The owner of the platform's own tenant.
    async fn platform_owner(&self) -> TestMember {
        let user = UserId::generate(self.table.ids());
        let membership = Membership {
            tenant: ROOT_TENANT,
            user,
            role: Role::Owner.into(),
            limit: AccountLimit::Unlimited,
            version: 1,
            created_at: self.clock.now(),
        };
        let admission = Admission {
            membership: &membership,
            members_max: u64::MAX,
            held: &[],
            invitation: None,
        };
        let system = self.table.system();
        let act = self.acting(Actor::system("operator"));
        let admitted = system.platform().admit_member(&admission, &act).await;
        assert_eq!(admitted.unwrap(), Admitted::Done);
        let member = system.member(user, ROOT_TENANT).await.unwrap().unwrap();
        TestMember {
            user,
            tenant: ROOT_TENANT,
            scope: member.scope,
            cookie: String::new(),
        }
    }

    /// The owner's tenant lets support look in.
    async fn consent(&self) {
        let owner = &self.owner;
        let now = self.clock.now();
        let consent = SupportConsent {
            id: SupportConsentId::generate(self.table.ids()),
            tenant: owner.tenant,
            given_by: owner.user,
            given_at: now,
            until: now + SignedDuration::from_hours(24),
        };
        let member = self.table.system().member(owner.user, owner.tenant).await;
        let standing = member.unwrap().unwrap().standing;
        let act = self.acting(Actor::User(owner.user));
        let tenant = self.table.tenant(&owner.scope);
        let allowed = tenant.allow_support(&consent, None, &standing, &act).await;
        assert!(allowed.unwrap());
    }

    /// Signs in somebody who then looks into the owner's tenant; their cookie there.
    async fn look(&self, supporter: &TestMember) -> String {
        let (user, now) = (supporter.user, self.clock.now());
        let random = FixedRandom::new(user.as_uuid().as_u64_pair().1);
        let old = Session {
            secret: SessionCookie::generate(&random, user, Some(ROOT_TENANT)).hash(),
            user,
            tenant: Some(ROOT_TENANT),
            started_at: now,
            proved_at: now,
            last_seen_at: now,
            longest_idle: SignedDuration::ZERO,
            ends_at: now + SESSION_LIFETIME,
            origin: Origin::default(),
            support: None,
            began_with: None,
        };
        let sign_in = SignIn {
            opening: None,
            device: None,
            mail: None,
            act: self.act(EventKind::UserSignedIn),
        };
        let system = self.table.system();
        system.start_session(&old, &sign_in).await.unwrap();
        let into = system.consenting_tenant(self.owner.tenant).await;
        let into = into.unwrap().unwrap();
        let binding = SupportBinding {
            by: ROOT_TENANT,
            consent: into.consent.id,
            reason: "Ticket 1843: a post did not go out".to_owned(),
            until: now + LOOK,
        };
        let tenant = self.owner.tenant;
        let bound = self
            .gate
            .bind_to_support(&random, &old, tenant, binding.clone());
        let held = system.member(user, ROOT_TENANT).await.unwrap().unwrap();
        let beginning = SupportBeginning {
            old: &old,
            new: &bound.session,
            binding: &binding,
            into: &into,
            held: &held.standing,
        };
        let tenant = ROOT_TENANT;
        let act = self.acting(Actor::Support(Supporter { user, tenant }));
        let begun = system.begin_support(&beginning, &act).await;
        assert_eq!(begun.unwrap(), SupportBegun::Done);
        let set_cookie = bound.set_cookie.to_str().unwrap();
        set_cookie.split(';').next().unwrap().to_owned()
    }

    /// How often each request reads of somebody with these rights in the platform's tenant who looks into another one.
    async fn reads_of_supporter(
        &self,
        platform: &TestMember,
        role: AssignedRole,
        limit: AccountLimit,
    ) -> u64 {
        let supporter = colleague(&self.table, &self.clock, platform, role, limit).await;
        let supporter = guarded(&self.table, &self.clock, &supporter).await;
        let cookie = self.look(&supporter).await;
        self.reads_of(|call| call.cookie(&cookie)).await
    }
}

#[tokio::test]
async fn authorisation_of_a_supporter_reads_the_table_twice() {
    let world = World::new().await;
    let platform = world.platform_owner().await;
    world.consent().await;
    let (role, limit) = (Role::Admin.into(), AccountLimit::Unlimited);

    let reads = world.reads_of_supporter(&platform, role, limit).await;

    assert_eq!(reads, 2);
}

/// The second read tells which role they have at home, and which groups they are limited to.
#[tokio::test]
async fn authorisation_of_a_supporter_with_a_role_or_groups_that_the_platform_made_is_one_read_more()
 {
    let world = World::new().await;
    let platform = world.platform_owner().await;
    world.consent().await;
    let permissions = [Permission::ReadPosts, Permission::SupportTenants];
    let made = world.role(&platform, permissions).await;
    let groups = world.group(&platform).await;
    for (role, limit) in [
        (made, AccountLimit::Unlimited),
        (Role::Admin.into(), groups.clone()),
        (made, groups),
    ] {
        let reads = world.reads_of_supporter(&platform, role, limit).await;

        assert_eq!(reads, 3, "{role}");
    }
}
