//! Targets count in the month in which they are due, from the act that plans them until one that takes their time away:
//! after every act the count is that of what is stored, and it is never above what the plan allows.

use std::collections::BTreeMap;

use domain::delivery::{Delivery, State};
use domain::membership::Role;
use domain::tenant::Limits;
use domain::{AccountId, Clock as _, PostId, UserId};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::TenantTable;
use testkit::http::{member_of, session, tenant};
use testkit::{Answer, FakeNetwork, TestMember};
use tests::product::Product;

/// Targets of a month.
const ROOM: u64 = 9;
const ACTS: usize = 60;
const MONTHS: [&str; 3] = ["2026-12", "2027-01", "2027-02"];

/// Somebody who plans and changes their mind.
struct Planner {
    product: Product,
    owner: TestMember,
    dice: Dice,
    connected: Vec<AccountId>,
    connections: usize,
    posts: Vec<PostId>,
    /// How often each act succeeded, and was refused by the plan.
    done: BTreeMap<&'static str, usize>,
    refused: usize,
}

/// Numbers that only look like chance.
struct Dice(u64);

impl Dice {
    /// Below `sides`. SplitMix64 by Sebastiano Vigna (public domain).
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % sides as u64).unwrap()
    }
}

impl Planner {
    async fn new(seed: u64) -> Self {
        let product = Product::new().await;
        let mut tenant = tenant(&product.table, &product.clock);
        tenant.limits = Limits {
            targets_per_month: ROOM,
            ..Limits::DEFAULT
        };
        tenant.max_lateness_hours = 1;
        let user = UserId::generate(product.table.ids());
        let owner = member_of(&product.table, &product.clock, user, &tenant, Role::Owner).await;
        let mut planner = Self {
            product,
            owner,
            dice: Dice(seed),
            connected: Vec::new(),
            connections: 0,
            posts: Vec::new(),
            done: BTreeMap::new(),
            refused: 0,
        };
        for _ in 0..3 {
            planner.connect().await;
        }
        planner
    }

