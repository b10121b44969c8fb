//! Tenants with something to export.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::types::AttributeValue;
use cloud::faults::{Effects, Faulty, FaultyHttpClient};
use cloud::objects::{ObjectKey, ObjectStore};
use domain::account::{Account, AccountState, RemoteIdentity};
use domain::delivery::{Delivery, Evidence, ProofKind, State, Target};
use domain::event::{Actor, Event, EventKind, Owner as OwnerOf, Subject};
use domain::export::{Export, ExportState};
use domain::media::{Media, MediaFacts, MediaKind, MediaState};
use domain::membership::Role;
use domain::network::{NetworkId, RepeatRule};
use domain::post::{Body, Content, Override, Post, TargetContent};
use domain::tenant::{Tenant, TenantState, TimeZoneName};
use domain::user::{Origin, User};
use domain::{
    AccountId, Clock, DeliveryId, EventId, ExportId, MediaId, NoticeId, OperationId, PostId, UserId,
};
use engine::Notifier;
use jiff::{SignedDuration, Timestamp};
use networks::Registry;
use serde_json::{Value, json};
use store::{
    Act, Commit, Connection, MediaCreated, NewMedia, NewPost, NewToken, OwedMail, Registration,
    SealedCredential, SecretHash, StoredPassword, Table, TokenPurpose, UserAct,
};
use testkit::posts::Owner;
use testkit::{FakeNetwork, Mailbox, MemoryObjects, TestClock, TestMember};
use transfers::Ctx;

use crate::bundle::{Bundle, sha256};

/// A post that is to be stored as it is, whatever led to it.
#[derive(Clone, Debug)]
pub(crate) struct PostPlan {
    pub(crate) text: String,
    /// One target for each, on as many accounts.
    pub(crate) states: Vec<State>,
    pub(crate) has_media: bool,
}

/// Bytes from which on a volume is full, here.
pub(crate) const VOLUME: usize = 10_000;
/// What is in no export.
pub(crate) const SECRET: &[u8] = b"a sealed credential";

pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
    pub(crate) objects: Arc<MemoryObjects>,
    pub(crate) mailbox: Mailbox,
    endpoint: Builder,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let endpoint = testkit::table::config().await;
        let client = Client::from_conf(endpoint.clone().build());
        Self {
            table: testkit::table_with(client, testkit::clock::ids(&clock)).await,
            objects: MemoryObjects::new(),
            mailbox: Mailbox::default(),
            clock,
            endpoint,
        }
    }

    /// The function, with every call of the table and of the objects as an effect of `effects`.
    pub(crate) fn start(&self, effects: &Effects) -> Ctx {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = self.endpoint.clone();
        let config = config
            .http_client(FaultyHttpClient::new(http, effects.clone()))
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
            .build();
        let table = Table::new(
            Client::from_conf(config),
            self.table.settings().clone(),
            self.table.ids().clone(),
        );
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let notifier = Notifier {
            table: table.clone(),
            mailer: Arc::new(self.mailbox.clone()),
            clock: Arc::clone(&clock),
            dashboard: "https://app.test".to_owned(),
        };
        Ctx {
            objects: Arc::new(Faulty::new(Arc::clone(&self.objects), effects.clone())),
            networks: Registry::new(vec![Arc::new(FakeNetwork::new(
                &self.clock,
                RepeatRule::ClientKey,
            ))]),
            time_max: transfers::TIME_MAX,
            volume_bytes: VOLUME,
            table,
            notifier,
            clock,
        }
    }

    /// The function without faults.
    pub(crate) fn function(&self) -> Ctx {
        self.start(&Effects::default())
    }

    /// A run that must not fail.
    pub(crate) async fn run(&self) -> usize {
        let run = transfers::run(&self.function()).await.unwrap();
        assert_eq!(run.failed, 0);
        run.steps
    }

    /// The owner of a fresh tenant, who can get mails under this address.
    pub(crate) async fn owner(&self, address: &str) -> TestMember {
        let user = self.register(address).await;
        let tenant = testkit::http::tenant(&self.table, &self.clock);
        testkit::http::member_of(&self.table, &self.clock, user, &tenant, Role::Owner).await
    }

    async fn register(&self, address: &str) -> UserId {
        let now = self.clock.now();
        let id = UserId::generate(self.table.ids());
        let registration = Registration {
            user: User {
                id,
                email: address.parse().unwrap(),
                email_verified: true,
                name: "Ada".to_owned(),
                locale: "en".to_owned(),
                time_zone: TimeZoneName::utc(),
                version: 1,
                created_at: now,
            },
            password: StoredPassword {
                sealed: SECRET.to_vec(),
                version: 1,
            },
            token: NewToken {
                secret: SecretHash::of(address),
                purpose: TokenPurpose::VerifyEmail,
                user: id,
                address: address.parse().unwrap(),
                password_version: 1,
                expires_at: now,
            },
            mail: OwedMail {
                id: NoticeId::generate(self.table.ids()),
                sealed: SECRET.to_vec(),
                since: now,
                useless_from: now,
            },
            act: UserAct {
                at: now,
                kind: EventKind::UserRegistered,
                origin: Origin::default(),
                detail: Value::Null,
            },
        };
        self.table.system().register(registration).await.unwrap();
        id
    }

    /// What somebody who has a passkey has noted with their user.
    pub(crate) async fn guard(&self, member: &TestMember) {
        let client = Client::from_conf(self.endpoint.clone().build());
        let update = client.update_item();
        update
            .table_name(&self.table.settings().name)
            .key("PK", AttributeValue::S(format!("U#{}", member.user)))
            .key("SK", AttributeValue::S("META".to_owned()))
            .update_expression("SET fac = :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await
            .unwrap();
    }

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
            owner: OwnerOf::Tenant(by.tenant),
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

    pub(crate) async fn account(&self, by: &TestMember, name: &str) -> AccountId {
        let now = self.clock.now();
        let account = Account {
            id: AccountId::generate(self.table.ids()),
            tenant: by.tenant,
            network: NetworkId::PLAYGROUND,
            identity: RemoteIdentity {
                remote_id: name.to_owned(),
                handle: name.to_owned(),
                name: name.to_owned(),
                avatar_url: None,
            },
            state: AccountState::Connected,
            credential_version: 1,
            checked_at: now,
            connected_by: by.user,
            created_at: now,
        };
        let connection = Connection {
            account: &account,
            credential: &SealedCredential {
                version: 1,
                sealed: SECRET.to_vec(),
            },
            limit: 100,
            claim: None,
        };
        let tenant = self.table.tenant(&by.scope);
        let connected = tenant.connect_account(&connection, &self.act(by)).await;
        connected.unwrap();
        account.id
    }

    /// A medium with these bytes, whatever they are.
    pub(crate) async fn media(&self, by: &TestMember, bytes: &[u8]) -> MediaId {
        let act = self.act(by);
        let length = u64::try_from(bytes.len()).unwrap();
        let media = Media {
            id: MediaId::generate(self.table.ids()),
            tenant: by.tenant,
            file_name: "loom.png".to_owned(),
            content_type: "image/png".to_owned(),
            bytes: length,
            alt_text: "A loom".to_owned(),
            state: MediaState::Uploading,
            uses: 0,
            created_by: by.user,
            created_at: act.at,
            updated_at: act.at,
        };
        let new = NewMedia {
            media: &media,
            limit: u64::MAX >> 1,
            claim: None,
        };
        let tenant = self.table.tenant(&by.scope);
        let created = tenant.create_media(&new, &act).await.unwrap();
        assert_eq!(created, MediaCreated::Done);
        let facts = MediaFacts {
            kind: MediaKind::Image,
            content_type: "image/png".to_owned(),
            bytes: length,
            width: 1,
            height: 1,
            duration_ms: None,
            sha256: sha256(bytes),
        };
        self.objects.upload(
            ObjectKey::new(by.tenant, media.id),
            "image/png",
            bytes.to_vec(),
        );
        let completed = tenant.complete_media(media.id, &facts, &act).await.unwrap();
        assert!(completed.is_some());
        media.id
    }

    /// A post on the account that is due in a day.
    pub(crate) async fn post(&self, by: &TestMember, account: AccountId) -> domain::PostId {
        let owner = Owner {
            scope: by.scope.clone(),
            user: by.user,
            account,
            network: NetworkId::PLAYGROUND,
        };
        let due = self.clock.now() + SignedDuration::from_hours(24);
        let delivery = testkit::posts::scheduled(&self.table, &self.clock, &owner, due).await;
        delivery.post
    }

    /// A tenant with some of everything.
    pub(crate) async fn furnished(&self, address: &str) -> TestMember {
        let owner = self.owner(address).await;
        let accounts = [
            self.account(&owner, &format!("{address}/1")).await,
            self.account(&owner, &format!("{address}/2")).await,
        ];
        testkit::http::account_group(&self.table, &self.clock, &owner, &accounts).await;
        self.media(&owner, b"not really a picture").await;
        for account in accounts {
            self.post(&owner, account).await;
        }
        owner
    }

    /// Two accounts, a group, a medium of these bytes and these posts, each a second after the one before.
    pub(crate) async fn furnish(&self, by: &TestMember, pixels: &[u8], plans: &[PostPlan]) {
        let first = self.account(by, &format!("{}/1", by.tenant)).await;
        self.clock.advance(SignedDuration::from_secs(1));
        let accounts = [first, self.account(by, &format!("{}/2", by.tenant)).await];
        testkit::http::account_group(&self.table, &self.clock, by, &accounts).await;
        let media = self.media(by, pixels).await;
        for plan in plans {
            self.clock.advance(SignedDuration::from_secs(1));
            self.planned(by, &accounts, media, plan).await;
        }
    }

    async fn planned(
        &self,
        by: &TestMember,
        accounts: &[AccountId],
        media: MediaId,
        plan: &PostPlan,
    ) {
        let now = self.clock.now();
        let post = PostId::generate(self.table.ids());
        let mut deliveries = Vec::new();
        for (state, account) in plan.states.iter().zip(accounts) {
            let draft = Delivery::draft(Target {
                id: DeliveryId::generate(self.table.ids()),
                tenant: by.tenant,
                post,
                account: *account,
                network: NetworkId::PLAYGROUND,
            });
            deliveries.push(in_state(draft, *state, now));
        }
        let target = |delivery: &Delivery| TargetContent {
            delivery: delivery.id,
            account: delivery.account,
            network: delivery.network.clone(),
            overridden: Override::default(),
            options: json!({ "note": plan.text }),
        };
        let body = Body {
            revision: 1,
            base: Content {
                text: plan.text.clone(),
                media: plan.has_media.then_some(media).into_iter().collect(),
                thread: Vec::new(),
            },
            targets: deliveries.iter().map(target).collect(),
        };
        let head = Post {
            id: post,
            tenant: by.tenant,
            version: 1,
            body: 1,
            schedule: None,
            tags: vec!["loom".to_owned()],
            snippet: plan.text.clone(),
            created_by: by.user,
            created_at: now,
            updated_at: now,
        };
        let new = NewPost {
            post: &head,
            body: &body,
            deliveries: &deliveries,
            posts_per_month: 1_000,
            claim: None,
            events: Vec::new(),
        };
        let tenant = self.table.tenant(&by.scope);
        let stored = tenant.create_post(new, &self.act(by)).await.unwrap();
        assert_eq!(stored, Commit::Done);
    }

    /// All that a tenant has but its imports, each with the operation that wrote it last.
    pub(crate) async fn stored(&self, by: &TestMember) -> String {
        let client = Client::from_conf(self.endpoint.clone().build());
        let scan = client.scan().table_name(&self.table.settings().name);
        let items = scan.into_paginator().items().send();
        let items: Vec<_> = items.collect::<Result<_, _>>().await.unwrap();
        let mut texts: Vec<String> = items
            .iter()
            .map(|item| ["PK", "SK", "op"].map(|name| format!("{:?}", item.get(name))))
            .map(|parts| parts.join(" "))
            .filter(|item| item.contains(&by.tenant.to_string()) && !item.contains("IMP#"))
            .collect();
        texts.sort();
        texts.join("\n")
    }

    pub(crate) async fn usage(&self, by: &TestMember) -> (u64, u64) {
        let usage = self.table.tenant(&by.scope).usage(self.clock.now()).await;
        let usage = usage.unwrap();
        (usage.posts, usage.media_bytes)
    }

    pub(crate) async fn request(&self, by: &TestMember) -> ExportId {
        let id = ExportId::generate(self.table.ids());
        let export = Export::new(id, by.tenant, by.user, self.clock.now());
        let tenant = self.table.tenant(&by.scope);
        let newest = tenant.newest_export().await.unwrap();
        let requested = tenant.request_export(&export, newest, &self.act(by)).await;
        assert!(requested.unwrap());
        id
    }

    pub(crate) async fn export(&self, by: &TestMember, id: ExportId) -> Export {
        let tenant = self.table.tenant(&by.scope);
        let found = tenant.export(id, self.clock.now()).await.unwrap();
        found.unwrap()
    }

    /// The volumes of an export that is ready.
    pub(crate) async fn volumes(&self, by: &TestMember, id: ExportId) -> Vec<Vec<u8>> {
        let export = self.export(by, id).await;
        assert!(matches!(export.state, ExportState::Ready { .. }));
        let named = self.table.tenant(&by.scope).export_volumes(id).await;
        let mut volumes = Vec::new();
        for volume in named.unwrap() {
            let key = ObjectKey::volume(by.tenant, id, &volume).unwrap();
            let bytes = self.objects.get(key, u64::MAX).await.unwrap().unwrap();
            assert_eq!(u64::try_from(bytes.len()).unwrap(), volume.bytes);
            assert_eq!(sha256(&bytes), volume.sha256);
            volumes.push(bytes.to_vec());
        }
        assert_eq!(volumes.len(), usize::try_from(export.volumes).unwrap());
        volumes
    }

    pub(crate) async fn bundle(&self, by: &TestMember, id: ExportId) -> Bundle {
        Bundle::of_volumes(&self.volumes(by, id).await)
    }
}

/// The effects that change something, with their numbers: whoever dies at a read has died after the write before.
pub(crate) fn writes<'a>(
    effects: &'a [&'static str],
) -> impl Iterator<Item = (usize, &'static str)> + 'a {
    let numbered = effects.iter().copied().enumerate();
    numbered.filter(|(_, effect)| {
        const WRITES: [&str; 5] = [
            "DeleteItem",
            "PutItem",
            "TransactWriteItems",
            "UpdateItem",
            "objects.put",
        ];
        WRITES.contains(effect)
    })
}

/// A delivery that is in this state, with what belongs to it.
fn in_state(draft: Delivery, state: State, now: Timestamp) -> Delivery {
    let due = (state != State::Draft).then_some(now);
    let evidence = Evidence {
        remote_id: Some(draft.id.to_string()),
        permalink: None,
        proof: ProofKind::Response,
        published_at: now,
    };
    let is_out = matches!(state, State::Published | State::HandedOver);
    Delivery {
        state,
        due,
        not_before: due.filter(|_| !state.is_settled()),
        attention: due.filter(|_| !state.is_settled()),
        deadline: due.filter(|_| !state.is_settled()),
        evidence: is_out.then_some(evidence),
        ..draft
    }
}
