//! Options that a tenant has set for a network.

use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::{Clock, EventId, OperationId};
use serde_json::{Value, json};

use crate::world::World;

impl World {
    async fn set_defaults(&self, options: &Value) {
        let tenant = self.table.tenant(&self.owner.scope);
        let mut head = tenant.head().await.unwrap();
        head.default_options.insert(
            "fake".parse().unwrap(),
            options.as_object().unwrap().clone(),
        );
        head.version += 1;
        let event = Event {
            id: EventId::generate(self.table.ids()),
            owner: Owner::Tenant(head.id),
            at: self.clock.now(),
            kind: EventKind::TenantDefaultsChanged,
            actor: Actor::User(self.owner.user),
            subject: Subject::Tenant(head.id),
            origin: None,
            detail: Value::Null,
            operation: OperationId::generate(self.table.ids()),
        };
        tenant.change_head(&head, &event).await.unwrap();
    }

    async fn options_of(&self, target: Value) -> Value {
        let body = json!({
            "when": { "draft": true },
            "base": { "text": "Hello" },
            "targets": [target],
        });
        let made = self.create(&body).await.expect(201).body;
        made["targets"][0]["options"].clone()
    }
}

#[tokio::test]
async fn target_without_options_has_those_of_the_tenant() {
    let world = World::new().await;
    let english = json!({ "langs": ["en"] });
    world.set_defaults(&english).await;
    let account = world.account;

    let silent = world.options_of(json!({ "account_id": account })).await;
    assert_eq!(silent, english);
    let none = json!({ "account_id": account, "options": {} });
    assert_eq!(world.options_of(none).await, json!({}));
    let french = json!({ "langs": ["fr"] });
    let own = json!({ "account_id": account, "options": french });
    assert_eq!(world.options_of(own).await, french);
}
