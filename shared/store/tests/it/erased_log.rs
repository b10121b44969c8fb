//! A tenant is erased while somebody is about to write something of its audit log: nothing of it comes back.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::{Actor, Event, EventKind, Subject};
use domain::tenant::{GRACE, Tenant, TenantState};
use domain::{Clock as _, EventId, OperationId};
use jiff::SignedDuration;
use serde_json::Value;
use store::audit::{ChainHash, CheckpointHeader, EventPlace, Leaf, SignedHeader, Witness};
use store::{AttentionWork, Erasure};

use crate::answers::Held;
use crate::gated_log::World;

impl World {
    async fn waiting(&self) -> Vec<EventPlace> {
        let system = self.table.system();
        let mut waiting = Vec::new();
        for shard in 0..system.shards() {
            let until = self.clock.now();
            for entry in system.attention(shard, until, 100).await.unwrap() {
                if let AttentionWork::Seal { owner, event } = entry.work
                    && owner == self.owner()
                {
                    waiting.push(event);
                }
            }
        }
        waiting
    }

    /// The owner deletes the tenant, and its grace ends.
    async fn delete(&self) {
        let tenant = self.table.tenant(&self.member.scope);
        let head = tenant.head().await.unwrap();
        let at = self.clock.now();
        let deleted = Tenant {
            state: TenantState::Deleted,
            version: head.version + 1,
            updated_at: at,
            ..head
        };
        let event = Event {
            id: EventId::generate(self.table.ids()),
            owner: self.owner(),
            at,
            kind: EventKind::TenantDeleted,
            actor: Actor::User(self.member.user),
            subject: Subject::Tenant(self.member.tenant),
            origin: None,
            detail: Value::Null,
            operation: OperationId::generate(self.table.ids()),
        };
        let by = self.member.user;
        tenant.delete_head(&deleted, by, &event).await.unwrap();
        self.clock.advance(GRACE + SignedDuration::from_hours(1));
    }

    async fn erase(&self) {
        let tenant = self.table.tenant(&self.member.scope);
        let erased = tenant.begin_erasure(self.clock.now()).await.unwrap();
        assert!(erased.is_some());
        while tenant.erase_some().await.unwrap() == Erasure::Goes {}
    }

    /// Everything is erased while the request waits at the gate; then it goes on.
    async fn erase_meanwhile(&self) {
        self.gate.reached.notified().await;
        self.erase().await;
        self.gate.open.notify_one();
    }

    /// What is left of the tenant but its tombstone, and whether it is forgotten in time.
    async fn left(&self) -> Vec<(String, bool)> {
        let scan = self.client.scan().table_name(&self.table.settings().name);
        let items = scan.send().await.unwrap().items.unwrap();
        let partition = format!("T#{}", self.member.tenant);
        let text = |value: &AttributeValue| value.as_s().unwrap().clone();
        let mut left: Vec<(String, bool)> = items
            .iter()
            .filter(|item| text(&item["PK"]).starts_with(&partition))
            .map(|item| {
                let key = format!(
                    "{}{}",
                    &text(&item["PK"])[partition.len()..],
                    text(&item["SK"])
                );
                (key, item.contains_key("exp"))
            })
            .filter(|(key, _)| key != "META")
            .collect();
        left.sort();
        left
    }
}

/// What keeps the log closed: in the place of the first block that nobody wrote.
fn closing(place: u64) -> Vec<(String, bool)> {
    vec![(format!("#AUD{place:015}"), true)]
}

#[tokio::test]
async fn sealer_that_read_before_an_erasure_writes_no_block_after_it() {
    let world = World::new(Held::Block).await;
    world.delete().await;
    let places = world.waiting().await;
    assert_eq!(places.len(), 2);
    let (system, now) = (world.behind.system(), world.clock.now());

    let sealing = system.seal(world.owner(), &places, now);
    let (sealed, ()) = tokio::join!(sealing, world.erase_meanwhile());

    assert_eq!(sealed.unwrap(), 0);
    assert_eq!(world.left().await, closing(1));
    assert_eq!(system.seal(world.owner(), &places, now).await.unwrap(), 0);
}

#[tokio::test]
async fn sealer_whose_block_was_erased_brings_no_event_back() {
    let world = World::new(Held::Mark).await;
    world.delete().await;
    let places = world.waiting().await;
    let (system, now) = (world.behind.system(), world.clock.now());

    let sealing = system.seal(world.owner(), &places, now);
    let (sealed, ()) = tokio::join!(sealing, world.erase_meanwhile());

    sealed.unwrap();
    assert_eq!(world.left().await, closing(3), "after the two of the block");
}

#[tokio::test]
async fn checkpoint_that_saw_a_chain_before_its_erasure_leaves_no_witness_after_it() {
    let world = World::new(Held::Witness).await;
    world.delete().await;
    let (system, now) = (world.behind.system(), world.clock.now());
    let places = world.waiting().await;
    system.seal(world.owner(), &places, now).await.unwrap();
    let grown = system.grown_chains(now).await.unwrap();
    let chain = grown.iter().find(|chain| chain.leaf.owner == world.owner());
    let chain = chain.unwrap();

    let noting = system.note_checkpoint(chain, witness(chain.leaf));
    let (noted, ()) = tokio::join!(noting, world.erase_meanwhile());

    noted.unwrap();
    assert_eq!(world.left().await, closing(3));
    assert!(system.grown_chains(now).await.unwrap().is_empty());
}

#[tokio::test]
async fn erasure_that_is_repeated_after_its_end_leaves_the_same() {
    let world = World::new(Held::Witness).await;
    world.delete().await;
    world.erase().await;
    let left = world.left().await;

    world.erase().await;

    assert_eq!(left, closing(1));
    assert_eq!(world.left().await, left);
}

/// A part of a checkpoint over this end alone, which nobody signed.
pub(crate) fn witness(leaf: Leaf) -> Witness {
    let at = "2026-12-15T12:00:00Z".parse().unwrap();
    Witness {
        checkpoint: SignedHeader {
            header: CheckpointHeader {
                v: 1,
                environment: "test".to_owned(),
                at,
                leaves: 1,
                root: ChainHash::GENESIS,
            },
            signature: String::new(),
        },
        leaf,
        proof: Vec::new(),
    }
}
