//! Credentials on their way into and out of the table: whoever stores one and whoever uses it bind it to the same place.

use cloud::envelope::{Binding, Envelope, Purpose, Sealed};
use domain::account::Account;
use domain::{AccountId, Error, Result, TenantId};
use networks::Credential;
use store::SealedCredential;

/// Seals a credential for one account and one version: it opens nowhere else.
pub async fn seal(
    envelope: &Envelope,
    tenant: TenantId,
    account: AccountId,
    version: u32,
    credential: &Credential,
) -> Result<SealedCredential> {
    let place = place(tenant, account, version);
    let sealed = envelope
        .seal(&place, credential.expose().as_bytes())
        .await?;
    Ok(SealedCredential {
        version,
        sealed: sealed.as_bytes().to_vec(),
    })
}

/// Opens the credential of an account. Bytes that were not sealed for this account and version are
/// [`Error::Corrupt`].
pub async fn open(
    envelope: &Envelope,
    account: &Account,
    stored: SealedCredential,
) -> Result<Credential> {
    let place = place(account.tenant, account.id, stored.version);
    let opened = envelope
        .open(&place, &Sealed::from_bytes(stored.sealed))
        .await?;
    let text = str::from_utf8(&opened).map_err(|error| Error::corrupt("credential", error))?;
    Ok(Credential::new(text.to_owned()))
}

/// Seals a stored credential anew under the tenant's key of this version; `None` where it is sealed under it, or under a
/// newer one, already.
pub async fn reseal(
    envelope: &Envelope,
    tenant: TenantId,
    account: AccountId,
    stored: &SealedCredential,
    key_version: u32,
) -> Result<Option<Vec<u8>>> {
    let sealed = Sealed::from_bytes(stored.sealed.clone());
    if Envelope::key_version(&sealed)? >= key_version {
        return Ok(None);
    }
    let place = place(tenant, account, stored.version);
    let anew = envelope.reseal(&place, &sealed, key_version).await?;
    Ok(Some(anew.as_bytes().to_vec()))
}

fn place(tenant: TenantId, account: AccountId, version: u32) -> Binding {
    Binding::new(
        tenant,
        account,
        Purpose::AccountCredential,
        u64::from(version),
    )
}
