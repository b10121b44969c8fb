//! Erasing deleted tenants after their grace: the bytes of their media, exports and imports, every item, and a signed
//! certificate at the end.
//!
//! Whoever dies in between leaves the tenant among those to erase, and every step may be repeated.

use cloud::objects::ObjectKey;
use domain::event::Actor;
use domain::{Error, Result, TenantId, UserId};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use store::{
    Act, Certificate, Erased, Erasure, Proof, SignedCertificate, TenantScope, TenantTable,
    TransferFile,
};

use crate::Ctx;

/// Where the archive keeps certificates.
pub(crate) const FOLDER: &str = "erasures/";
/// Longest time of one run: the next one goes on.
const TIME_MAX: SignedDuration = SignedDuration::from_secs(20);
/// Files that are removed at once.
const AT_ONCE: usize = 16;
/// How long backups of the table reach back; after that nothing of a tenant is anywhere.
const BACKUPS: SignedDuration = SignedDuration::from_hours(35 * 24);

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erasures {
    /// Tenants of which nothing is left but a tombstone.
    pub erased: usize,
    /// Tenants whose erasure goes on with the next run.
    pub begun: usize,
}

/// Erases what is due to be erased.
pub async fn erase(ctx: &Ctx) -> Result<Erasures> {
    let waker = &ctx.reconciler.waker;
    let due = waker.table.system();
    let due = due.tenants_to_erase(waker.clock.now()).await?;
    Ok(erase_all(ctx, due).await)
}

/// Erases these, as far as one run comes.
pub(crate) async fn erase_all(ctx: &Ctx, due: Vec<TenantScope>) -> Erasures {
    let now = ctx.reconciler.waker.clock.now();
    let stop_at = now.saturating_add(TIME_MAX).unwrap_or(Timestamp::MAX);
    let mut erasures = Erasures::default();
    for scope in due {
        let erased = erase_tenant(ctx, &scope, stop_at).await;
        match erased.unwrap_or_else(|error| {
            tracing::error!(
                tenant.id = %scope.tenant(),
                error = &error as &dyn std::error::Error,
                "a tenant could not be erased; the next run goes on"
            );
            Erasure::Goes
        }) {
            Erasure::Done => erasures.erased = erasures.erased.saturating_add(1),
            Erasure::Goes => erasures.begun = erasures.begun.saturating_add(1),
        }
    }
    erasures
}

async fn erase_tenant(ctx: &Ctx, scope: &TenantScope, stop_at: Timestamp) -> Result<Erasure> {
    let waker = &ctx.reconciler.waker;
    let tenant = waker.table.tenant(scope);
    let Some(erased) = tenant.begin_erasure(waker.clock.now()).await? else {
        return Ok(Erasure::Goes);
    };
    while waker.clock.now() < stop_at {
        // What names bytes goes after them.
        let has_bytes = erase_media(ctx, scope.tenant(), &tenant).await?
            || erase_transfers(ctx, scope.tenant(), &tenant).await?;
        if !has_bytes && tenant.erase_some().await? == Erasure::Done {
            end(ctx, &tenant, &erased).await?;
            return Ok(Erasure::Done);
        }
    }
    Ok(Erasure::Goes)
}

/// Removes some media; answers whether there were any.
async fn erase_media(ctx: &Ctx, id: TenantId, tenant: &TenantTable<'_>) -> Result<bool> {
    let media = tenant.media_to_erase().await?;
    let keys = media
        .iter()
        .flat_map(|medium| [ObjectKey::new(id, *medium), ObjectKey::upload(id, *medium)]);
    erase_bytes(ctx, keys.collect()).await?;
    tenant.erase_media(&media).await?;
    Ok(!media.is_empty())
}

