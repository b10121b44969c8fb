//! What it costs to find out who asks, and what they may do.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::token::{Claims, LIFETIME_SECONDS};
use api::{Gate, signing_key_binding};
use cloud::envelope::{Envelope, Sealed};
use domain::event::EventKind;
use domain::membership::{AccountLimit, Permission, Role};
use domain::user::Origin;
use domain::{Clock as _, FamilyId, OperationId};
use jiff::SignedDuration;
use serde_json::Value;
use store::{Calls, Meter, RefreshFamily, RefreshToken, SecretHash, SignIn, Table, UserAct};
use testkit::http::{Call, account_group, api_key, colleague, gate_with};
use testkit::{GENEROUS, TestApi, TestClock, TestMember, member, public_url};

use crate::app::router;

/// Calls that find out who asks read the table so often at most.
const READS_MAX: u64 = 2;

/// A table whose calls are counted, and the keys of its deployment.
struct World {
    clock: TestClock,
    table: Table,
    meter: Arc<Meter>,
    envelope: Arc<Envelope>,
    owner: TestMember,
    /// For setting up.
    gate: Gate,
}

impl World {
    async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let meter = Arc::new(Meter::default());
        let table = testkit::table(&clock).await.metered(Arc::clone(&meter));
        let envelope = testkit::envelope(&table, &clock);
        Self {
            gate: gate_with(&table, &clock, &envelope).await,
            owner: member(&table, &clock, Role::Owner).await,
            envelope,
            meter,
            table,
            clock,
        }
    }

    /// An instance that has answered nobody yet.
    fn instance(&self) -> TestApi {
        let clock = Arc::new(self.clock.clone());
        let gate = Gate::with_limits(self.table.clone(), clock, &public_url(), GENEROUS);
        TestApi::new(router(gate), &self.clock)
    }

    /// Somebody's access token, as `auth` makes it.
    async fn token(&self, of: &TestMember) -> String {
        let now = self.clock.now();
        let ids = self.table.ids();
        let id = FamilyId::generate(ids);
        let family = RefreshFamily {
            id,
            root: id,
            user: of.user,
            tenant: Some(of.tenant),
            started_at: now,
            proved_at: now,
            last_used_at: now,
            longest_idle: SignedDuration::ZERO,
            ends_at: now + SignedDuration::from_hours(1),
            origin: Origin::default(),
        };
        let first = RefreshToken {
            generation: 1,
            family_secret: SecretHash::of("family"),
            secret: SecretHash::of("first"),
        };
        let sign_in = SignIn {
            opening: None,
            device: None,
            mail: None,
            act: UserAct {
                at: now,
                kind: EventKind::UserSignedIn,
                origin: Origin::default(),
                detail: Value::Null,
            },
        };
        let system = self.table.system();
        let started = system.start_family(&family, &first, &sign_in).await;
        assert!(started.unwrap());
        let claims = Claims {
            iss: self.gate.parties().issuer.clone(),
            aud: self.gate.parties().audience.clone(),
            sub: of.user,
            tid: Some(of.tenant),
            sid: family.id,
            scope: "all".to_owned(),
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME_SECONDS,
            jti: OperationId::generate(ids).to_string(),
        };
        let keyring = self.gate.keyring().await.unwrap();
        let key = &keyring.signing[0];
        let sealed = Sealed::from_bytes(key.sealed.clone());
        let binding = signing_key_binding(&key.kid);
        let pkcs8 = self.envelope.open(&binding, &sealed).await.unwrap();
        api::token::sign(&claims, &key.kid, &pkcs8).unwrap()
    }

    async fn key(&self, of: &TestMember) -> String {
        api_key(
            &self.table,
            &self.clock,
            &self.gate,
            of,
            [Permission::ReadPosts],
        )
        .await
    }

    /// What the table is asked by a request that asks for nothing but a permission: the first of an instance, and another.
    async fn calls(&self, shows: impl for<'a> Fn(Call<'a>) -> Call<'a>) -> [Calls; 2] {
        let instance = self.instance();
        let mut calls = Vec::new();
        for _ in 0..2 {
            self.meter.take_calls();
            let call = shows(instance.get("/v1/posts"));
            call.send().await.expect(200);
            calls.push(self.meter.take_calls());
        }
        calls.try_into().unwrap()
    }
}

#[tokio::test]
async fn authorisation_of_a_session_a_token_and_a_key_reads_the_table_twice_at_most() {
    let world = World::new().await;
    let (token, key) = (
        world.token(&world.owner).await,
        world.key(&world.owner).await,
    );

    let session = world.calls(|call| call.by(&world.owner)).await;
    let token = world.calls(|call| call.bearer(&token)).await;
    let key = world.calls(|call| call.bearer(&key)).await;

    // The keys of the product are read once in five minutes; a built-in role needs no read.
    for (what, [first, then]) in [("session", session), ("token", token), ("key", key)] {
        assert!(first.reads <= READS_MAX, "{what}: {first:?}");
        assert_eq!(
            then,
            Calls {
                reads: 1,
                writes: 0
            },
            "{what}"
        );
    }
}

#[tokio::test]
async fn authorisation_of_somebody_with_account_groups_reads_the_table_twice_at_most() {
    let world = World::new().await;
    let group = account_group(&world.table, &world.clock, &world.owner, &[]).await;
    let limit = AccountLimit::Groups(BTreeSet::from([group]));
    let role = Role::Admin.into();
    let limited = colleague(&world.table, &world.clock, &world.owner, role, limit).await;
    let (token, key) = (world.token(&limited).await, world.key(&limited).await);

    let session = world.calls(|call| call.by(&limited)).await;
    let token = world.calls(|call| call.bearer(&token)).await;
    let key = world.calls(|call| call.bearer(&key)).await;

    for (what, [_, then]) in [("session", session), ("token", token), ("key", key)] {
        let reads = READS_MAX;
        assert_eq!(then, Calls { reads, writes: 0 }, "{what}");
    }
}
