//! Who asks, of a table whose calls are counted.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::token::{Claims, LIFETIME_SECONDS};
use api::{Gate, signing_key_binding};
use cloud::envelope::{Envelope, Sealed};
use domain::event::EventKind;
use domain::membership::{AccountLimit, AssignedRole, Permission, Role};
use domain::tenant::Tenant;
use domain::user::Origin;
use domain::{Clock as _, FamilyId, OperationId, UserId};
use jiff::SignedDuration;
use serde_json::Value;
use store::{Calls, Meter, RefreshFamily, RefreshToken, SecretHash, SignIn, Table, UserAct};
use testkit::http::{
    Call, account_group, api_key, custom_role, gate_with, guarded, member_of, tenant,
};
use testkit::{GENEROUS, TestApi, TestClock, TestMember, member, public_url};

use crate::app::router;

/// A table whose calls are counted, and the keys of its deployment.
pub(super) struct World {
    pub(super) clock: TestClock,
    pub(super) table: Table,
    meter: Arc<Meter>,
    envelope: Arc<Envelope>,
    pub(super) owner: TestMember,
    /// For setting up.
    pub(super) gate: Gate,
}

impl World {
    pub(super) async fn new() -> Self {
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

    /// An instance that has just started, and has answered nobody yet.
    pub(super) async fn instance(&self) -> TestApi {
        let clock = Arc::new(self.clock.clone());
        let gate = Gate::with_limits(self.table.clone(), clock, &public_url(), GENEROUS);
        gate.warm_up().await;
        TestApi::new(router(gate), &self.clock)
    }

    /// Somebody's access token, as `auth` makes it.
    pub(super) async fn token(&self, of: &TestMember) -> String {
        let now = self.clock.now();
        let family = self.family(of).await;
        let claims = Claims {
            iss: self.gate.parties().issuer.clone(),
            aud: self.gate.parties().audience.clone(),
            sub: of.user,
            tid: Some(of.tenant),
            sid: family.id,
            scope: "all".to_owned(),
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME_SECONDS,
            jti: OperationId::generate(self.table.ids()).to_string(),
        };
        let keyring = self.gate.keyring().await.unwrap();
        let key = &keyring.signing[0];
        let sealed = Sealed::from_bytes(key.sealed.clone());
        let binding = signing_key_binding(&key.kid);
        let pkcs8 = self.envelope.open(&binding, &sealed).await.unwrap();
        api::token::sign(&claims, &key.kid, &pkcs8).unwrap()
    }

    /// Signs a program of somebody's in.
    async fn family(&self, of: &TestMember) -> RefreshFamily {
        let now = self.clock.now();
        let id = FamilyId::generate(self.table.ids());
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
            act: self.act(EventKind::UserSignedIn),
        };
        let system = self.table.system();
        let started = system.start_family(&family, &first, &sign_in).await;
        assert!(started.unwrap());
        family
    }

    pub(super) async fn key(&self, of: &TestMember) -> String {
        let scopes = [Permission::ReadPosts];
        api_key(&self.table, &self.clock, &self.gate, of, scopes).await
    }

    /// The owner of a tenant that requires a second factor, who has one.
    pub(super) async fn guarded_owner(&self) -> TestMember {
        let tenant = Tenant {
            requires_second_factor: true,
            ..tenant(&self.table, &self.clock)
        };
        let user = UserId::generate(self.table.ids());
        let owner = member_of(&self.table, &self.clock, user, &tenant, Role::Owner).await;
        guarded(&self.table, &self.clock, &owner).await
    }

    /// A role that the owner's tenant makes, of these permissions.
    pub(super) async fn role(
        &self,
        owner: &TestMember,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> AssignedRole {
        AssignedRole::Custom(custom_role(&self.table, &self.clock, owner, permissions).await)
    }

    /// A limit to a group that the owner's tenant makes.
    pub(super) async fn group(&self, owner: &TestMember) -> AccountLimit {
        let group = account_group(&self.table, &self.clock, owner, &[]).await;
        AccountLimit::Groups(BTreeSet::from([group]))
    }

    /// Something that somebody does with their own account.
    pub(super) fn act(&self, kind: EventKind) -> UserAct {
        UserAct {
            at: self.clock.now(),
            kind,
            origin: Origin::default(),
            detail: Value::Null,
        }
    }

    /// What the table is asked by a request that asks for nothing but a permission.
    pub(super) async fn asked(
        &self,
        instance: &TestApi,
        shows: impl for<'a> Fn(Call<'a>) -> Call<'a>,
    ) -> Calls {
        self.meter.take_calls();
        let call = shows(instance.get("/v1/posts"));
        call.send().await.expect(200);
        self.meter.take_calls()
    }

    /// How often each request with this credential reads, from the first of an instance on.
    pub(super) async fn reads_of(&self, shows: impl for<'a> Fn(Call<'a>) -> Call<'a>) -> u64 {
        let instance = self.instance().await;
        let first = self.asked(&instance, &shows).await;
        let then = self.asked(&instance, &shows).await;
        assert_eq!(first.reads, then.reads, "the first request, and another");
        assert_eq!(then.writes, 0, "{then:?}");
        then.reads
    }

    /// The same of somebody's session, token and key.
    pub(super) async fn reads(&self, of: &TestMember) -> [u64; 3] {
        let (token, key) = (self.token(of).await, self.key(of).await);
        [
            self.reads_of(|call| call.by(of)).await,
            self.reads_of(|call| call.bearer(&token)).await,
            self.reads_of(|call| call.bearer(&key)).await,
        ]
    }
}
