//! Opens and stores credentials. In clear they reach the network's module and nothing else.

use cloud::envelope::{Binding, Purpose, Sealed};
use domain::account::Account;
use domain::{Error, Result};
use networks::Credential;
use store::{Saved, SealedCredential, TenantScope};

use crate::Ctx;

/// The credential in clear.
pub(crate) async fn open(
    ctx: &Ctx,
    account: &Account,
    stored: &SealedCredential,
) -> Result<Credential> {
    let sealed = Sealed::from_bytes(stored.sealed.clone());
    let secret = ctx
        .envelope
        .open(&binding(account, stored.version), &sealed)
        .await?;
    let text = String::from_utf8(secret.to_vec())
        .map_err(|error| Error::corrupt("credential", error.utf8_error()))?;
    Ok(Credential::new(text))
}

/// Stores a refreshed credential as the next version after `version`.
pub(crate) async fn save(
    ctx: &Ctx,
    scope: &TenantScope,
    account: &Account,
    credential: &Credential,
) -> Result<Saved> {
    let version = account.credential_version.saturating_add(1);
    let sealed = ctx
        .envelope
        .seal(&binding(account, version), credential.expose().as_bytes())
        .await?;
    let stored = SealedCredential {
        version,
        sealed: sealed.as_bytes().to_vec(),
    };
    ctx.table
        .tenant(scope)
        .save_refreshed_credential(account, &stored)
        .await
}

fn binding(account: &Account, version: u32) -> Binding {
    Binding::new(
        account.tenant,
        account.id,
        Purpose::AccountCredential,
        u64::from(version),
    )
}
