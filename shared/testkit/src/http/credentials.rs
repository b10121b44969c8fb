//! What calls carry: sessions of browsers, and keys of programs.

use api::{ApiKeyText, CookieKind, Gate, SESSION_LIFETIME, SessionCookie};
use domain::api_key::ApiKey;
use domain::event::{Actor, EventKind};
use domain::membership::{AccountLimit, Permission};
use domain::user::Origin;
use domain::{ApiKeyId, Clock, NoticeId, PasskeyId, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::{
    Act, Credential, FactorChange, FactorChanged, OwedMail, Passkey, Session, SignIn, Table,
    UserAct,
};

use super::{TestMember, public_url, register};
use crate::clock::{FixedRandom, TestClock};

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
    let member = table.system().member(maker.user, maker.tenant).await;
    let member = member.expect("a readable table").expect("a membership");
    let tenant = table.tenant(&maker.scope);
    let made = tenant.create_api_key(&key, hash, &member.standing, &act);
    assert!(made.await.expect("a stored key"), "nothing changed");
    text.expose()
}

/// Signs somebody in; `name=value` of their cookie, which is the same each time.
pub async fn session(
    table: &Table,
    clock: &TestClock,
    user: UserId,
    tenant: Option<TenantId>,
) -> String {
    signed_in(table, clock, cookie(user, tenant, 0), (user, tenant)).await
}

/// Signs somebody in once more, beside [`session`].
pub async fn another_session(
    table: &Table,
    clock: &TestClock,
    user: UserId,
    tenant: Option<TenantId>,
) -> String {
    signed_in(table, clock, cookie(user, tenant, 2), (user, tenant)).await
}

/// Signs somebody in so many times, in no tenant, beside [`session`].
pub async fn sessions(table: &Table, clock: &TestClock, user: UserId, many: u64) -> Vec<String> {
    let mut shown = Vec::new();
    for number in 1..=many {
        let cookie = cookie(user, None, number);
        shown.push(signed_in(table, clock, cookie, (user, None)).await);
    }
    shown
}

async fn signed_in(
    table: &Table,
    clock: &TestClock,
    cookie: SessionCookie,
    (user, tenant): (UserId, Option<TenantId>),
) -> String {
    let now = clock.now();
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
    let replaced = system.replace_session_by(&old, &new, &act).await;
    assert!(replaced.expect("a stored session"), "they are signed in");
    TestMember {
        cookie: shown(&cookie),
        ..member.clone()
    }
}

/// Registers the person, signed in at this time by [`session`], and gives them a second factor: a passkey that nothing can
/// sign with. The same sign-in, by another cookie.
pub async fn guarded(table: &Table, clock: &TestClock, member: &TestMember) -> TestMember {
    register(table, clock, member).await;
    let (user, tenant, now) = (member.user, Some(member.tenant), clock.now());
    let old = session_of(&cookie(user, tenant, 0), user, tenant, now);
    let cookie = cookie(user, tenant, 1);
    let new = Session {
        secret: cookie.hash(),
        ..old.clone()
    };
    let passkey = Passkey {
        id: PasskeyId::generate(table.ids()),
        user,
        credential: user.to_string().into_bytes(),
        public_key: Vec::new(),
        sign_count: 0,
        is_backup_eligible: false,
        is_backed_up: false,
        transports: Vec::new(),
        name: "Phone".to_owned(),
        created_at: now,
        last_used_at: None,
    };
    let mail = OwedMail {
        id: NoticeId::generate(table.ids()),
        sealed: Vec::new(),
        since: now,
        useless_from: now,
    };
    let change = FactorChange {
        credential: &Credential::Session(old),
        session: Some(&new),
        mail: &mail,
        act: UserAct {
            at: now,
            kind: EventKind::UserPasskeyAdded,
            origin: Origin::default(),
            detail: Value::Null,
        },
    };
    let added = table.system().add_passkey(&passkey, None, change).await;
    assert_eq!(added.expect("a stored passkey"), FactorChanged::Done);
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
        longest_idle: SignedDuration::ZERO,
        ends_at: started_at.saturating_add(SESSION_LIFETIME).expect("a time"),
        origin: Origin::default(),
        support: None,
        began_with: Some(cookie.hash()),
    }
}

fn shown(cookie: &SessionCookie) -> String {
    let header = CookieKind::of(&public_url()).set(cookie);
    let text = header.to_str().expect("a readable cookie");
    text.split(';').next().unwrap_or_default().to_owned()
}
