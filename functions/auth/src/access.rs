//! What programs sign in with: access tokens and the refresh tokens that renew them.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use api::token::{Claims, LIFETIME_SECONDS, Parties};
use api::{Secret, signing_key_binding};
use cloud::envelope::{Envelope, Sealed};
use domain::{Error, FamilyId, OperationId, Random, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::{Keyring, RefreshFamily, RefreshToken, SignIn, SigningKey, UserAct};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::Ctx;

/// After this a program signs in again.
const FAMILY_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Tells our refresh tokens from other secrets, also where they leak.
const PREFIX: &str = "m1r";

/// What a program gets.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: i64,
    /// Good for one renewal.
    refresh_token: String,
}

impl Ctx {
    /// Signs a program in ; `None` where the password was changed meanwhile.
    pub(crate) async fn start_family(
        &self,
        user: UserId,
        tenant: Option<TenantId>,
        sign_in: &SignIn<'_>,
    ) -> Result<Option<Tokens>> {
        self.ready_to_issue().await?;
        let now = self.clock.now();
        let id = FamilyId::generate(self.table.ids());
        let family = RefreshFamily {
            id,
            root: id,
            user,
            tenant,
            started_at: now,
            proved_at: now,
            last_used_at: now,
            longest_idle: SignedDuration::ZERO,
            ends_at: after(now, FAMILY_LIFETIME),
            origin: sign_in.act.origin.clone(),
        };
        let token = RefreshSecret::first(&*self.random, user, family.id);
        let system = self.table.system();
        if !system
            .start_family(&family, &token.hashes(), sign_in)
            .await?
        {
            return Ok(None);
        }
        Ok(Some(self.tokens(&family, &token).await?))
    }

    /// Signs a signed-in program in to another tenant, too; no longer than it is signed in now.
    pub(crate) async fn start_family_beside(
        &self,
        family: &RefreshFamily,
        tenant: TenantId,
        act: &UserAct,
    ) -> Result<Tokens> {
        self.ready_to_issue().await?;
        let now = self.clock.now();
        let beside = RefreshFamily {
            id: FamilyId::generate(self.table.ids()),
            tenant: Some(tenant),
            last_used_at: now,
            longest_idle: family.idle_by(now),
            ..family.clone()
        };
        let token = RefreshSecret::first(&*self.random, beside.user, beside.id);
        let system = self.table.system();
        if !system
            .start_family_beside(family, &beside, &token.hashes(), act)
            .await?
        {
            return Err(Error::unauthenticated());
        }
        self.tokens(&beside, &token).await
    }

    /// New tokens for a program whose person has just proved again who they are; its old ones are dead from then on.
    pub(crate) async fn reprove_family(
        &self,
        old: &RefreshFamily,
        act: &UserAct,
    ) -> Result<Tokens> {
        self.ready_to_issue().await?;
        let new = RefreshFamily {
            id: FamilyId::generate(self.table.ids()),
            proved_at: self.clock.now(),
            last_used_at: self.clock.now(),
            longest_idle: SignedDuration::ZERO,
            ..old.clone()
        };
        let token = RefreshSecret::first(&*self.random, new.user, new.id);
        let system = self.table.system();
        if !system
            .replace_family(old, &new, &token.hashes(), act)
            .await?
        {
            return Err(Error::unauthenticated());
        }
        self.tokens(&new, &token).await
    }

    /// Whether tokens can be signed: to be asked before anything is written for which some are owed. Else a program whose
    /// old tokens are dead would not get its new ones while the key service is down.
    pub(crate) async fn ready_to_issue(&self) -> Result<()> {
        let keyring = self.keyring_to_sign().await?;
        let key = signer(&keyring, self.clock.now())?;
        self.issuer.private_part(key).await?;
        Ok(())
    }

    /// The keys to sign with. Where an operator retired all of them, another one is made, which signs at once: whoever
    /// verifies its first token looks for it.
    async fn keyring_to_sign(&self) -> Result<Arc<Keyring>> {
        let keyring = self.gate.keyring_to_sign().await?;
        if !keyring.signing.is_empty() {
            return Ok(keyring);
        }
        api::rotate_signing_keys(&self.table, &self.envelope, self.clock.now()).await?;
        self.gate.stored_keyring().await
    }

