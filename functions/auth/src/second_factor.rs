//! The second proof of who somebody is, where they have an authenticator app.

use cloud::envelope::{Binding, Purpose, Sealed};
use domain::tenant::ROOT_TENANT;
use domain::{Result, UserId};
use serde_json::Value;
use store::{Authenticator, UserAct};

use crate::Ctx;
use crate::client::Client;
use crate::recovery_code::RecoveryCode;
use crate::totp::{self, Seed};

/// Where a seed is sealed.
pub(crate) fn binding(user: UserId, version: u64) -> Binding {
    Binding::new(ROOT_TENANT, user, Purpose::AuthenticatorSeed, version)
}

impl Ctx {
    /// The person's app, where one is asked for.
    pub(crate) async fn active_authenticator(&self, user: UserId) -> Result<Option<Authenticator>> {
        let found = self.table.system().authenticator(user).await?;
        Ok(found.filter(|authenticator| authenticator.is_active))
    }

    /// The seed of an app.
    pub(crate) async fn seed(&self, user: UserId, authenticator: &Authenticator) -> Result<Seed> {
        let sealed = Sealed::from_bytes(authenticator.sealed.clone());
        let binding = binding(user, authenticator.version);
        Ok(Seed::from_bytes(
            self.envelope.open(&binding, &sealed).await?,
        ))
    }

    /// Uses a code of the person's app, or one of their recovery codes. Whether it was good.
    pub(crate) async fn use_code(
        &self,
        user: UserId,
        authenticator: &Authenticator,
        code: &str,
        client: &Client,
    ) -> Result<bool> {
        let system = self.table.system();
        let now = self.clock.now();
        if let Some(code) = totp::digits(code) {
            let seed = self.seed(user, authenticator).await?;
            return match seed.step_of(&code, now) {
                Some(step) => system.use_step(user, step).await,
                None => Ok(false),
            };
        }
        let Some(code) = RecoveryCode::parse(code) else {
            return Ok(false);
        };
        let act = UserAct {
            at: now,
            kind: "user.recovery_code_used",
            origin: client.origin(),
            detail: Value::Null,
        };
        system.use_recovery_code(user, &code.hash(), &act).await
    }
}
