//! Somebody who acts, and the event that each act leaves.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::UserId;
use domain::event::{Actor, Owner, Supporter};
use domain::membership::Role;
use domain::network::RepeatRule;
use domain::tenant::ROOT_TENANT;
use http::Method;
use jiff::SignedDuration;
use networks::Registry;
use publishing::Incoming;
use serde_json::{Value, json};
use testkit::{Answer, FakeNetwork, TestMember, member};
use tests::product::Product;

use super::kinds::subject_of;
use super::made::{self, Made, waiting};

/// What begins the paths of what people do with their own accounts.
const OF_PEOPLE: [&str; 2] = ["/v1/auth/", "/v1/me/"];

/// Plays acts, and looks at what waits to be sealed after each.
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
    /// Acts, with the kinds of their events.
    pub(super) kinds: BTreeSet<(String, String)>,
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
            kinds: BTreeSet::new(),
        }
    }

    /// How many events wait to be sealed.
    pub(super) async fn events(&self) -> usize {
        waiting(&self.product).await.len()
    }

    /// An act that succeeds, by the path in the document: its answer. It makes one event, of the person where it is
    /// about their own account, else of the tenant; it says what was done, by whom, and to what.
    pub(super) async fn act(&mut self, operation: &str, ids: &[&str], body: &Value) -> Value {
        let before = waiting(&self.product).await;
        let person = self.person();
        let answer = self.play(operation, ids, body).await;
        let after = waiting(&self.product).await;
        let made: Vec<_> = after.difference(&before).collect();
        let [place] = made.as_slice() else {
            panic!("{operation} made {made:?}");
        };
        let event = made::made(&self.product, place).await;
        let path = format!("{}/", operation.split_once(' ').unwrap().1);
        let is_of_person = OF_PEOPLE.iter().any(|begin| path.starts_with(begin));
        let is_of_user = matches!(event.owner, Owner::User(_));
        assert_eq!(is_of_user, is_of_person, "{operation}");
        expect(operation, &event, person, ids, &answer.body);
        self.acts.insert(operation.to_owned());
        self.kinds
            .insert((operation.to_owned(), event.kind.clone()));
        answer.body
    }

    /// Who acts, if somebody is signed in: the cookie says whose it is.
    fn person(&self) -> Option<UserId> {
        let user = self.cookie.split('.').nth(1)?;
        Some(user.parse().unwrap())
    }

    /// Something that succeeds and is no act.
    pub(super) async fn prepare(&mut self, operation: &str, body: &Value) -> Value {
        let before = waiting(&self.product).await;
        let answer = self.play(operation, &[], body).await;
        assert_eq!(waiting(&self.product).await, before, "{operation}");
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

/// Whether an event says what was done, by whom, and to what.
fn expect(operation: &str, event: &Made, person: Option<UserId>, ids: &[&str], answer: &Value) {
    let Some(subject) = subject_of(operation, &event.kind) else {
        panic!("{operation} is called {}", event.kind);
    };
    let actor = match event.owner {
        Owner::User(user) => {
            // Who signs in, or comes by a link, may be signed in as somebody else, or not at all.
            if operation.contains(" /v1/me/") {
                assert_eq!(person, Some(user), "{operation}");
            }
            Actor::User(user)
        }
        Owner::Tenant(_) if operation.contains("/support-sessions") => Actor::Support(Supporter {
            user: person.unwrap(),
            tenant: ROOT_TENANT,
        }),
        Owner::Tenant(_) => Actor::User(person.unwrap()),
    };
    assert_eq!(event.actor, actor, "{operation}");

    let about = serde_json::to_value(event.subject).unwrap();
    assert_eq!(about["kind"], subject, "{operation}");
    // What was made or is answered, else what the path names last, else the tenant or the person themselves.
    let (Actor::User(who) | Actor::Support(Supporter { user: who, .. })) = actor else {
        panic!("{operation}: nobody did it");
    };
    let named = ids.last().map_or(Value::Null, |id| json!(id));
    let expected = match subject {
        "tenant" => json!(event.owner.to_string()),
        "user" => json!(who),
        "member" if named.is_null() => json!(who),
        "delivery" => json!(ids),
        _ if answer["id"].is_string() => answer["id"].clone(),
        _ => named.clone(),
    };
    assert_eq!(about["id"], expected, "{operation}");
    if operation.contains(" /v1/tenants/{id}") {
        assert_eq!(named, expected, "{operation}");
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