    fn table(&self) -> TenantTable<'_> {
        self.product.table.tenant(&self.owner.scope)
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let call = self.product.api.call(method, path).by(&self.owner);
        call.header("if-match", "*").json(body).send().await
    }

    async fn connect(&mut self) {
        let named = json!({ "identifier": format!("loom{}", self.connections) });
        let account = json!({ "network": FakeNetwork::ID, "credentials": named });
        let answer = self.send(Method::POST, "/v1/accounts", &account).await;
        let id = &answer.expect(201).body["id"];
        self.connected.push(id.as_str().unwrap().parse().unwrap());
        self.connections += 1;
    }

    fn post(&mut self) -> String {
        let place = self.dice.roll(self.posts.len());
        format!("/v1/posts/{}", self.posts[place])
    }

    /// In an hour, or in one of the months.
    fn time(&mut self) -> String {
        let Some(month) = MONTHS.get(self.dice.roll(2 * MONTHS.len())) else {
            let soon = self.product.clock.now() + SignedDuration::from_hours(1);
            return soon.to_string();
        };
        format!("{month}-27T{:02}:00:00Z", self.dice.roll(24))
    }

    fn targets(&mut self) -> Value {
        let number = 1 + self.dice.roll(self.connected.len());
        self.connected[..number]
            .iter()
            .map(|account| json!({ "account_id": account }))
            .collect()
    }

    async fn act(&mut self) {
        let (act, answer) = match self.dice.roll(14) {
            0..=2 => ("create", self.create().await),
            3 => {
                let (post, at) = (self.post(), self.time());
                let body = json!({ "when": { "at": at } });
                let path = format!("{post}/schedule");
                ("schedule", self.send(Method::POST, &path, &body).await)
            }
            4 => {
                let (post, at) = (self.post(), self.time());
                let body = json!({ "when": { "at": at } });
                ("reschedule", self.send(Method::PATCH, &post, &body).await)
            }
            5 => {
                let (post, targets) = (self.post(), self.targets());
                let body = json!({ "targets": targets });
                ("retarget", self.send(Method::PATCH, &post, &body).await)
            }
            6 => ("unschedule", self.on_post("unschedule").await),
            7 => ("cancel", self.on_post("cancel").await),
            8..=10 => ("retry", self.on_post("retry").await),
            11 => {
                let account = self.connected.remove(0);
                let path = format!("/v1/accounts/{account}");
                let answer = self.send(Method::DELETE, &path, &Value::Null).await;
                self.connect().await;
                ("disconnect", answer)
            }
            _ => {
                // What is due meanwhile is missed, for nobody takes the messages.
                self.product.clock.advance(SignedDuration::from_hours(3));
                dispatch::tick(&self.product.dispatch).await.unwrap();
                self.product.clock.advance(SignedDuration::from_mins(30));
                dispatch::tick(&self.product.dispatch).await.unwrap();
                let (table, clock) = (&self.product.table, &self.product.clock);
                let (user, tenant) = (self.owner.user, self.owner.tenant);
                self.owner.cookie = session(table, clock, user, Some(tenant)).await;
                return;
            }
        };
        match answer.status.as_u16() {
            200..300 => *self.done.entry(act).or_default() += 1,
            402 => self.refused += 1,
            status => assert!(
                matches!(status, 409 | 422),
                "{act}: {status} {}",
                answer.body
            ),
        }
    }

    async fn on_post(&mut self, act: &str) -> Answer {
        let path = format!("{}/{act}", self.post());
        self.send(Method::POST, &path, &json!({})).await
    }

    async fn create(&mut self) -> Answer {
        let when = match self.dice.roll(3) {
            0 => json!({ "draft": true }),
            _ => json!({ "at": self.time() }),
        };
        let body = json!({
            "when": when,
            "base": { "text": "Along the river" },
            "targets": self.targets(),
        });
        let answer = self.send(Method::POST, "/v1/posts", &body).await;
        if let Some(id) = answer.body["id"].as_str() {
            self.posts.push(id.parse().unwrap());
        }
        answer
    }

    /// What is counted, and what is stored.
    async fn counts(&self) -> ([u64; 3], [u64; 3]) {
        let months = MONTHS.map(|month| format!("{month}-01T00:00:00Z").parse().unwrap());
        let counted = self.table().months_used(months).await.unwrap();
        let mut stored = [0; 3];
        for post in &self.posts {
            let post = self.table().post(*post).await.unwrap().unwrap();
            for delivery in &post.deliveries {
                if let Some(month) = month_of(delivery) {
                    stored[month] += 1;
                }
            }
        }
        (counted.map(|month| month.targets), stored)
    }
}

fn month_of(delivery: &Delivery) -> Option<usize> {
    if matches!(delivery.state, State::Draft | State::Cancelled) {
        return None;
    }
    let due: Timestamp = delivery.due.unwrap();
    let due = due.to_string();
    MONTHS.iter().position(|month| due.starts_with(month))
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_of_targets_is_what_is_planned_in_the_month_after_every_act() {
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refused = 0;
    for seed in 1..=4 {
        let mut planner = Planner::new(seed).await;
        while planner.posts.is_empty() {
            planner.create().await;
        }
        for number in 0..ACTS {
            planner.act().await;
            let (counted, stored) = planner.counts().await;
            assert_eq!(counted, stored, "seed {seed}, act {number}");
            assert!(counted.iter().all(|count| *count <= ROOM));
        }
        for (act, times) in planner.done {
            *done.entry(act).or_default() += times;
        }
        refused += planner.refused;
    }
    let all = [
        "cancel",
        "create",
        "disconnect",
        "reschedule",
        "retarget",
        "retry",
        "schedule",
        "unschedule",
    ];
    assert_eq!(done.keys().copied().collect::<Vec<_>>(), all, "{done:?}");
    assert!(refused > 0, "the plan was never used up");
}