    /// An access token of a family, beside its refresh token.
    pub(crate) async fn tokens(
        &self,
        family: &RefreshFamily,
        refresh: &RefreshSecret,
    ) -> Result<Tokens> {
        let now = self.clock.now().as_second();
        let Parties { issuer, audience } = self.gate.parties().clone();
        let claims = Claims {
            iss: issuer,
            aud: audience,
            sub: family.user,
            tid: family.tenant,
            sid: family.id,
            scope: "all".to_owned(),
            iat: now,
            exp: now + LIFETIME_SECONDS,
            jti: OperationId::generate(self.table.ids()).to_string(),
        };
        let keyring = self.keyring_to_sign().await?;
        Ok(Tokens {
            access_token: self
                .issuer
                .sign(&keyring, &claims, self.clock.now())
                .await?,
            token_type: "Bearer",
            expires_in: LIFETIME_SECONDS,
            refresh_token: refresh.text(),
        })
    }
}

/// Signs access tokens. Keeps the opened private key, so that a sign-in does not wait for the key service.
pub struct Issuer {
    envelope: Arc<Envelope>,
    opened: RwLock<Option<OpenedKey>>,
}

#[derive(Clone)]
struct OpenedKey {
    kid: String,
    pkcs8: Arc<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuer(…)")
    }
}

impl Issuer {
    /// An issuer that opens its key with `envelope`.
    pub fn new(envelope: Arc<Envelope>) -> Self {
        Self {
            envelope,
            opened: RwLock::new(None),
        }
    }

    async fn sign(&self, keyring: &Keyring, claims: &Claims, now: Timestamp) -> Result<String> {
        let key = signer(keyring, now)?;
        let pkcs8 = self.private_part(key).await?;
        api::token::sign(claims, &key.kid, &pkcs8)
    }

    async fn private_part(&self, key: &SigningKey) -> Result<Arc<Zeroizing<Vec<u8>>>> {
        if let Some(opened) = self.opened(&key.kid) {
            return Ok(opened.pkcs8);
        }
        let sealed = Sealed::from_bytes(key.sealed.clone());
        let binding = signing_key_binding(&key.kid);
        let pkcs8 = Arc::new(self.envelope.open(&binding, &sealed).await?);
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        *opened = Some(OpenedKey {
            kid: key.kid.clone(),
            pkcs8: Arc::clone(&pkcs8),
        });
        Ok(pkcs8)
    }

    fn opened(&self, kid: &str) -> Option<OpenedKey> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.clone().filter(|opened| opened.kid == kid)
    }
}

/// A refresh token as its program knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefreshSecret {
    pub(crate) user: UserId,
    pub(crate) family: FamilyId,
    generation: u64,
    family_secret: Secret,
    secret: Secret,
}

impl RefreshSecret {
    fn first(random: &dyn Random, user: UserId, family: FamilyId) -> Self {
        Self {
            user,
            family,
            generation: 1,
            family_secret: Secret::generate(random),
            secret: Secret::generate(random),
        }
    }

    /// The token that comes after this one.
    pub(crate) fn next(&self, random: &dyn Random) -> Self {
        Self {
            generation: self.generation.saturating_add(1),
            secret: Secret::generate(random),
            ..self.clone()
        }
    }

    /// What the table knows of it.
    pub(crate) fn hashes(&self) -> RefreshToken {
        RefreshToken {
            generation: self.generation,
            family_secret: self.family_secret.hash(),
            secret: self.secret.hash(),
        }
    }

    /// `None` unless it is of the form that [`Self::text`] writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let [PREFIX, user, family, generation, family_secret, secret] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            user: user.parse().ok()?,
            family: family.parse().ok()?,
            generation: generation.parse().ok()?,
            family_secret: Secret::parse(family_secret)?,
            secret: Secret::parse(secret)?,
        })
    }

    fn text(&self) -> String {
        let Self {
            user,
            family,
            generation,
            family_secret,
            secret,
        } = self;
        format!(
            "{PREFIX}.{user}.{family}.{generation}.{}.{}",
            family_secret.expose(),
            secret.expose()
        )
    }
}

fn signer(keyring: &Keyring, now: Timestamp) -> Result<&SigningKey> {
    keyring
        .signer_at(now)
        .ok_or_else(|| Error::internal("there is no signing key", "the keyring is empty"))
}

fn after(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.saturating_add(duration).unwrap_or(now)
}
