//! The gate that every request with a credential passes.

use std::fmt;
use std::sync::Arc;

use cloud::aws::warm_up;
use domain::api_key::{ApiKey, ApiKeyState};
use domain::support::SupportBinding;
use domain::{Clock, Error, Random, Result, TenantId};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use store::{Credential, CredentialKey, Identified, SecretHash, Session, Table};
use url::Url;

use crate::client::ClientAddress;
use crate::credential::api_key::ApiKeyText;
use crate::credential::cookie::{CookieKind, SessionCookie};
use crate::credential::token::{Parties, Verifier};
use crate::credential::{Shown, cross_site, shown};
use crate::rate_limit::{ApiLimits, Limiter, Of};
use crate::witness::Witness;

/// A session ends this long after its sign-in, whatever happens.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// A session that was not used for this long is dead.
pub const SESSION_IDLE: SignedDuration = SignedDuration::from_mins(60);
/// For this long after its person proved who they are, a credential is good for what [`crate::route::recent`] guards.
pub const PROOF_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// The use of a session is noted at most this often.
const SESSION_NOTED: SignedDuration = SignedDuration::from_mins(5);

/// The code of a refusal that a proof of the person cures (RFC 9470).
pub(crate) const NOT_RECENT: &str = "insufficient_user_authentication";

/// Finds out who asks. One per process; clones share it. Contexts of functions hold one and give it to the extractors
/// through `FromRef`.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    table: Table,
    clock: Arc<dyn Clock>,
    cookie: CookieKind,
    origin: String,
    verifier: Verifier,
    limiter: Limiter,
}

/// A session that takes the place of another one.
#[derive(Debug)]
pub struct Rebound {
    /// For the table.
    pub session: Session,
    /// For the browser.
    pub set_cookie: HeaderValue,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({})", self.0.origin)
    }
}

impl Gate {
    /// The gate of the deployment that people reach under `public_url`.
    pub fn new(table: Table, clock: Arc<dyn Clock>, public_url: &Url) -> Self {
        Self::with_limits(table, clock, public_url, ApiLimits::DEPLOYED)
    }

    /// The same with other limits.
    pub fn with_limits(
        table: Table,
        clock: Arc<dyn Clock>,
        public_url: &Url,
        limits: ApiLimits,
    ) -> Self {
        let origin = public_url.origin().ascii_serialization();
        Self(Arc::new(Inner {
            limiter: Limiter::new(table.clone(), limits),
            verifier: Verifier::new(table.clone(), Arc::clone(&clock), Parties::of(&origin)),
            cookie: CookieKind::of(public_url),
            origin,
            table,
            clock,
        }))
    }

    /// Reads the product's keys during start-up, when the CPU is not yet throttled: that opens the connection to the
    /// table, and no request waits for them. Its result does not matter: where it fails, whoever needs them reads them.
    pub async fn warm_up(&self) {
        warm_up(self.keyring()).await;
    }

    /// How the session cookie is set.
    pub fn cookie(&self) -> CookieKind {
        self.0.cookie
    }

