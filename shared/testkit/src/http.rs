//! Calls of a function's routes without a network, by whoever the test says.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::edge::{Edge, finish};
use api::{
    ApiKeyText, ApiLimits, ClientAddress, CookieKind, Gate, SESSION_LIFETIME, SessionCookie,
};
use axum::Router;
use axum::body::Body;
use domain::api_key::ApiKey;
use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::membership::{AccountGroup, AccountLimit, AssignedRole, Membership, Permission, Role};
use domain::tenant::{
    DEFAULT_MAX_LATENESS_HOURS, Limits, Locale, Tenant, TenantState, TimeZoneName, WeekStart,
};
use domain::user::Origin;
use domain::{AccountGroupId, AccountId, ApiKeyId, Clock, EventId, OperationId, TenantId, UserId};
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use store::{
    Act, Admission, Admitted, Defined, NewTenant, RequestRate, Session, SignIn, Table, TenantScope,
    UserAct,
};
use tower::ServiceExt as _;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::clock::{FixedRandom, TestClock};
use crate::services;

/// Where the product is reached in tests.
pub const PUBLIC_URL: &str = "http://127.0.0.1:8080/";

/// More requests than any test sends while its clock stands still.
pub const GENEROUS: ApiLimits = ApiLimits {
    tenant: ENOUGH,
    address: ENOUGH,
    key: ENOUGH,
};

const ENOUGH: RequestRate = RequestRate {
    per_second: 1_000_000,
    burst: 1_000_000,
};

/// A gate for [`PUBLIC_URL`], with keys in the table.
pub async fn gate(table: &Table, clock: &TestClock) -> Gate {
    let envelope = services::envelope(table, clock);
    gate_with(table, clock, &envelope).await
}

/// The same, with signing keys that `envelope` opens.
pub async fn gate_with(
    table: &Table,
    clock: &TestClock,
    envelope: &cloud::envelope::Envelope,
) -> Gate {
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let random: Arc<dyn domain::Random> = Arc::new(FixedRandom::new(17));
    api::bootstrap(table, envelope, &shared, &random)
        .await
        .expect("the keys are made");
    Gate::with_limits(table.clone(), shared, &public_url(), GENEROUS)
}

/// [`PUBLIC_URL`] as a URL.
pub fn public_url() -> Url {
    PUBLIC_URL.parse().expect("a URL")
}

/// Routes with the edge around them.
#[derive(Clone, Debug)]
pub struct TestApi {
    router: Router,
}

/// Somebody who is signed in by a browser and acts in a tenant of their own.
#[derive(Clone, Debug)]
pub struct TestMember {
    /// Who.
    pub user: UserId,
    /// Where.
    pub tenant: TenantId,
    /// What they reach.
    pub scope: TenantScope,
    /// `name=value` of their session cookie.
    pub cookie: String,
}

/// A call that is being put together.
#[derive(Debug)]
pub struct Call<'a> {
    api: &'a TestApi,
    request: http::request::Builder,
    body: Body,
}

/// What a call was answered with.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; `null` if it is empty, a text if it is JSON Lines.
    pub body: Value,
}

impl TestApi {
    /// The routes behind their edge.
    pub fn new(routes: OpenApiRouter, clock: &TestClock) -> Self {
        let (router, _) = routes.split_for_parts();
        let edge = Edge {
            clock: Arc::new(clock.clone()),
            random: Arc::new(FixedRandom::new(23)),
        };
        Self::of(finish(router, edge))
    }

    /// Routes that have their edge already.
    pub fn of(router: Router) -> Self {
        Self { router }
    }

    /// A call of a path, query included.
    pub fn call(&self, method: Method, path: impl AsRef<str>) -> Call<'_> {
        Call {
            api: self,
            request: Request::builder().method(method).uri(path.as_ref()),
            body: Body::empty(),
        }
    }

    /// `GET`
    pub fn get(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// `POST`
    pub fn post(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::POST, path)
    }

    /// `PATCH`
    pub fn patch(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    /// `DELETE`
    pub fn delete(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::DELETE, path)
    }
}

