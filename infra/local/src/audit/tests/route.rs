//! What an owner exports, checked by whoever has nothing but the file.

use aws_sdk_dynamodb::types::AttributeValue;
use tenants::TenantLimits;
use testkit::http::another_session;
use testkit::{FixedRandom, MemoryKeys, TestApi, gate, own_keys};

use super::*;

impl World {
    /// The lines that the route answers.
    async fn export(&self) -> Vec<String> {
        let routes = tenants::router(tenants::Ctx {
            gate: gate(&self.table, &self.clock).await,
            table: self.table.clone(),
            clock: Arc::new(self.clock.clone()),
            random: Arc::new(FixedRandom::new(31)),
            objects: MemoryObjects::new(),
            own_keys: own_keys(&Arc::<MemoryKeys>::default()),
            limits: TenantLimits::local(),
        });
        let TestMember { user, tenant, .. } = self.member;
        let cookie = another_session(&self.table, &self.clock, user, Some(tenant)).await;
        let api = TestApi::new(routes, &self.clock);
        let answer = api.get("/v1/audit/export").cookie(&cookie).send().await;
        let answer = answer.expect(200);
        let lines = answer.body.as_str().unwrap().lines();
        lines.map(ToOwned::to_owned).collect()
    }

    /// What somebody could do who may write to the table.
    async fn remove_block(&self, first: u64) {
        let partition = format!("T#{}#AUD", self.member.tenant);
        let delete = self.client.delete_item();
        let delete = delete
            .table_name(&self.table.settings().name)
            .key("PK", AttributeValue::S(partition))
            .key("SK", AttributeValue::S(format!("{first:015}")));
        delete.send().await.unwrap();
    }
}

#[tokio::test]
async fn export_of_a_log_whose_end_was_cut_off_in_the_table_is_refused() {
    let world = World::new().await;
    world.happen(2).await;
    world.checkpoint().await;
    let whole = world.export().await;
    assert_eq!(world.verify(&whole).await.unwrap().proven, 3);

    for block in [3, 2, 1] {
        world.remove_block(block).await;

        let refusal = world.refusal(&world.export().await).await;

        let missing = format!("event {block}: it is missing");
        assert!(refusal.starts_with(&missing), "{refusal}");
    }
}

/// The newest of its checkpoints says as much as all of them.
#[tokio::test]
async fn export_of_a_log_that_three_checkpoints_have_seen_is_refused_wherever_it_was_cut_off() {
    let world = World::new().await;
    for _ in 0..3 {
        world.happen(1).await;
        world.checkpoint().await;
    }
    let whole = world.export().await;
    let verified = world.verify(&whole).await.unwrap();
    assert_eq!((verified.proven, verified.checkpoints), (4, 3));

    for block in [4, 3, 2, 1] {
        world.remove_block(block).await;

        let export = world.export().await;
        let refusal = world.refusal(&export).await;

        let missing = format!("event {block}: it is missing; ");
        assert!(refusal.starts_with(&missing), "{refusal}");
        assert!(refusal.ends_with("has seen events up to 4"), "{refusal}");
    }
    assert_eq!(world.export().await.len(), 1, "of three checkpoints");
}
