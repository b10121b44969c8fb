//! Parts of an audit log with what proves them: after its end was cut off, and while it grows.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Clock as _;
use domain::event::{Actor, EventKind, Subject};
use serde_json::Value;
use store::audit::AuditPart;
use store::{Act, AttentionWork};

use crate::answers::Held;
use crate::erased_log::witness;
use crate::gated_log::World;

impl World {
    /// Another event happens; what waits is sealed, each by itself, and a checkpoint sees the end.
    async fn grow(&self) {
        let act = Act {
            actor: Actor::User(self.member.user),
            at: self.clock.now(),
        };
        let own = self.owner();
        let subject = Subject::Tenant(self.member.tenant);
        let tenant = self.table.tenant(&self.member.scope);
        let changed = tenant.record(&act, EventKind::TenantChanged, subject, Value::Null);
        changed.await.unwrap();
        let system = self.table.system();
        for shard in 0..system.shards() {
            for entry in system.attention(shard, act.at, 100).await.unwrap() {
                if let AttentionWork::Seal { owner, event } = entry.work {
                    system.seal(owner, &[event], act.at).await.unwrap();
                }
            }
        }
        let grown = system.grown_chains(act.at).await.unwrap();
        let chain = grown.iter().find(|chain| chain.leaf.owner == own).unwrap();
        let noted = system.note_checkpoint(chain, witness(chain.leaf)).await;
        noted.unwrap();
    }

    /// What somebody could do who may write to the table.
    async fn remove_block(&self, first: u64) {
        let delete = self.client.delete_item();
        let delete = delete
            .table_name(&self.table.settings().name)
            .key(
                "PK",
                AttributeValue::S(format!("T#{}#AUD", self.member.tenant)),
            )
            .key("SK", AttributeValue::S(format!("{first:015}")));
        delete.send().await.unwrap();
    }
}

/// The places of its events, those of the ends that its witnesses have seen, and where it goes on.
fn places(part: &AuditPart) -> (Vec<u64>, Vec<u64>, Option<u64>) {
    let records = part.records.iter().map(|record| record.event.seq);
    let witnesses = part.witnesses.iter().map(|witness| witness.leaf.seq);
    (records.collect(), witnesses.collect(), part.next)
}

#[tokio::test]
async fn last_part_of_a_log_has_what_has_seen_events_that_are_gone() {
    let world = World::new(Held::Witnesses).await;
    world.grow().await;
    world.grow().await;
    let log = world.table.tenant(&world.member.scope);
    let whole = log.audit_part(0, 5).await.unwrap();
    assert_eq!(places(&whole), (vec![1, 2, 3], vec![2, 3], Some(3)));
    let end = log.audit_part(3, 5).await.unwrap();
    assert_eq!(places(&end), (vec![], vec![], None));

    world.remove_block(3).await;

    let cut = log.audit_part(0, 5).await.unwrap();
    assert_eq!(places(&cut), (vec![1, 2], vec![2], Some(2)));
    let end = log.audit_part(2, 5).await.unwrap();
    assert_eq!(places(&end), (vec![], vec![3], None));
}

/// One checkpoint an hour has seen the end of a busy log: all of them together are more than an answer can hold.
#[tokio::test]
async fn last_part_of_a_log_has_the_newest_only_of_what_has_seen_events_that_are_gone() {
    let world = World::new(Held::Witnesses).await;
    for _ in 0..3 {
        world.grow().await;
    }
    let log = world.table.tenant(&world.member.scope);
    let whole = log.audit_part(0, 5).await.unwrap();
    assert_eq!(places(&whole), (vec![1, 2, 3, 4], vec![2, 3, 4], Some(4)));

    world.remove_block(4).await;
    world.remove_block(3).await;
    let end = log.audit_part(2, 5).await.unwrap();
    world.remove_block(2).await;
    world.remove_block(1).await;
    let all = log.audit_part(0, 5).await.unwrap();

    assert_eq!(places(&end), (vec![], vec![4], None));
    assert_eq!(places(&all), (vec![], vec![4], None));
}

#[tokio::test]
async fn part_that_is_read_while_its_log_grows_misses_nothing() {
    let world = World::new(Held::Witnesses).await;
    world.grow().await;
    let log = world.behind.tenant(&world.member.scope);
    let reading = log.audit_part(2, 5);
    let growing = async {
        // The events were read, and the witnesses are about to be.
        world.gate.reached.notified().await;
        world.grow().await;
        world.gate.open.notify_one();
    };

    let (part, ()) = tokio::join!(reading, growing);

    assert_eq!(places(&part.unwrap()), (vec![3], vec![3], Some(3)));
}
