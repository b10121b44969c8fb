//! Retiring the keys of access tokens, by an operator's order: somebody else may have one.

use domain::event::Actor;
use domain::{Error, Result};
use jiff::Timestamp;
use serde::Deserialize;
use store::{Act, RetiredSigningKeys};

use crate::Ctx;

/// Which keys of access tokens an operator retires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetireSigningKeys {
    /// Those that were made before this, which must not be in the future: no key could take their place then.
    pub made_before: Timestamp,
}

/// Retires the keys of access tokens that were made before a time. May be repeated: those that took their places stay.
///
/// The table says which keys there are, and every instance reads it again within five minutes, so none needs another
/// configuration, and no deployment has to come first. The next sign-in of a program makes the new key.
pub async fn retire_signing_keys(
    ctx: &Ctx,
    RetireSigningKeys { made_before }: RetireSigningKeys,
) -> Result<RetiredSigningKeys> {
    let waker = &ctx.reconciler.waker;
    let now = waker.clock.now();
    if made_before > now {
        return Err(Error::Malformed {
            code: "malformed_request",
            detail: format!("made_before is in the future: it is {now} here"),
            errors: Vec::new(),
        });
    }
    let act = Act {
        actor: Actor::system("operator"),
        at: now,
    };
    let system = waker.table.system();
    let outcome = system.retire_signing_keys(made_before, &act).await?;
    tracing::warn!(%made_before, ?outcome, "signing keys were retired");
    Ok(outcome)
}
