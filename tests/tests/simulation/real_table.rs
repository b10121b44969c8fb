//! The same histories on the real expression engine: every write that a history made is made again through `store`, and
//! the table must say and store what the simulated one did, and show the same in its indexes.

use domain::delivery::{Delivery, DeliveryKey, State};
use domain::event::{Actor, EventKind, Subject};
use domain::membership::Role;
use domain::post::{Body, Content, Override, Post, TargetContent};
use domain::tenant::Limits;
use domain::{AccountId, DeliveryId, PostId};
use jiff::Timestamp;
use serde_json::json;
use store::{Act, AttentionWork, Commit, NewPost, Step, Table};
use testkit::{TestClock, TestMember};

use crate::history::Outcome;
use crate::table::{Verdict, Written};

/// Writes between two looks at the indexes.
const WRITES_PER_LOOK: usize = 7;

/// A table, and who owns what is in it.
pub(crate) struct RealTable {
    table: Table,
    member: TestMember,
}

impl RealTable {
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let table = testkit::table(&clock).await;
        let member = testkit::member(&table, &clock, Role::Owner).await;
        Self { table, member }
    }

    /// Makes every write of a history and compares.
    pub(crate) async fn replay(&self, seed: u64, outcome: &Outcome) {
        let mut stored = Vec::new();
        for created in &outcome.created {
            stored.push(self.store(created).await);
        }
        for (number, written) in outcome.written.iter().enumerate() {
            let place = format!("seed {seed}, write {number}, {}", written.transition.name);
            let delivery = &mut stored[written.id];
            *delivery = self.write(written, delivery, &place).await;
            if number % WRITES_PER_LOOK == 0 {
                self.compare_index(&stored, &place).await;
            }
        }
        self.compare_index(&stored, &format!("seed {seed}, at its end"))
            .await;
    }

    /// Answers with the delivery as it is stored now.
    async fn write(&self, written: &Written, known: &Delivery, place: &str) -> Delivery {
        let key = DeliveryKey::of(known);
        let step = self.table.system().step(&key, &written.transition).await;
        let (found, expected) = match (step.unwrap(), &written.verdict) {
            (Step::Done(found), Verdict::Done(expected)) => (*found, expected),
            (Step::Refused(found), Verdict::Refused(expected)) => (*found, expected),
            (step, verdict) => {
                panic!("{place}: the simulation says {verdict:?}, the table {step:?}")
            }
        };
        assert_eq!(found, as_stored(expected, &key), "{place}");
        found
    }

    async fn compare_index(&self, stored: &[Delivery], place: &str) {
        let system = self.table.system();
        let (mut attention, mut unsettled) = (Vec::new(), Vec::new());
        for shard in 0..system.shards() {
            let entries = system
                .attention(shard, Timestamp::MAX, 1_000)
                .await
                .unwrap();
            attention.extend(entries.into_iter().filter_map(|entry| {
                let key = match entry.work {
                    AttentionWork::Start { key, .. }
                    | AttentionWork::Owner(key)
                    | AttentionWork::Look(key)
                    | AttentionWork::Person(key) => key,
                    AttentionWork::Notice(_)
                    | AttentionWork::Mail(_)
                    | AttentionWork::Account { .. }
                    | AttentionWork::SignOut { .. }
                    | AttentionWork::Tenant(_)
                    | AttentionWork::Upload { .. }
                    | AttentionWork::SupportVisit { .. }
                    | AttentionWork::Seal { .. }
                    | AttentionWork::Unknown { .. } => return None,
                };
                Some((key.delivery, entry.at))
            }));
            let page = system.unsettled(shard, None, 1_000).await.unwrap();
            unsettled.extend(page.keys.into_iter().map(|key| key.unwrap().delivery));
        }
        let mut expected: Vec<(DeliveryId, Timestamp)> = stored
            .iter()
            .filter_map(|delivery| Some((delivery.id, delivery.attention?)))
            .collect();
        let mut with_deadline: Vec<DeliveryId> = stored
            .iter()
            .filter(|delivery| delivery.deadline.is_some())
            .map(|delivery| delivery.id)
            .collect();
        attention.sort();
        unsettled.sort();
        expected.sort();
        with_deadline.sort();
        assert_eq!(attention, expected, "{place}: by_attention");
        assert_eq!(unsettled, with_deadline, "{place}: by_deadline");
    }

    /// Stores a delivery like `created`, as the one target of a post.
    async fn store(&self, created: &Delivery) -> Delivery {
        let ids = self.table.ids();
        let tenant = self.member.scope.tenant();
        let delivery = Delivery {
            id: DeliveryId::generate(ids),
            tenant,
            post: PostId::generate(ids),
            account: AccountId::generate(ids),
            ..created.clone()
        };
        assert_eq!(delivery.state, State::Scheduled);
        let at: Timestamp = "2026-12-01T08:00:00Z".parse().unwrap();
        let body = Body {
            revision: 1,
            base: Content {
                text: "text".to_owned(),
                ..Content::default()
            },
            targets: vec![TargetContent {
                delivery: delivery.id,
                account: delivery.account,
                network: delivery.network.clone(),
                overridden: Override::default(),
                options: serde_json::Value::Null,
            }],
        };
        let post = Post {
            id: delivery.post,
            tenant,
            version: 1,
            body: 1,
            schedule: None,
            tags: vec![],
            snippet: "text".to_owned(),
            created_by: self.member.user,
            created_at: at,
            updated_at: at,
        };
        let new = NewPost {
            post: &post,
            body: &body,
            deliveries: std::slice::from_ref(&delivery),
            limits: Limits::DEFAULT,
            claim: None,
            events: vec![(EventKind::PostCreated, Subject::Post(post.id), json!({}))],
        };
        let act = Act {
            actor: Actor::User(self.member.user),
            at,
        };
        let posts = self.table.tenant(&self.member.scope);
        assert_eq!(posts.create_post(new, &act).await.unwrap(), Commit::Done);
        delivery
    }
}

/// The simulated delivery with the ids that it has in the table, which keeps milliseconds.
fn as_stored(simulated: &Delivery, key: &DeliveryKey) -> Delivery {
    Delivery {
        id: key.delivery,
        tenant: key.tenant,
        post: key.post,
        account: key.account,
        ..simulated.clone()
    }
}
