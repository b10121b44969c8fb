//! A tenant with its owner.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::Gate;
use domain::account::{Account, AccountState, RemoteIdentity};
use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::membership::{AccountLimit, AssignedRole, Membership, Role};
use domain::network::NetworkId;
use domain::tenant::Tenant;
use domain::{AccountGroupId, AccountId, Clock, EventId, OperationId};
use engine::Outbox;
use members::{Ctx, InvitationLimits, router};
use serde_json::{Value, json};
use store::{Act, Admission, Admitted, Connection, SealedCredential, Table};
use testkit::clock::ids;
use testkit::http::colleague;
use testkit::table::{event_kinds, table_with};
use testkit::{
    Answer, FixedRandom, Mailbox, MemoryKeys, TestApi, TestClock, TestMember, gate_with, member,
};

pub(crate) struct App {
    pub(crate) api: TestApi,
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) keys: Arc<MemoryKeys>,
    pub(crate) owner: TestMember,
    pub(crate) gate: Gate,
}

/// An API key as its program knows it.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Key {
    /// The key in the answer that shows it.
    pub(crate) fn of(made: &Answer) -> Self {
        let text = |name: &str| made.body[name].as_str().unwrap().to_owned();
        Self {
            id: text("id"),
            secret: text("secret"),
        }
    }
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with_limits(InvitationLimits::local()).await
    }

    pub(crate) async fn with_limits(limits: InvitationLimits) -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let client = testkit::table::client().await;
        let table = table_with(client.clone(), ids(&clock)).await;
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let keys = Arc::new(MemoryKeys::default());
        let envelope = testkit::services::envelope_of(&keys, &table, &clock);
        let mailbox = Arc::new(Mailbox::default());
        let gate = gate_with(&table, &clock, &envelope).await;
        let ctx = Ctx {
            gate: gate.clone(),
            table: table.clone(),
            clock: Arc::clone(&shared),
            random: Arc::new(FixedRandom::new(41)),
            outbox: Outbox {
                table: table.clone(),
                envelope,
                mailer: Arc::<Mailbox>::clone(&mailbox),
                clock: shared,
            },
            public_url: Arc::new(testkit::public_url()),
            limits,
        };
        let owner = member(&table, &clock, Role::Owner).await;
        Self {
            api: TestApi::new(router(ctx), &clock),
            clock,
            table,
            client,
            mailbox,
            keys,
            owner,
            gate,
        }
    }

    /// A further member with all accounts.
    pub(crate) async fn colleague(&self, role: impl Into<AssignedRole>) -> TestMember {
        let limit = AccountLimit::Unlimited;
        colleague(&self.table, &self.clock, &self.owner, role.into(), limit).await
    }

    /// A further member with the accounts of a group.
    pub(crate) async fn limited(&self, role: impl Into<AssignedRole>, group: &str) -> TestMember {
        let group: AccountGroupId = group.parse().unwrap();
        let limit = AccountLimit::Groups(BTreeSet::from([group]));
        colleague(&self.table, &self.clock, &self.owner, role.into(), limit).await
    }

    /// Makes somebody who left a member again.
    pub(crate) async fn readmit(&self, who: &TestMember, role: Role) {
        let membership = Membership {
            tenant: who.tenant,
            user: who.user,
            role: role.into(),
            limit: AccountLimit::Unlimited,
            version: 1,
            created_at: self.clock.now(),
        };
        let admission = Admission {
            membership: &membership,
            members_max: u64::MAX,
            held: &[],
            invitation: None,
        };
        let act = Act {
            actor: Actor::User(self.owner.user),
            at: self.clock.now(),
        };
        let tenant = self.table.tenant(&self.owner.scope);
        let admitted = tenant.admit_member(&admission, &act).await;
        assert_eq!(admitted.unwrap(), Admitted::Done);
    }

    pub(crate) async fn get(&self, by: &TestMember, path: &str) -> Answer {
        self.api.get(path).by(by).send().await
    }

    pub(crate) async fn post(&self, by: &TestMember, path: &str, body: &Value) -> Answer {
        self.api.post(path).by(by).json(body).send().await
    }

    pub(crate) async fn patch(&self, by: &TestMember, path: &str, body: &Value) -> Answer {
        self.api.patch(path).by(by).json(body).send().await
    }

    pub(crate) async fn delete(&self, by: &TestMember, path: &str) -> Answer {
        self.api.delete(path).by(by).send().await
    }

    /// Changes the tenant itself.
    pub(crate) async fn change_tenant(&self, change: impl FnOnce(&mut Tenant)) {
        let tenant = self.table.tenant(&self.owner.scope);
        let mut head = tenant.head().await.unwrap();
        change(&mut head);
        head.version += 1;
        let event = Event {
            id: EventId::generate(self.table.ids()),
            owner: Owner::Tenant(head.id),
            at: self.clock.now(),
            kind: EventKind::TenantChanged,
            actor: Actor::User(self.owner.user),
            subject: Subject::Tenant(head.id),
            origin: None,
            detail: Value::Null,
            operation: OperationId::generate(self.table.ids()),
        };
        tenant.change_head(&head, &event).await.unwrap();
    }

    /// Gives a member another role.
    pub(crate) async fn assign(&self, by: &TestMember, to: &TestMember, role: &str) -> Answer {
        let path = format!("/v1/members/{}", to.user);
        self.patch(by, &path, &json!({ "role": role })).await
    }

    /// What happened in the tenant.
    pub(crate) async fn events(&self) -> Vec<String> {
        event_kinds(&self.client, self.owner.tenant).await
    }

    /// The id of a new role.
    pub(crate) async fn role(&self, name: &str, permissions: &[&str]) -> String {
        let body = json!({ "name": name, "permissions": permissions });
        let made = self.post(&self.owner, "/v1/roles", &body).await.expect(201);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// The id of a new group.
    pub(crate) async fn group(&self, name: &str, accounts: &[AccountId]) -> String {
        let body = json!({ "name": name, "account_ids": accounts });
        let made = self.post(&self.owner, "/v1/account-groups", &body).await;
        made.expect(201).body["id"].as_str().unwrap().to_owned()
    }

    /// A new key with these scopes.
    pub(crate) async fn api_key(&self, by: &TestMember, scopes: &[&str]) -> Key {
        let body = json!({ "name": "Newsroom", "scopes": scopes });
        self.api_key_of(by, &body).await
    }

    /// A new key.
    pub(crate) async fn api_key_of(&self, by: &TestMember, body: &Value) -> Key {
        let made = self.post(by, "/v1/api-keys", body).await;
        Key::of(&made.expect(201))
    }

    /// What a key is told that it may do.
    pub(crate) async fn whoami(&self, key: &Key) -> Answer {
        let call = self.api.get("/v1/members/me").bearer(&key.secret);
        call.send().await
    }

    /// Disconnects an account.
    pub(crate) async fn disconnect(&self, id: AccountId) {
        let tenant = self.table.tenant(&self.owner.scope);
        let found = tenant.accounts(&[id]).await.unwrap();
        let act = Act {
            actor: Actor::User(self.owner.user),
            at: self.clock.now(),
        };
        tenant.disconnect_account(&found[0], &act).await.unwrap();
    }

    /// A connected account of the tenant.
    pub(crate) async fn account(&self, name: &str) -> AccountId {
        let now = self.clock.now();
        let account = Account {
            id: AccountId::generate(self.table.ids()),
            tenant: self.owner.tenant,
            network: NetworkId::PLAYGROUND,
            identity: RemoteIdentity {
                remote_id: format!("{name}-{}", self.owner.tenant),
                handle: name.to_owned(),
                name: name.to_owned(),
                avatar_url: None,
            },
            state: AccountState::Connected,
            credential_version: 1,
            checked_at: now,
            connected_by: self.owner.user,
            created_at: now,
        };
        let credential = SealedCredential {
            version: 1,
            sealed: vec![0],
        };
        let new = Connection {
            account: &account,
            credential: &credential,
            limit: 100,
            claim: None,
        };
        let act = Act {
            actor: Actor::User(self.owner.user),
            at: now,
        };
        let tenant = self.table.tenant(&self.owner.scope);
        tenant.connect_account(&new, &act).await.unwrap();
        account.id
    }
}
