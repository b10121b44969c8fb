//! What a passkey proves: that who has it answers a challenge of ours, now, for this act, as the person that they were to
//! their authenticator.

use api::Secret;
use domain::{Error, Result, UserId};
use jiff::SignedDuration;
use store::{Ceremony, CeremonyPurpose, Credential, Passkey, PasskeyUse};

use crate::Ctx;
use crate::webauthn::{
    Assertion, ClientData, CredentialDescriptor, Refusal, RelyingParty, RequestOptions,
};

/// How long people may take to answer a challenge.
const CHALLENGE_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// What a challenge is answered for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Proof<'a> {
    /// A new passkey of somebody who is signed in.
    Adding(&'a Credential),
    /// A sign-in.
    SigningIn,
    /// A new proof of somebody who is signed in.
    Reproving(&'a Credential),
}

impl Proof<'_> {
    fn purpose(self) -> CeremonyPurpose {
        match self {
            Self::Adding(_) => CeremonyPurpose::AddPasskey,
            Self::SigningIn => CeremonyPurpose::SignIn,
            Self::Reproving(_) => CeremonyPurpose::Reauthenticate,
        }
    }

    /// The sign-in that alone may answer.
    fn sign_in(self) -> Option<String> {
        match self {
            Self::SigningIn => None,
            Self::Adding(credential) | Self::Reproving(credential) => Some(credential.name()),
        }
    }
}

/// The refusal of a passkey in a field of a body. It tells nothing of the reason.
pub(crate) fn refused_at(pointer: &str) -> Error {
    Error::field(
        pointer,
        "passkey_refused",
        "this passkey was not accepted: try again, with one of your account",
    )
}

impl Ctx {
    pub(crate) fn relying_party(&self) -> RelyingParty {
        RelyingParty::of(&self.public_url)
    }

    /// A new challenge, and the milliseconds in which it is answered.
    pub(crate) async fn challenge(&self, proof: Proof<'_>) -> Result<(Secret, i64)> {
        let challenge = Secret::generate(&*self.random);
        let now = self.clock.now();
        let ceremony = Ceremony {
            challenge: challenge.hash(),
            purpose: proof.purpose(),
            sign_in: proof.sign_in(),
            expires_at: now.saturating_add(CHALLENGE_LIFETIME).unwrap_or(now),
        };
        self.table.system().begin_ceremony(&ceremony).await?;
        let timeout = CHALLENGE_LIFETIME.as_secs().saturating_mul(1000);
        Ok((challenge, timeout))
    }

    /// Options for a signature by one of these passkeys, or by whatever somebody chooses who is not known yet.
    pub(crate) async fn request_options(
        &self,
        proof: Proof<'_>,
        passkeys: &[Passkey],
    ) -> Result<RequestOptions> {
        let (challenge, timeout) = self.challenge(proof).await?;
        Ok(RequestOptions::new(
            &self.relying_party(),
            challenge.expose(),
            timeout,
            descriptors(passkeys),
        ))
    }

    /// Whether the browser answers a challenge of ours. Whatever it is, the challenge is used up.
    pub(crate) async fn answers_challenge(
        &self,
        client_data: &[u8],
        proof: Proof<'_>,
    ) -> Result<bool> {
        let Ok(client) = ClientData::read(client_data) else {
            return Ok(false);
        };
        let Some(challenge) = Secret::parse(&client.challenge) else {
            return Ok(false);
        };
        let by = proof.sign_in();
        let system = self.table.system();
        system
            .end_ceremony(
                &challenge.hash(),
                proof.purpose(),
                by.as_deref(),
                self.clock.now(),
            )
            .await
    }

    /// The use of a passkey of this person; `None` where it proves nothing.
    pub(crate) async fn proved_by_passkey(
        &self,
        user: UserId,
        assertion: &Assertion,
        proof: Proof<'_>,
    ) -> Result<Option<PasskeyUse>> {
        if !self
            .answers_challenge(assertion.client_data(), proof)
            .await?
        {
            tracing::info!("a passkey answered no challenge of ours");
            return Ok(None);
        }
        let passkeys = self.table.system().passkeys(user).await?;
        let Some(passkey) = passkeys
            .iter()
            .find(|passkey| passkey.credential == assertion.id())
        else {
            tracing::info!(%user, "a passkey is not one of the person's");
            return Ok(None);
        };
        let now = self.clock.now();
        let used = self.relying_party().asserted(passkey, assertion, now);
        Ok(logged(used, user))
    }
}

/// What a check of the standard allows; the reason of a refusal goes to the log.
pub(super) fn logged<T>(checked: std::result::Result<T, Refusal>, user: UserId) -> Option<T> {
    checked
        .inspect_err(|refusal| tracing::info!(%user, %refusal, "a passkey was refused"))
        .ok()
}

/// How browsers find these passkeys.
pub(super) fn descriptors(passkeys: &[Passkey]) -> Vec<CredentialDescriptor> {
    passkeys
        .iter()
        .map(|passkey| CredentialDescriptor::new(&passkey.credential, &passkey.transports))
        .collect()
}
