//! What guards an account beside its password: an authenticator app, passkeys, and recovery codes for when they are lost.

use api::Client;
use cloud::envelope::{Binding, Purpose, Sealed};
use domain::event::EventKind;
use domain::tenant::ROOT_TENANT;
use domain::{Error, Result, UserId};
use serde_json::Value;
use store::{Authenticator, Factor, Passkey, StoredUser, UserAct};

use crate::Ctx;
use crate::recovery_code::RecoveryCode;
use crate::totp::{self, Seed};

/// What guards an account.
#[derive(Debug)]
pub(crate) struct Factors {
    /// An active authenticator app.
    pub(crate) authenticator: Option<Authenticator>,
    /// Passkeys.
    pub(crate) passkeys: Vec<Passkey>,
}

impl Factors {
    /// Whether the password alone is not enough.
    pub(crate) fn is_guarded(&self) -> bool {
        self.number() > 0
    }

    /// How many there are.
    pub(crate) fn number(&self) -> usize {
        usize::from(self.authenticator.is_some()).saturating_add(self.passkeys.len())
    }

    /// One of them.
    pub(crate) fn any(&self) -> Option<Factor> {
        let passkey = || Some(Factor::Passkey(self.passkeys.first()?.id));
        let app = self.authenticator.as_ref().map(|_| Factor::Authenticator);
        app.or_else(passkey)
    }
}

/// Where a seed is sealed.
pub(crate) fn binding(user: UserId, version: u64) -> Binding {
    Binding::new(ROOT_TENANT, user, Purpose::AuthenticatorSeed, version)
}

/// Tries of a removal, or of the way back to an address, while others change the same person's second factors.
pub(crate) const TRIES: u32 = 5;

impl Ctx {
    /// A person with the number of their second factors, as a removal must have seen it: before it looks at what they are.
    pub(crate) async fn counted_person(&self, user: UserId) -> Result<StoredUser> {
        let person = self.stored_person(user).await?;
        if person.second_factors.is_some() {
            return Ok(person);
        }
        // Older code did not count them.
        self.table.system().count_second_factors(user).await?;
        self.stored_person(user).await
    }

    /// What guards a person's account.
    pub(crate) async fn factors(&self, user: UserId) -> Result<Factors> {
        let system = self.table.system();
        let (app, passkeys) = tokio::join!(system.authenticator(user), system.passkeys(user));
        Ok(Factors {
            authenticator: app?.filter(|authenticator| authenticator.is_active),
            passkeys: passkeys?,
        })
    }

    /// Refuses to take the last of somebody's factors while a tenant of theirs requires one.
    pub(crate) async fn check_last_factor(&self, user: UserId, factors: &Factors) -> Result<()> {
        if factors.number() != 1 {
            return Ok(());
        }
        let members = self.table.system().memberships(user).await?;
        let mut tenants = members.into_iter().map(|belonging| belonging.tenant);
        let Some(requiring) = tenants.find(|tenant| tenant.requires_second_factor) else {
            return Ok(());
        };
        Err(Error::conflict(
            "last_second_factor",
            format!(
                "{} requires a second factor of its members: add another one before you remove this one, or leave the workspace first",
                requiring.name
            ),
        ))
    }

    /// The seed of an app.
    pub(crate) async fn seed(&self, user: UserId, authenticator: &Authenticator) -> Result<Seed> {
        let sealed = Sealed::from_bytes(authenticator.sealed.clone());
        let binding = binding(user, authenticator.version);
        Ok(Seed::from_bytes(
            self.envelope.open(&binding, &sealed).await?,
        ))
    }

    /// The same seed under the newest key of the platform, where that was rotated. The code was good and is used up, so
    /// nothing of this may fail the sign-in: the next one tries again.
    async fn reseal_seed(&self, user: UserId, authenticator: &Authenticator) {
        let resealing = async {
            let sealed = Sealed::from_bytes(authenticator.sealed.clone());
            if self.envelope.is_newest(ROOT_TENANT, &sealed).await? {
                return Ok(());
            }
            let binding = binding(user, authenticator.version);
            let seed = self.envelope.open(&binding, &sealed).await?;
            let anew = self.envelope.seal(&binding, &seed).await?;
            let system = self.table.system();
            system
                .replace_sealed_seed(user, authenticator, anew.as_bytes())
                .await
        };
        let resealed: Result<()> = resealing.await;
        if let Err(error) = resealed {
            tracing::warn!(
                user.id = %user,
                error = &error as &dyn std::error::Error,
                "the seed of an authenticator app could not be sealed anew"
            );
        }
    }

    /// Uses a code of the person's app, or one of their recovery codes. Whether it was good.
    pub(crate) async fn use_code(
        &self,
        user: UserId,
        authenticator: Option<&Authenticator>,
        code: &str,
        client: &Client,
    ) -> Result<bool> {
        let system = self.table.system();
        let now = self.clock.now();
        if let Some(code) = totp::digits(code) {
            let Some(authenticator) = authenticator else {
                return Ok(false);
            };
            let seed = self.seed(user, authenticator).await?;
            let Some(step) = seed.step_of(&code, now) else {
                return Ok(false);
            };
            let is_used = system.use_step(user, step).await?;
            if is_used {
                self.reseal_seed(user, authenticator).await;
            }
            return Ok(is_used);
        }
        let Some(code) = RecoveryCode::parse(code) else {
            return Ok(false);
        };
        let act = UserAct {
            at: now,
            kind: EventKind::UserRecoveryCodeUsed,
            origin: client.origin(),
            detail: Value::Null,
        };
        system.use_recovery_code(user, &code.hash(), &act).await
    }
}