/// Removes some exports and imports; answers whether there were any.
async fn erase_transfers(ctx: &Ctx, id: TenantId, tenant: &TenantTable<'_>) -> Result<bool> {
    let transfers = tenant.transfers_to_erase().await?;
    let is_any = !transfers.is_empty();
    let keys = transfers.files.iter().filter_map(|file| match file {
        TransferFile::Volume(export, volume) => ObjectKey::volume(id, *export, volume),
        TransferFile::Upload(import, number) => {
            Some(ObjectKey::import_upload(id, *import, *number))
        }
    });
    erase_bytes(ctx, keys.collect()).await?;
    tenant.erase_transfers(transfers).await?;
    Ok(is_any)
}

async fn erase_bytes(ctx: &Ctx, keys: Vec<ObjectKey>) -> Result<()> {
    stream::iter(keys)
        .map(|key| ctx.objects.delete(key))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// The end: the certificate is kept, and everything else that says so is written together, once, whoever died before or
/// does the same right now.
async fn end(ctx: &Ctx, table: &TenantTable<'_>, erased: &Erased) -> Result<()> {
    let clock = &ctx.reconciler.waker.clock;
    let gone_at = table.note_gone(clock.now()).await?;
    let certificate = certificate(ctx, erased, gone_at);
    let name = name(certificate.tenant);
    let detail = json!({ "tenant_id": certificate.tenant, "certificate": &name });
    let act = Act {
        actor: Actor::system("tenants"),
        at: clock.now(),
    };
    let kept = keep(ctx, &name, certificate).await?;
    let proof = Proof {
        certificate: &kept,
        given_to: still_there(ctx, erased.deleted_by).await?,
        detail,
    };
    table.end_erasure(proof, &act).await
}

/// Whoever deleted the tenant, unless their own account ended since.
async fn still_there(ctx: &Ctx, person: Option<UserId>) -> Result<Option<UserId>> {
    let system = ctx.reconciler.waker.table.system();
    match person {
        Some(person) if !system.has_departed(person).await? => Ok(Some(person)),
        Some(_) | None => Ok(None),
    }
}

fn certificate(ctx: &Ctx, erased: &Erased, gone_at: Timestamp) -> Certificate {
    let Erased {
        tenant, audit_end, ..
    } = erased;
    Certificate {
        v: 1,
        environment: ctx.environment.clone(),
        tenant: tenant.id,
        created_at: tenant.created_at,
        erased_at: tenant.updated_at,
        backups_end_at: gone_at.saturating_add(BACKUPS).unwrap_or(Timestamp::MAX),
        audit_end: *audit_end,
    }
}

/// Signs the certificate and keeps it; answers what is kept, which is an earlier one where somebody died right after keeping
/// it: two signatures of the same certificate differ.
async fn keep(ctx: &Ctx, name: &str, certificate: Certificate) -> Result<SignedCertificate> {
    let tenant = certificate.tenant;
    let signature = ctx.signer.sign(certificate.canonical()?.as_bytes()).await?;
    let signed = SignedCertificate {
        certificate,
        signature: hex::encode(signature),
    };
    let bytes = serde_json::to_vec(&signed)
        .map_err(|error| Error::internal("a certificate cannot be written", error))?;
    let kept = ctx.archive.keep(name, "application/json", bytes.into());
    match kept.await {
        Ok(()) => Ok(signed),
        Err(Error::Conflict { .. }) => kept_certificate(ctx, tenant).await,
        Err(error) => Err(error),
    }
}

/// The certificate of a tenant that was erased, as the archive keeps it.
pub(crate) async fn kept_certificate(ctx: &Ctx, tenant: TenantId) -> Result<SignedCertificate> {
    let kept = ctx.archive.read(&name(tenant)).await?;
    let kept = kept.ok_or(Error::NotFound {
        kind: "certificate",
    })?;
    let signed: SignedCertificate =
        serde_json::from_slice(&kept).map_err(|error| Error::corrupt("certificate", error))?;
    let Certificate {
        tenant: named,
        environment,
        ..
    } = &signed.certificate;
    if *named != tenant || *environment != ctx.environment {
        let cause = format!("it is of {named} in {environment}");
        return Err(Error::corrupt("certificate", cause));
    }
    Ok(signed)
}

fn name(tenant: TenantId) -> String {
    format!("{FOLDER}{tenant}.json")
}