impl Call<'_> {
    /// As somebody's browser sends it from the dashboard.
    #[must_use]
    pub fn by(self, member: &TestMember) -> Self {
        self.cookie(&member.cookie)
    }

    /// As a browser with this cookie (`name=value`) sends it from the dashboard.
    #[must_use]
    pub fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
    }

    /// As a program with this access token sends it.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// As a host that knows the caller's address hands it over.
    #[must_use]
    pub fn from_address(mut self, address: &str) -> Self {
        let address = address.parse().expect("an address");
        self.request = self.request.extension(ClientAddress(address));
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// With any body.
    #[must_use]
    pub fn raw(self, content_type: &str, body: impl Into<Body>) -> Self {
        let mut call = self.header("content-type", content_type);
        call.body = body.into();
        call
    }

    /// Makes the call.
    pub async fn send(self) -> Answer {
        let request = self.request.body(self.body).expect("a valid request");
        let router = self.api.router.clone();
        let response = router.oneshot(request).await.expect("routers never fail");
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a complete body");
        let is_lines = head
            .headers
            .get("content-type")
            .is_some_and(|kind| kind == "application/jsonl");
        let body = if is_lines {
            Value::from(String::from_utf8(bytes.into()).expect("a text"))
        } else if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                panic!("not JSON ({error}): {}", String::from_utf8_lossy(&bytes))
            })
        };
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// Checks that it is a problem with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.body["code"], code, "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        answer
    }

    /// `name=value` of the cookie that the answer sets.
    #[track_caller]
    pub fn cookie(&self) -> String {
        let header = self.headers.get("set-cookie").expect("a cookie is set");
        let text = header.to_str().expect("a readable cookie");
        text.split(';').next().unwrap_or_default().to_owned()
    }
}

/// Makes a tenant with one member of this role, who is signed in there.
pub async fn member(table: &Table, clock: &TestClock, role: Role) -> TestMember {
    let user = UserId::generate(table.ids());
    let tenant = tenant(table, clock);
    member_of(table, clock, user, &tenant, role).await
}

