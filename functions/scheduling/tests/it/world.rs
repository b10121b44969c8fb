//! A tenant with accounts and media, and the routes.

use std::sync::Arc;

use domain::account::{Account, AccountState, RemoteIdentity};
use domain::delivery::{Delivery, Transition};
use domain::event::Actor;
use domain::media::{Media, MediaFacts, MediaKind, MediaState};
use domain::membership::Role;
use domain::network::RepeatRule;
use domain::{AccountId, Clock, MediaId, PostId};
use engine::Waker;
use jiff::Timestamp;
use networks::Registry;
use serde_json::{Value, json};
use store::{Act, Connection, NewMedia, SealedCredential, Step, StoredPost, Table};
use testkit::{Answer, FakeNetwork, MemoryQueue, TestApi, TestClock, TestMember};

pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) api: TestApi,
    pub(crate) owner: TestMember,
    pub(crate) account: AccountId,
}

/// Everything is made at this time.
const NOW: &str = "2026-11-30T12:00:00Z";

impl World {
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at(NOW);
        let table = testkit::table(&clock).await;
        let queue = MemoryQueue::new(&clock);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let network = FakeNetwork::new(&clock, RepeatRule::Nothing);
        let ctx = scheduling::Ctx {
            gate: testkit::gate(&table, &clock).await,
            table: table.clone(),
            clock: Arc::clone(&shared),
            networks: Registry::new(vec![Arc::new(network)]),
            waker: Waker {
                table: table.clone(),
                queue: Arc::<MemoryQueue>::clone(&queue),
                clock: shared,
            },
        };
        let owner = testkit::member(&table, &clock, Role::Owner).await;
        let account = connect(&table, &clock, &owner, "ada").await;
        Self {
            api: TestApi::new(scheduling::router(ctx), &clock),
            clock,
            table,
            queue,
            owner,
            account,
        }
    }

    /// Another account of the tenant.
    pub(crate) async fn another_account(&self, name: &str) -> AccountId {
        connect(&self.table, &self.clock, &self.owner, name).await
    }

    /// Somebody in another tenant.
    pub(crate) async fn stranger(&self) -> TestMember {
        testkit::member(&self.table, &self.clock, Role::Owner).await
    }

    /// Somebody with this role in a tenant of their own, with an account.
    pub(crate) async fn member(&self, role: Role) -> (TestMember, AccountId) {
        let member = testkit::member(&self.table, &self.clock, role).await;
        let account = connect(&self.table, &self.clock, &member, "their own").await;
        (member, account)
    }

    /// An image that is ready.
    pub(crate) async fn image(&self) -> MediaId {
        let media = self.announced_image().await;
        let posts = self.table.tenant(&self.owner.scope);
        posts
            .complete_media(media, &facts(), &self.act())
            .await
            .unwrap()
            .unwrap();
        media
    }

    /// An image whose bytes are awaited.
    pub(crate) async fn announced_image(&self) -> MediaId {
        let now = self.clock.now();
        let media = Media {
            id: MediaId::generate(self.table.ids()),
            tenant: self.owner.tenant,
            file_name: "engine.png".to_owned(),
            content_type: "image/png".to_owned(),
            bytes: 1_000,
            alt_text: "an engine".to_owned(),
            state: MediaState::Uploading,
            uses: 0,
            created_by: self.owner.user,
            created_at: now,
            updated_at: now,
        };
        let new = NewMedia {
            media: &media,
            limit: 1_000_000,
            claim: None,
        };
        let posts = self.table.tenant(&self.owner.scope);
        posts.create_media(&new, &self.act()).await.unwrap();
        media.id
    }

    /// How many posts use the medium.
    pub(crate) async fn uses(&self, media: MediaId) -> u64 {
        let posts = self.table.tenant(&self.owner.scope);
        posts.media_of_ids(&[media]).await.unwrap()[0].uses
    }

    /// A post for the one account, due at this time.
    pub(crate) fn at(&self, at: &str) -> Value {
        json!({
            "when": { "at": at },
            "base": { "text": "The engine weaves algebraic patterns." },
            "targets": [{ "account_id": self.account }],
        })
    }

    /// A draft for the one account.
    pub(crate) fn a_draft(&self) -> Value {
        json!({
            "when": { "draft": true },
            "base": { "text": "The engine weaves algebraic patterns." },
            "targets": [{ "account_id": self.account }],
        })
    }

    pub(crate) async fn create(&self, body: &Value) -> Answer {
        let call = self.api.post("/v1/posts").by(&self.owner).json(body);
        call.send().await
    }

    /// The id of a post that is made.
    pub(crate) async fn made(&self, body: &Value) -> String {
        let answer = self.create(body).await.expect(201);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: impl AsRef<str>) -> Answer {
        self.api.get(path).by(&self.owner).send().await
    }

    pub(crate) async fn read(&self, id: &str) -> Answer {
        self.get(format!("/v1/posts/{id}")).await
    }

    /// An action with `{}`.
    pub(crate) async fn act_on(&self, id: &str, action: &str) -> Answer {
        self.act_with(id, action, &json!({})).await
    }

    pub(crate) async fn act_with(&self, id: &str, action: &str, body: &Value) -> Answer {
        let path = format!("/v1/posts/{id}/{action}");
        self.api.post(path).by(&self.owner).json(body).send().await
    }

    /// A change of the version that is there now.
    pub(crate) async fn patch(&self, id: &str, patch: &Value) -> Answer {
        let etag = etag(&self.read(id).await);
        self.patch_version(id, &etag, patch).await
    }

    pub(crate) async fn patch_version(&self, id: &str, etag: &str, patch: &Value) -> Answer {
        let path = format!("/v1/posts/{id}");
        let call = self.api.patch(path).by(&self.owner);
        call.header("if-match", etag).json(patch).send().await
    }

    pub(crate) async fn delete(&self, id: &str) -> Answer {
        let path = format!("/v1/posts/{id}");
        self.api.delete(path).by(&self.owner).send().await
    }

    /// The post as it is stored.
    pub(crate) async fn stored(&self, id: &str) -> StoredPost {
        let id: PostId = id.parse().unwrap();
        let posts = self.table.tenant(&self.owner.scope);
        posts.post(id).await.unwrap().unwrap()
    }

    /// Makes a step of the publishing protocol.
    pub(crate) async fn step(&self, delivery: &Delivery, transition: &Transition) -> Delivery {
        let key = domain::delivery::DeliveryKey::of(delivery);
        match self.table.system().step(&key, transition).await.unwrap() {
            Step::Done(delivery) => *delivery,
            other => panic!("{} was refused: {other:?}", transition.name),
        }
    }

    /// Brings the only target past its intent: the publishing call has begun.
    pub(crate) async fn begin_call(&self, id: &str) -> Delivery {
        let delivery = self.stored(id).await.deliveries.remove(0);
        self.begin_call_of(&delivery).await
    }

    /// Moves the clock to this time; the owner goes on working, so their session lives.
    pub(crate) async fn wait_until(&self, instant: Timestamp) {
        self.clock.set(instant);
        let (user, tenant) = (self.owner.user, Some(self.owner.tenant));
        let cookie = testkit::http::session(&self.table, &self.clock, user, tenant).await;
        assert_eq!(cookie, self.owner.cookie);
    }

    pub(crate) async fn begin_call_of(&self, delivery: &Delivery) -> Delivery {
        use domain::delivery::protocol::{Claim, claim, intent};
        let due = delivery.not_before.unwrap();
        self.wait_until(due).await;
        let claimed = self
            .step(delivery, &claim(delivery.revision, due, due))
            .await;
        self.step(&claimed, &intent(Claim::of(&claimed), due)).await
    }

    pub(crate) fn act(&self) -> Act {
        Act {
            actor: Actor::User(self.owner.user),
            at: self.clock.now(),
        }
    }

    /// Disconnects an account of the tenant.
    pub(crate) async fn disconnect(&self, account: AccountId) {
        let posts = self.table.tenant(&self.owner.scope);
        let account = posts.account(account).await.unwrap().unwrap();
        posts
            .disconnect_account(&account, &self.act())
            .await
            .unwrap();
    }
}

