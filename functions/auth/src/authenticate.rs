//! Whether somebody is who they say they are.

use api::{Client, DeviceCookie};
use domain::email::EmailAddress;
use domain::tenant::ROOT_TENANT;
use domain::{Error, PasskeyId, Result, UserId};
use store::{AttemptCounter, Opening, StoredUser};

use crate::Ctx;
use crate::authenticator::wrong_code;
use crate::login::Login;
use crate::password::Password;
use crate::second_factor::Factors;
use crate::sign_in_tries::Counter;
use crate::strangers::Stranger;

/// Tries of somebody who is signed in.
const PROOFS: &str = "proofs";

/// Somebody who proved who they are.
pub(crate) struct Authenticated {
    pub(crate) known: StoredUser,
    /// By what.
    pub(crate) opening: Opening,
    /// Whether by something that they have, too, and not only by something that they know.
    pub(crate) by_second_factor: bool,
    /// With a browser that they used before, or let in.
    pub(crate) is_known_device: bool,
    /// After this many wrong tries in a row.
    pub(crate) failed_before: u32,
}

impl Authenticated {
    /// The passkey that proved it.
    pub(crate) fn passkey(&self) -> Option<PasskeyId> {
        match &self.opening {
            Opening::Passkey(used) => Some(used.passkey),
            Opening::Password(_) => None,
        }
    }
}

/// Somebody who knows the password of an account.
pub(crate) struct Knowing {
    pub(crate) known: StoredUser,
    password_version: u64,
    is_known_device: bool,
    /// Tries in a row, with this one.
    pub(crate) attempt: u32,
    /// What they are counted by.
    counter: Counter,
}

impl Ctx {
    /// The person with this address, password and, where it is asked for, code. An unknown address costs as much as a
    /// known one.
    pub(crate) async fn authenticate(
        &self,
        body: &Login,
        client: &Client,
        shown: Option<&DeviceCookie>,
    ) -> Result<Authenticated> {
        let knowing = self
            .knowing(&body.email, &body.password, client, shown)
            .await?;
        let user = &knowing.known.user;
        let factors = self.factors(user.id).await?;
        let by_second_factor = factors.is_guarded();
        if by_second_factor {
            let code = body.code.as_deref();
            if let Err(refusal) = self.check_code(user.id, &factors, code, client).await {
                // Whatever is wrong with it: nobody chooses of which tries the person is told.
                self.warn_of_attempts(user, knowing.attempt, client).await?;
                return Err(refusal);
            }
        }
        self.forget_tries(&knowing.counter).await?;
        Ok(Authenticated {
            opening: Opening::Password(knowing.password_version),
            by_second_factor,
            is_known_device: knowing.is_known_device,
            failed_before: knowing.attempt.saturating_sub(1),
            known: knowing.known,
        })
    }

    /// Uses the code that somebody with second factors sent, if they sent one.
    async fn check_code(
        &self,
        user: UserId,
        factors: &Factors,
        code: Option<&str>,
        client: &Client,
    ) -> Result<()> {
        let code = code.ok_or_else(second_factor_required)?;
        let app = factors.authenticator.as_ref();
        if self.use_code(user, app, code, client).await? {
            Ok(())
        } else {
            Err(wrong_code("/code"))
        }
    }

