//! Ends the session of a disconnected account at its network, before the credential is removed.
//!
//! It runs here because this function opens credentials and calls networks anyway. A network may be told twice; whoever
//! dies in between leaves the credential in the index, and the dispatcher asks again.

use std::time::Duration;

use domain::event::Actor;
use domain::sign_out::{is_too_late, next_try};
use domain::{AccountId, Error, Result, TenantId};
use engine::vault;
use networks::{Credential, NetworkError};
use store::{Act, OwedSignOut, Saved, SignOutEnd};

use crate::Ctx;

/// Longest time that a network has to answer; the pause after it is longer.
const LONGEST: Duration = Duration::from_secs(30);

/// Tells the network, if it is still to be told and it is time.
pub(crate) async fn sign_out(ctx: &Ctx, tenant: TenantId, account: AccountId) -> Result<()> {
    let Some(owed) = ctx.table.system().owed_sign_out(tenant, account).await? else {
        return Ok(());
    };
    let now = ctx.clock.now();
    if now < owed.due {
        return Ok(());
    }
    let table = ctx.table.tenant(&owed.scope);
    let again = next_try(owed.tries, now);
    if table.begin_sign_out(&owed, again).await? == Saved::Stale {
        return Ok(());
    }
    let end = match tell(ctx, &owed).await {
        Ok(end) => end,
        Err(error) => {
            let is_given_up = is_too_late(owed.since, now);
            tracing::warn!(
                account.id = %account,
                is_given_up,
                error = &error as &dyn std::error::Error,
                "a network could not be told that an account was disconnected"
            );
            if !is_given_up {
                return Ok(());
            }
            SignOutEnd::GivenUp
        }
    };
    let act = Act {
        actor: Actor::system("publishing"),
        at: ctx.clock.now(),
    };
    // Where it is gone already, somebody else was faster, or the tenant was erased.
    let _: Saved = table.end_sign_out(&owed, end, &act).await?;
    Ok(())
}

async fn tell(ctx: &Ctx, owed: &OwedSignOut) -> Result<SignOutEnd> {
    let OwedSignOut {
        account,
        credential,
        ..
    } = owed;
    let network = ctx.networks.get(&account.network);
    let network = network.ok_or(Error::NotFound { kind: "network" })?;
    let credential: Credential = vault::open(&ctx.envelope, account, credential.clone()).await?;
    match tokio::time::timeout(LONGEST, network.sign_out(&credential)).await {
        Ok(Ok(())) => Ok(SignOutEnd::Ended),
        Ok(Err(NetworkError::Unauthorized { .. })) => Ok(SignOutEnd::WasOver),
        Ok(Err(error)) => Err(Error::unavailable("a network", error)),
        Err(elapsed) => Err(Error::unavailable("a network", elapsed)),
    }
}