async fn connect(table: &Table, clock: &TestClock, member: &TestMember, name: &str) -> AccountId {
    let now = clock.now();
    let account = Account {
        id: AccountId::generate(table.ids()),
        tenant: member.tenant,
        network: FakeNetwork::ID.parse().unwrap(),
        identity: RemoteIdentity {
            remote_id: format!("{name} of {}", member.tenant),
            handle: name.to_owned(),
            name: name.to_owned(),
            avatar_url: None,
        },
        state: AccountState::Connected,
        credential_version: 1,
        checked_at: now,
        connected_by: member.user,
        created_at: now,
    };
    let credential = SealedCredential {
        version: 1,
        sealed: vec![1],
    };
    let connection = Connection {
        account: &account,
        credential: &credential,
        limit: 100,
        claim: None,
    };
    let act = Act {
        actor: Actor::User(member.user),
        at: now,
    };
    let posts = table.tenant(&member.scope);
    posts.connect_account(&connection, &act).await.unwrap();
    account.id
}

fn facts() -> MediaFacts {
    MediaFacts {
        kind: MediaKind::Image,
        content_type: "image/png".to_owned(),
        bytes: 1_000,
        width: 10,
        height: 10,
        duration_ms: None,
        sha256: "00".repeat(32),
    }
}

pub(crate) fn etag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

/// The pointers of a problem's errors, sorted.
pub(crate) fn pointers(answer: &Answer) -> Vec<&str> {
    let mut pointers: Vec<&str> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    pointers
}