    /// The person with this address and password. The try stays counted: it is not a sign-in yet. Whoever does not sign
    /// somebody in warns of it ([`Ctx::warn_of_attempts`]).
    pub(crate) async fn knowing(
        &self,
        email: &str,
        password: &str,
        client: &Client,
        shown: Option<&DeviceCookie>,
    ) -> Result<Knowing> {
        let password = Password::typed(password);
        let (now, system) = (self.clock.now(), self.table.system());
        self.limits
            .admit_client(&self.table, client.address, now)
            .await?;
        let Ok(email) = email.parse::<EmailAddress>() else {
            // No such address is registered; nothing says so.
            self.hasher.pretend(&password, &*self.random).await?;
            return Err(wrong());
        };
        self.ready_to_open().await?;
        let spare = UserId::generate(self.table.ids());
        let known = system.user_by_email(&email, spare).await?;
        let user = known.as_ref().map_or(spare, |known| known.user.id);
        let device = self.known_device(user, shown).await?;
        let mut stranger = match device {
            Some(_) => None,
            None => Some(self.meet(user, client, &password).await?),
        };
        // First what all strangers have in common: whoever is held back uses up no try of the address.
        if let Some(stranger) = &mut stranger {
            self.count_stranger(stranger).await?;
        }
        let home = stranger.as_ref().and_then(Stranger::home);
        let counter = match (device, &known, home) {
            (Some(device), _, _) => Counter::of_device(device),
            (None, Some(known), Some(network)) => {
                Counter::of_network(user, known.password.version, network)
            }
            (None, _, _) => Counter::of_address(&email),
        };
        let counted = self.count_try(&counter).await;
        let attempt = self.or_give_back(stranger.as_ref(), counted).await?;
        // Whoever registers an address where nobody had it knows the password of the registration: until the address is
        // proven it must open no more, and cost no less, than where somebody had it.
        let proven = known.filter(|known| known.user.email_verified);
        let Some(known) = proven else {
            self.hasher.pretend(&password, &*self.random).await?;
            self.turn_away(stranger.as_ref());
            self.warn_nobody(&email, attempt).await?;
            return Err(wrong());
        };
        let compared = self.version_of(&known, &password).await;
        let Some(password_version) = self.or_give_back(stranger.as_ref(), compared).await? else {
            self.turn_away(stranger.as_ref());
            self.warn_of_attempts(&known.user, attempt, client).await?;
            return Err(wrong());
        };
        if let Some(stranger) = &stranger {
            self.welcome(stranger).await?;
        }
        Ok(Knowing {
            known,
            password_version,
            is_known_device: device.is_some(),
            attempt,
            counter,
        })
    }

    /// The browser that somebody shows, where the person has used it before, or let it in. Looks for it whatever it says
    /// whose it is: that costs the same for an address that is not registered.
    pub(crate) async fn known_device<'a>(
        &self,
        user: UserId,
        shown: Option<&'a DeviceCookie>,
    ) -> Result<Option<&'a DeviceCookie>> {
        let Some(shown) = shown else {
            return Ok(None);
        };
        let system = self.table.system();
        let now = self.clock.now();
        let is_known = system.knows_device(user, &shown.mark(), now).await?;
        Ok(is_known.then_some(shown))
    }

    /// Checks the password of somebody who is signed in, as `pointer` of the request has it; its version.
    pub(crate) async fn check_password(
        &self,
        known: &StoredUser,
        typed: &str,
        pointer: &str,
    ) -> Result<u64> {
        self.count_proof(known.user.id).await?;
        let version = self.version_of(known, &Password::typed(typed)).await?;
        let version = version
            .ok_or_else(|| Error::field(pointer, "wrong_password", "this is not your password"))?;
        self.forget_proofs(known.user.id).await?;
        Ok(version)
    }

    /// Whether what people are compared with can be opened: to be asked before a try is counted. While the key service is
    /// down nobody uses up their tries, and a known address is answered as an unknown one.
    pub(crate) async fn ready_to_open(&self) -> Result<()> {
        self.envelope.ready(ROOT_TENANT).await
    }

    /// Counts a try of somebody who is signed in to prove again who they are.
    pub(crate) async fn count_proof(&self, user: UserId) -> Result<()> {
        self.ready_to_open().await?;
        let (now, system) = (self.clock.now(), self.table.system());
        system
            .count_attempt(PROOFS, &user.to_string(), self.limits.attempts, now)
            .await?;
        Ok(())
    }

    /// A try was successful.
    pub(crate) async fn forget_proofs(&self, user: UserId) -> Result<()> {
        let system = self.table.system();
        system.forget_attempts(PROOFS, &user.to_string()).await
    }
}

/// What the tries of somebody who is signed in are counted by.
pub(crate) fn tries_of_proofs(user: &str) -> AttemptCounter<'_> {
    AttemptCounter {
        purpose: PROOFS,
        subject: user,
    }
}

/// The refusal that tells nothing.
pub(crate) fn wrong() -> Error {
    Error::Unauthenticated {
        code: "invalid_credentials",
        detail: "the mail address or the password is wrong, or the address is not confirmed yet: open the link in the mail that we sent you, or ask for a new one",
    }
}

fn second_factor_required() -> Error {
    Error::Unauthenticated {
        code: "second_factor_required",
        detail: "send a code of the authenticator app, or a recovery code, too; or sign in with a passkey",
    }
}