/// An active tenant that is not stored yet.
pub fn tenant(table: &Table, clock: &TestClock) -> Tenant {
    let now = clock.now();
    Tenant {
        id: TenantId::generate(table.ids()),
        parent: Some(domain::tenant::ROOT_TENANT),
        ancestors: vec![domain::tenant::ROOT_TENANT],
        name: "Analytical Engines".to_owned(),
        time_zone: TimeZoneName::utc(),
        locale: Locale::english(),
        week_start: WeekStart::default(),
        state: TenantState::Active,
        limits: Limits::DEFAULT,
        max_lateness_hours: DEFAULT_MAX_LATENESS_HOURS,
        default_options: BTreeMap::new(),
        requires_second_factor: false,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Stores `tenant` with `user` as its one member, who is signed in there.
pub async fn member_of(
    table: &Table,
    clock: &TestClock,
    user: UserId,
    tenant: &Tenant,
    role: Role,
) -> TestMember {
    let now = clock.now();
    let membership = Membership {
        tenant: tenant.id,
        user,
        role: role.into(),
        limit: AccountLimit::Unlimited,
        version: 1,
        created_at: now,
    };
    let event = Event {
        id: EventId::generate(table.ids()),
        owner: Owner::Tenant(tenant.id),
        at: now,
        kind: EventKind::TenantCreated,
        actor: Actor::User(user),
        subject: Subject::Tenant(tenant.id),
        origin: None,
        detail: Value::Null,
        operation: OperationId::generate(table.ids()),
    };
    let new = NewTenant {
        tenant,
        owner: &membership,
        event: &event,
        claim: None,
        sessions: None,
    };
    let system = table.system();
    system.create_tenant(&new).await.expect("a stored tenant");
    let found = system
        .member(user, tenant.id)
        .await
        .expect("a readable table");
    TestMember {
        user,
        tenant: tenant.id,
        scope: found.expect("a membership").scope,
        cookie: session(table, clock, user, Some(tenant.id)).await,
    }
}

/// Makes somebody a further member of the owner's tenant, who is signed in there.
pub async fn colleague(
    table: &Table,
    clock: &TestClock,
    owner: &TestMember,
    role: AssignedRole,
    limit: AccountLimit,
) -> TestMember {
    let user = UserId::generate(table.ids());
    let membership = Membership {
        tenant: owner.tenant,
        user,
        role,
        limit,
        version: 1,
        created_at: clock.now(),
    };
    let admission = Admission {
        membership: &membership,
        members_max: u64::MAX,
        held: &[],
        invitation: None,
    };
    let act = Act {
        actor: Actor::User(owner.user),
        at: clock.now(),
    };
    let tenant = table.tenant(&owner.scope);
    let admitted = tenant.admit_member(&admission, &act).await;
    assert_eq!(admitted.expect("a stored member"), Admitted::Done);
    let found = table.system().member(user, owner.tenant).await;
    let member = found.expect("a readable table").expect("a membership");
    TestMember {
        user,
        tenant: owner.tenant,
        scope: member.scope,
        cookie: session(table, clock, user, Some(owner.tenant)).await,
    }
}

/// Makes a key of the maker's tenant with these scopes, for a year and from everywhere; its text.
pub async fn api_key(
    table: &Table,
    clock: &TestClock,
    gate: &Gate,
    maker: &TestMember,
    scopes: impl IntoIterator<Item = Permission>,
) -> String {
    let now = clock.now();
    let key = ApiKey {
        id: ApiKeyId::generate(table.ids()),
        tenant: maker.tenant,
        created_by: maker.user,
        name: "Newsroom".to_owned(),
        scopes: scopes.into_iter().collect(),
        limit: AccountLimit::Unlimited,
        addresses: Vec::new(),
        created_at: now,
        ends_at: now + jiff::SignedDuration::from_hours(24 * 365),
        used_at: None,
        revoked_at: None,
        replaced_by: None,
    };
    let text = ApiKeyText::generate(&FixedRandom::new(29), &key);
    let hash = gate.api_key_hash(&text).await.expect("a hash");
    let act = Act {
        actor: Actor::User(maker.user),
        at: now,
    };
    let tenant = table.tenant(&maker.scope);
    let made = tenant.create_api_key(&key, hash, &act).await;
    made.expect("a stored key");
    text.expose()
}

/// Makes an account group in the owner's tenant.
pub async fn account_group(
    table: &Table,
    clock: &TestClock,
    owner: &TestMember,
    accounts: &[AccountId],
) -> AccountGroupId {
    let member = table.system().member(owner.user, owner.tenant).await;
    let member = member.expect("a readable table").expect("a membership");
    let id = AccountGroupId::generate(table.ids());
    let group = AccountGroup {
        id,
        name: id.to_string(),
        accounts: accounts.iter().copied().collect(),
        members: 0,
        version: 1,
        created_at: clock.now(),
    };
    let act = Act {
        actor: Actor::User(owner.user),
        at: clock.now(),
    };
    let tenant = table.tenant(&owner.scope);
    let made = tenant.create_account_group(&group, None, &member.standing, &act);
    assert_eq!(made.await.expect("a stored group"), Defined::Done);
    id
}

/// Signs somebody in; `name=value` of their cookie.
pub async fn session(
    table: &Table,
    clock: &TestClock,
    user: UserId,
    tenant: Option<TenantId>,
) -> String {
    let now = clock.now();
    let cookie = cookie(user, tenant, 0);
    let session = session_of(&cookie, user, tenant, now);
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
    let system = table.system();
    system
        .start_session(&session, &sign_in)
        .await
        .expect("a stored session");
    shown(&cookie)
}

/// The person, signed in at this time by [`session`], proves again who they are: the same sign-in, by another cookie.
pub async fn reproved(
    table: &Table,
    clock: &TestClock,
    member: &TestMember,
    started_at: Timestamp,
) -> TestMember {
    let (user, tenant, now) = (member.user, Some(member.tenant), clock.now());
    let old = session_of(&cookie(user, tenant, 0), user, tenant, started_at);
    let cookie = cookie(user, tenant, 1);
    let new = Session {
        secret: cookie.hash(),
        proved_at: now,
        last_seen_at: now,
        ..old.clone()
    };
    let act = UserAct {
        at: now,
        kind: EventKind::UserReauthenticated,
        origin: Origin::default(),
        detail: Value::Null,
    };
    let system = table.system();
    let replaced = system.reprove_session(&old, &new, &act).await;
    assert!(replaced.expect("a stored session"), "they are signed in");
    TestMember {
        cookie: shown(&cookie),
        ..member.clone()
    }
}

fn cookie(user: UserId, tenant: Option<TenantId>, number: u64) -> SessionCookie {
    let seed = user.as_uuid().as_u64_pair().1.wrapping_add(number);
    SessionCookie::generate(&FixedRandom::new(seed), user, tenant)
}

fn session_of(
    cookie: &SessionCookie,
    user: UserId,
    tenant: Option<TenantId>,
    started_at: Timestamp,
) -> Session {
    Session {
        secret: cookie.hash(),
        user,
        tenant,
        started_at,
        proved_at: started_at,
        last_seen_at: started_at,
        ends_at: started_at.saturating_add(SESSION_LIFETIME).expect("a time"),
        origin: Origin::default(),
        support: None,
    }
}

fn shown(cookie: &SessionCookie) -> String {
    let header = CookieKind::of(&public_url()).set(cookie);
    let text = header.to_str().expect("a readable cookie");
    text.split(';').next().unwrap_or_default().to_owned()
}
