//! The first people of the platform's own tenant.

use domain::event::Actor;
use domain::membership::{AccountLimit, AssignedRole, Membership, Role};
use domain::tenant::ROOT_TENANT;
use domain::{Clock, UserId};
use store::{Act, Admission, Admitted};
use testkit::http::register;
use testkit::member;
use upkeep::appoint_supporter;

use crate::world::World;

impl World {
    /// Somebody who is registered.
    async fn somebody(&self) -> UserId {
        let somebody = member(&self.table, &self.clock, Role::Owner).await;
        register(&self.table, &self.clock, &somebody).await;
        somebody.user
    }

    /// Makes somebody a member of the platform's tenant.
    async fn admit(&self, user: UserId, role: Role) {
        let membership = Membership {
            tenant: ROOT_TENANT,
            user,
            role: role.into(),
            limit: AccountLimit::Unlimited,
            version: 1,
            created_at: self.clock.now(),
        };
        let admission = Admission {
            membership: &membership,
            members_max: 10,
            held: &[],
            invitation: None,
        };
        let act = Act {
            actor: Actor::system("test"),
            at: self.clock.now(),
        };
        let system = self.table.system();
        let platform = system.platform();
        let admitted = platform.admit_member(&admission, &act).await;
        assert_eq!(admitted.unwrap(), Admitted::Done);
    }

    async fn role(&self, user: UserId) -> AssignedRole {
        let system = self.table.system();
        let platform = system.platform();
        platform.membership(user).await.unwrap().unwrap().role
    }
}

#[tokio::test]
async fn id_42_supporter_is_appointed_once_and_stays_one() {
    let world = World::new().await;
    let user = world.somebody().await;

    let first = appoint_supporter(&world.ctx, user).await.unwrap();
    let again = appoint_supporter(&world.ctx, user).await.unwrap();

    assert_eq!((first.is_new, again.is_new), (true, false));
    assert_eq!(world.role(user).await, Role::Admin.into());
    let system = world.table.system();
    assert_eq!(system.platform().members_used().await.unwrap(), 1);
}

#[tokio::test]
async fn id_42_member_of_the_platform_who_may_not_support_is_made_an_admin() {
    let world = World::new().await;
    for role in [Role::Viewer, Role::Editor] {
        let user = world.somebody().await;
        world.admit(user, role).await;

        let appointed = appoint_supporter(&world.ctx, user).await.unwrap();

        assert!(appointed.is_new, "{role:?}");
        assert_eq!(world.role(user).await, Role::Admin.into(), "{role:?}");
    }
}

#[tokio::test]
async fn id_42_owner_of_the_platform_who_is_appointed_stays_its_owner() {
    let world = World::new().await;
    let user = world.somebody().await;
    world.admit(user, Role::Owner).await;

    let appointed = appoint_supporter(&world.ctx, user).await.unwrap();

    assert!(!appointed.is_new);
    assert_eq!(world.role(user).await, Role::Owner.into());
}
