//! The tenants themselves.

use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::tenant::{Tenant, TenantState};
use domain::{Clock as _, EventId, OperationId};
use serde_json::Value;
use store::Act;
use testkit::TestMember;

use super::World;

impl World {
    pub(crate) async fn head(&self, member: &TestMember) -> Tenant {
        self.table.tenant(&member.scope).head().await.unwrap()
    }

    /// Changes a tenant's settings.
    pub(crate) async fn set(&self, member: &TestMember, change: impl FnOnce(&mut Tenant)) {
        let mut changed = self.head(member).await;
        change(&mut changed);
        changed.version += 1;
        let event = self.event(member, EventKind::TenantChanged);
        let tenant = self.table.tenant(&member.scope);
        tenant.change_head(&changed, &event).await.unwrap();
    }

    /// Deletes a tenant.
    pub(crate) async fn delete(&self, member: &TestMember) {
        let head = self.head(member).await;
        let deleted = Tenant {
            state: TenantState::Deleted,
            version: head.version + 1,
            ..head
        };
        let event = self.event(member, EventKind::TenantDeleted);
        let tenant = self.table.tenant(&member.scope);
        let gone = tenant.delete_head(&deleted, member.user, &event).await;
        gone.unwrap();
    }

    fn event(&self, by: &TestMember, kind: EventKind) -> Event {
        Event {
            id: EventId::generate(self.table.ids()),
            owner: Owner::Tenant(by.tenant),
            at: self.clock.now(),
            kind,
            actor: Actor::User(by.user),
            subject: Subject::Tenant(by.tenant),
            origin: None,
            detail: Value::Null,
            operation: OperationId::generate(self.table.ids()),
        }
    }

    pub(crate) fn act(&self, by: &TestMember) -> Act {
        Act {
            actor: Actor::User(by.user),
            at: self.clock.now(),
        }
    }
}
