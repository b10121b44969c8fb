//! Access tokens: JWTs (RFC 9068) of five minutes, signed with ES256 by keys that the table holds.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Clock, Error, FamilyId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Keyring, Table};

/// How long an access token works, in seconds.
pub const LIFETIME_SECONDS: i64 = 300;
/// How far clocks may differ, in seconds.
const LEEWAY_SECONDS: i64 = 30;
/// Ours have some 500 bytes.
const LENGTH_MAX: usize = 2048;
/// The type of an access token (RFC 9068, 2.1): no other JWT passes for one.
const TYPE: &str = "at+jwt";
/// Keys are read again after this, so that a retired one dies.
const KEYS_FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Whoever signs reads them again after this: what a retired key signs is refused by whoever knows.
const KEYS_FRESH_TO_SIGN: SignedDuration = SignedDuration::from_secs(30);
/// Forged key ids cause at most one read in this time.
const KEYS_RETRY: SignedDuration = SignedDuration::from_secs(30);

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who signed it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// Who asks.
    pub sub: UserId,
    /// Where they act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<TenantId>,
    /// The sign-in that it belongs to.
    pub sid: FamilyId,
    /// What it may be used for.
    pub scope: String,
    /// When it was made, in seconds since the epoch.
    pub iat: i64,
    /// Until when it works, in seconds since the epoch.
    pub exp: i64,
    /// Its own name.
    pub jti: String,
}

/// The header of a token. Members that would choose a key or an algorithm (`jwk`, `jku`, `x5u`, `crit`) are unknown
/// here, and unknown members are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// For whom tokens are made, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// `iss`: the product's public address.
    pub issuer: String,
    /// `aud`: its API.
    pub audience: String,
}

impl Parties {
    /// The parties of the deployment that people reach under `origin`.
    pub(crate) fn of(origin: &str) -> Self {
        Self {
            issuer: origin.to_owned(),
            audience: format!("{origin}/v1"),
        }
    }
}

/// Signs a token with a P-256 key (PKCS #8), whose thumbprint is `kid`.
pub fn sign(claims: &Claims, kid: &str, pkcs8: &[u8]) -> Result<String> {
    let header = Header {
        typ: Some(TYPE.to_owned()),
        kid: Some(kid.to_owned()),
        ..Header::new(Algorithm::ES256)
    };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(pkcs8))
        .map_err(|error| Error::internal("an access token cannot be signed", error))
}

/// Verifies tokens, with the keys of the table.
pub(crate) struct Verifier {
    table: Table,
    clock: Arc<dyn Clock>,
    parties: Parties,
    known: RwLock<Option<Known>>,
}

struct Known {
    read_at: Timestamp,
    /// When an unknown key id last was the reason to read.
    searched_at: Option<Timestamp>,
    keyring: Arc<Keyring>,
    keys: HashMap<String, Arc<DecodingKey>>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("parties", &self.parties)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>, parties: Parties) -> Self {
        Self {
            table,
            clock,
            parties,
            known: RwLock::new(None),
        }
    }

    pub(crate) fn parties(&self) -> &Parties {
        &self.parties
    }

    /// The claims of a valid token. All others are [`Error::Unauthenticated`], whatever is wrong with them.
    pub(crate) async fn verify(&self, token: &str) -> Result<Claims> {
        let parts = Parts::of(token).ok_or_else(Error::unauthenticated)?;
        let header: TokenHeader = decode(parts.header).ok_or_else(Error::unauthenticated)?;
        if header.alg != "ES256" || header.typ != TYPE {
            return Err(Error::unauthenticated());
        }
        let key = self
            .key(&header.kid)
            .await?
            .ok_or_else(Error::unauthenticated)?;
        let is_ours = jsonwebtoken::crypto::verify(
            parts.signature,
            parts.signed.as_bytes(),
            &key,
            Algorithm::ES256,
        );
        if !is_ours.unwrap_or(false) {
            return Err(Error::unauthenticated());
        }
        decode::<Claims>(parts.payload)
            .filter(|claims| self.accepts(claims))
            .ok_or_else(Error::unauthenticated)
    }

    /// The keys, at most five minutes old.
    pub(crate) async fn keyring(&self) -> Result<Arc<Keyring>> {
        self.keyring_within(KEYS_FRESH).await
    }

    /// The keys for whoever signs with them, at most half a minute old.
    pub(crate) async fn keyring_to_sign(&self) -> Result<Arc<Keyring>> {
        self.keyring_within(KEYS_FRESH_TO_SIGN).await
    }

    /// The keys as they are stored now.
    pub(crate) async fn stored_keyring(&self) -> Result<Arc<Keyring>> {
        self.read(self.clock.now()).await
    }

    async fn keyring_within(&self, age: SignedDuration) -> Result<Arc<Keyring>> {
        let now = self.clock.now();
        if let Some(keyring) = self.look(|known| {
            let is_fresh = now.duration_since(known.read_at) < age;
            is_fresh.then(|| Arc::clone(&known.keyring))
        }) {
            return Ok(keyring);
        }
        self.read(now).await
    }

    fn accepts(&self, claims: &Claims) -> bool {
        let now = self.clock.now().as_second();
        claims.iss == self.parties.issuer
            && claims.aud == self.parties.audience
            && claims.iat <= now + LEEWAY_SECONDS
            && claims.exp > now - LEEWAY_SECONDS
            && claims.exp > claims.iat
            && claims.exp.saturating_sub(claims.iat) <= LIFETIME_SECONDS
    }

    async fn key(&self, kid: &str) -> Result<Option<Arc<DecodingKey>>> {
        let now = self.clock.now();
        self.keyring().await?;
        let found = |known: &Known| known.keys.get(kid).map(Arc::clone);
        if let Some(key) = self.look(found) {
            return Ok(Some(key));
        }
        if !self.may_search(now) {
            return Ok(None);
        }
        self.read(now).await?;
        Ok(self.look(found))
    }

    /// Whether an unknown key id is reason enough to read the keys, which it then counts as. However lately they were
    /// read: a key that takes the place of a retired one signs at once.
    fn may_search(&self, now: Timestamp) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = known.as_mut() else {
            return true;
        };
        let lately = |at: Timestamp| now.duration_since(at) < KEYS_RETRY;
        let may = !known.searched_at.is_some_and(lately);
        if may {
            known.searched_at = Some(now);
        }
        may
    }

    fn look<T>(&self, find: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().and_then(find)
    }

    async fn read(&self, now: Timestamp) -> Result<Arc<Keyring>> {
        let keyring = self.table.system().keyring().await?.ok_or_else(|| {
            Error::internal("there are no keys", "the deployment was not bootstrapped")
        })?;
        let keyring = Arc::new(keyring);
        let keys = keyring
            .signing
            .iter()
            .map(|key| {
                let decoding = DecodingKey::from_ec_components(&key.x, &key.y)
                    .map_err(|error| Error::corrupt("signing key", error))?;
                Ok((key.kid.clone(), Arc::new(decoding)))
            })
            .collect::<Result<_>>()?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Known {
            searched_at: known.as_ref().and_then(|known| known.searched_at),
            read_at: now,
            keyring: Arc::clone(&keyring),
            keys,
        });
        Ok(keyring)
    }
}

struct Parts<'a> {
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Option<Self> {
        if token.len() > LENGTH_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        (!payload.contains('.')).then_some(Self {
            signed,
            header,
            payload,
            signature,
        })
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}
