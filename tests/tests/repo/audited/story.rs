//! Somebody who acts, and a count of what waits to be sealed after each act.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::Clock as _;
use domain::event::Owner;
use domain::membership::Role;
use domain::network::RepeatRule;
use http::Method;
use jiff::SignedDuration;
use networks::Registry;
use publishing::Incoming;
use serde_json::Value;
use store::AttentionWork;
use testkit::{Answer, FakeNetwork, TestMember, member};
use tests::product::Product;

/// What begins the paths of what people do with their own accounts.
const OF_PEOPLE: [&str; 2] = ["/v1/auth/", "/v1/me/"];

/// Events that wait to be sealed, by whose they are.
type Waiting = BTreeMap<Owner, usize>;

/// Plays acts, and counts what waits to be sealed after each.
pub(super) struct Story {
    pub(super) product: Product,
    pub(super) network: Arc<FakeNetwork>,
    pub(super) member: TestMember,
    /// Whose browser acts; empty while nobody is signed in.
    pub(super) cookie: String,
    /// What succeeded and made one event.
    pub(super) acts: BTreeSet<String>,
    /// What succeeded and made none.
    pub(super) no_acts: BTreeSet<String>,
    publishing: publishing::Ctx,
}

impl Story {
    pub(super) async fn new(role: Role) -> Self {
        let mut network = None;
        let product = Product::with_networks(|clock| {
            let fake = Arc::new(FakeNetwork::new(clock, RepeatRule::Nothing));
            network = Some(Arc::clone(&fake));
            Registry::new(vec![fake])
        })
        .await;
        let member = member(&product.table, &product.clock, role).await;
        Self {
            publishing: publishing::Ctx {
                clock: Arc::new(product.clock.eager()),
                ..product.publishing.clone()
            },
            network: network.unwrap(),
            cookie: member.cookie.clone(),
            member,
            product,
            acts: BTreeSet::new(),
            no_acts: BTreeSet::new(),
        }
    }

    async fn waiting(&self) -> Waiting {
        let system = self.product.table.system();
        let until = self.product.clock.now();
        let mut waiting = Waiting::new();
        for shard in 0..system.shards() {
            for entry in system.attention(shard, until, 1_000).await.unwrap() {
                if let AttentionWork::Seal { owner, .. } = entry.work {
                    *waiting.entry(owner).or_default() += 1;
                }
            }
        }
        waiting
    }

    /// How many events wait to be sealed.
    pub(super) async fn events(&self) -> usize {
        self.waiting().await.values().sum()
    }

    /// An act that succeeds, by the path in the document: its answer. It makes one event, of the person where it is
    /// about their own account, else of the tenant.
    pub(super) async fn act(&mut self, operation: &str, ids: &[&str], body: &Value) -> Value {
        let before = self.waiting().await;
        let answer = self.play(operation, ids, body).await;
        let after = self.waiting().await;
        let more = |(owner, now): (&Owner, &usize)| {
            let then = before.get(owner).copied().unwrap_or_default();
            vec![*owner; now - then]
        };
        let made: Vec<Owner> = after.iter().flat_map(more).collect();
        let [owner] = made.as_slice() else {
            panic!("{operation} made {} events", made.len());
        };
        let path = format!("{}/", operation.split_once(' ').unwrap().1);
        let is_of_person = OF_PEOPLE.iter().any(|begin| path.starts_with(begin));
        assert_eq!(matches!(owner, Owner::User(_)), is_of_person, "{operation}");
        self.acts.insert(operation.to_owned());
        answer.body
    }

    /// Something that succeeds and is no act.
    pub(super) async fn prepare(&mut self, operation: &str, body: &Value) -> Value {
        let before = self.waiting().await;
        let answer = self.play(operation, &[], body).await;
        assert_eq!(self.waiting().await, before, "{operation}");
        self.no_acts.insert(operation.to_owned());
        answer.body
    }

    async fn play(&mut self, operation: &str, ids: &[&str], body: &Value) -> Answer {
        let (method, template) = operation.split_once(' ').unwrap();
        let path = filled(template, ids);
        let answer = self.call(method, &path, body).await;
        assert!(answer.status.is_success(), "{operation}: {}", answer.body);
        if answer.headers.contains_key("set-cookie") {
            // An empty one ends the session.
            let set = answer.cookie();
            self.cookie = Some(set)
                .filter(|set| !set.ends_with('='))
                .unwrap_or_default();
        }
        answer
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let method: Method = method.parse().unwrap();
        let api = &self.product.api;
        let version = if method == Method::PATCH || method == Method::DELETE {
            let read = api.get(path).cookie(&self.cookie).send().await;
            // What cannot be read has no version.
            read.headers.get("etag").cloned()
        } else {
            None
        };
        let mut call = api.call(method, path);
        if !self.cookie.is_empty() {
            call = call.cookie(&self.cookie);
        }
        if let Some(version) = version {
            call = call.header("if-match", version.to_str().unwrap());
        }
        call.json(body).send().await
    }

    /// What somebody reads, which is no act.
    pub(super) async fn read(&self, path: &str) -> Value {
        let call = self.product.api.get(path).cookie(&self.cookie);
        call.send().await.expect(200).body
    }

    /// Lets time pass, with timers and queue.
    pub(super) async fn minutes(&self, minutes: u32) {
        for _ in 0..minutes {
            self.product.clock.advance(SignedDuration::from_mins(1));
            for shard in 0..self.product.table.system().shards() {
                dispatch::backlog(&self.product.dispatch, shard)
                    .await
                    .unwrap();
            }
            self.deliver().await;
        }
    }

    async fn deliver(&self) {
        let queue = &self.product.queue;
        let messages = queue.receive(10);
        let incoming = messages.iter().map(|message| Incoming {
            id: message.id.to_string(),
            body: message.body.clone(),
        });
        let failed = publishing::handle(&self.publishing, incoming.collect()).await;
        assert_eq!(failed, [] as [String; 0]);
        for message in messages {
            queue.acknowledge(message.id);
        }
    }
}

/// A path of the document with ids in its places.
pub(super) fn filled(template: &str, ids: &[&str]) -> String {
    let mut ids = ids.iter();
    let parts = template.split('/').map(|part| {
        if part.starts_with('{') {
            (*ids.next().unwrap()).to_owned()
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

pub(super) fn id(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}