    /// Whether people reach the deployment under https.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.origin.starts_with("https://")
    }

    /// Issuer and audience of access tokens.
    pub fn parties(&self) -> &Parties {
        self.0.verifier.parties()
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The table.
    pub(crate) fn table(&self) -> &Table {
        &self.0.table
    }

    /// The product's keys, at most five minutes old.
    pub async fn keyring(&self) -> Result<Arc<store::Keyring>> {
        self.0.verifier.keyring().await
    }

    /// The product's keys for whoever signs with them, at most half a minute old.
    pub async fn keyring_to_sign(&self) -> Result<Arc<store::Keyring>> {
        self.0.verifier.keyring_to_sign().await
    }

    /// The product's keys as they are stored now, from which on they are known here.
    pub async fn stored_keyring(&self) -> Result<Arc<store::Keyring>> {
        self.0.verifier.stored_keyring().await
    }

    /// Refuses a sign-in that another site makes a browser send.
    pub fn check_sign_in(&self, headers: &HeaderMap) -> Result<()> {
        cross_site::check_sign_in(headers, &self.0.origin)
    }

    /// The session of a request that may have none: for a sign-in, which ends it. What is no session counts as none.
    pub async fn session_of(&self, headers: &HeaderMap) -> Result<Option<Session>> {
        let Ok(Shown::Session(cookie)) = shown(headers, self.0.cookie) else {
            return Ok(None);
        };
        let key = session_key(&cookie);
        let identified = self.0.table.system().identify(&key).await?;
        Ok(identified.and_then(|identified| match identified {
            Identified::Person {
                credential: Credential::Session(session),
                ..
            }
            | Identified::Supporter { session, .. } => Some(session),
            Identified::Person {
                credential: Credential::Family(_),
                ..
            }
            | Identified::Program { .. } => None,
        }))
    }

    /// A session that takes the place of `old`, bound to `tenant`. It has a new secret and ends when the old one would
    /// have; whoever stores it deletes the old one in the same transaction.
    pub fn rebind(&self, random: &dyn Random, old: &Session, tenant: TenantId) -> Rebound {
        self.successor(random, old, (Some(tenant), None), old.proved_at)
    }

    /// The same for a session whose person looks into `tenant` from then on, where they are no member.
    pub fn bind_to_support(
        &self,
        random: &dyn Random,
        old: &Session,
        tenant: TenantId,
        binding: SupportBinding,
    ) -> Rebound {
        let place = (Some(tenant), Some(binding));
        self.successor(random, old, place, old.proved_at)
    }

    /// The same for a session that stays where it is, with the proof that it has.
    pub fn renew(&self, random: &dyn Random, old: &Session) -> Rebound {
        let place = (old.tenant, old.support.clone());
        self.successor(random, old, place, old.proved_at)
    }

    /// The same for a session whose person has just proved again who they are.
    pub fn reprove(&self, random: &dyn Random, old: &Session) -> Rebound {
        let place = (old.tenant, old.support.clone());
        self.successor(random, old, place, self.0.clock.now())
    }

    fn successor(
        &self,
        random: &dyn Random,
        old: &Session,
        (tenant, support): (Option<TenantId>, Option<SupportBinding>),
        proved_at: Timestamp,
    ) -> Rebound {
        let cookie = SessionCookie::generate(random, old.user, tenant);
        let now = self.0.clock.now();
        let is_proved_anew = proved_at > old.proved_at;
        Rebound {
            session: Session {
                secret: cookie.hash(),
                tenant,
                support,
                proved_at,
                last_seen_at: now,
                // A switch is no proof: who was away for long stays so for tenants that mind.
                longest_idle: if is_proved_anew {
                    SignedDuration::ZERO
                } else {
                    old.idle_by(now)
                },
                ..old.clone()
            },
            set_cookie: self.0.cookie.set(&cookie),
        }
    }

    /// What is stored of a new API key's secret.
    pub async fn api_key_hash(&self, text: &ApiKeyText) -> Result<SecretHash> {
        Ok(text.hash(&self.hash_key().await?))
    }

    /// Refuses a credential whose person proved too long ago who they are.
    pub fn check_recent(&self, credential: &Credential) -> Result<()> {
        let now = self.0.clock.now();
        if now.duration_since(credential.proved_at()) < PROOF_LIFETIME {
            return Ok(());
        }
        Err(Error::Unauthenticated {
            code: NOT_RECENT,
            detail: "prove again who you are: POST /v1/auth/reauthenticate",
        })
    }

    /// Counts the request against its client, whoever it says it is; [`Error::RateLimited`] if it is one too many. Where
    /// the host does not know the client, it goes through.
    pub(crate) async fn admit_client(&self, request: &Parts) -> Result<()> {
        match request.extensions.get::<ClientAddress>() {
            Some(client) => self.admit(request, Of::Address, &client.network()).await,
            None => Ok(()),
        }
    }

    /// Who sent the request; [`Error::Unauthenticated`] if nobody known.
    pub(crate) async fn identify(&self, request: &Parts) -> Result<Identified> {
        let key = match shown(&request.headers, self.0.cookie)? {
            Shown::Session(cookie) => {
                cross_site::check(&request.method, &request.headers, &self.0.origin)?;
                session_key(&cookie)
            }
            Shown::AccessToken(token) => {
                let claims = self.0.verifier.verify(&token).await?;
                CredentialKey::Family {
                    user: claims.sub,
                    family: claims.sid,
                    tenant: claims.tid,
                }
            }
            Shown::ApiKey(text) => text.key(&self.hash_key().await?),
        };
        let identified = self.0.table.system().identify(&key).await?;
        let identified = identified.ok_or_else(Error::unauthenticated)?;
        match &identified {
            Identified::Person { credential, .. } => self.check_times(credential).await?,
            Identified::Supporter { session, .. } => self.check_session(session).await?,
            Identified::Program { key, .. } => {
                check_state(key, self.0.clock.now())?;
                self.admit(request, Of::ApiKey, &key.id.to_string()).await?;
            }
        }
        let identified = self.without_ended_support(identified);
        if let Some(scope) = identified.scope() {
            let tenant = scope.tenant().to_string();
            self.admit(request, Of::Tenant, &tenant).await?;
        }
        Ok(identified)
    }

    /// Whose time to look into a tenant is over, or who may not support others any more, is only signed in.
    fn without_ended_support(&self, identified: Identified) -> Identified {
        match identified {
            Identified::Supporter { session, access } => {
                if access.end(self.0.clock.now()).is_none() {
                    return Identified::Supporter { session, access };
                }
                Identified::Person {
                    credential: Credential::Session(session),
                    member: None,
                }
            }
            other @ (Identified::Person { .. } | Identified::Program { .. }) => other,
        }
    }

    /// Refuses a key that is used from where it must not be, and notes the use of one that may be used.
    pub(crate) async fn take(&self, request: &Parts, key: &ApiKey) -> Result<()> {
        let client = request.extensions.get::<ClientAddress>();
        if !key.takes(client.map(|ClientAddress(address)| *address)) {
            return Err(Error::Forbidden {
                code: "address_not_allowed",
                detail: "the API key is not taken from this address".to_owned(),
            });
        }
        let now = self.0.clock.now();
        if key.notes_use(now) {
            self.0.table.system().note_api_key_use(key, now).await?;
        }
        Ok(())
    }

    /// The key under which API keys are hashed.
    async fn hash_key(&self) -> Result<Vec<u8>> {
        let keyring = self.keyring().await?;
        let key = keyring.hash_key.clone();
        key.ok_or_else(|| Error::unavailable("the product's keys", "no key for hashes yet"))
    }

    /// Counts the request; [`Error::RateLimited`] if it is one too many.
    async fn admit(&self, request: &Parts, of: Of, subject: &str) -> Result<()> {
        let now = self.0.clock.now();
        let admission = self.0.limiter.admit(of, subject, now).await;
        Witness::stand(request, admission.standing);
        match admission.refused_until {
            None => Ok(()),
            Some(retry_at) => Err(Error::RateLimited { retry_at }),
        }
    }

    async fn check_times(&self, credential: &Credential) -> Result<()> {
        match credential {
            Credential::Session(session) => self.check_session(session).await,
            Credential::Family(family) if family.ends_at <= self.0.clock.now() => Err(expired()),
            Credential::Family(_) => Ok(()),
        }
    }

    async fn check_session(&self, session: &Session) -> Result<()> {
        let now = self.0.clock.now();
        let idle = now.duration_since(session.last_seen_at);
        if session.ends_at <= now || idle >= SESSION_IDLE {
            return Err(expired());
        }
        if idle >= SESSION_NOTED {
            self.note_use(session, now).await?;
        }
        Ok(())
    }

    async fn note_use(&self, session: &Session, now: Timestamp) -> Result<()> {
        let system = self.0.table.system();
        system.note_session_use(session, now).await
    }
}

fn check_state(key: &ApiKey, now: Timestamp) -> Result<()> {
    match key.state(now) {
        ApiKeyState::Active => Ok(()),
        ApiKeyState::Expired => Err(Error::Unauthenticated {
            code: "api_key_expired",
            detail: "the API key has expired: rotate it, or make another",
        }),
        ApiKeyState::Revoked => Err(Error::unauthenticated()),
    }
}

fn session_key(cookie: &SessionCookie) -> CredentialKey {
    CredentialKey::Session {
        user: cookie.user(),
        secret: cookie.hash(),
        tenant: cookie.tenant(),
    }
}

fn expired() -> Error {
    Error::Unauthenticated {
        code: "session_expired",
        detail: "sign in again",
    }
}
