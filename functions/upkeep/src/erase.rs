//! Erasing deleted tenants after their grace: the bytes of their media, exports and imports, every item, and a signed
//! certificate at the end.
//!
//! Whoever dies in between leaves the tenant among those to erase, and every step may be repeated.

use bytes::Bytes;
use cloud::objects::ObjectKey;
use domain::event::{Actor, EventKind, Subject};
use domain::{Error, Result, TenantId};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use store::{
    Act, Certificate, Erased, Erasure, SignedCertificate, TenantScope, TenantTable, TransferFile,
};

use crate::Ctx;

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
    let clock = &ctx.reconciler.waker.clock;
    let system = ctx.reconciler.waker.table.system();
    let stop_at = clock
        .now()
        .saturating_add(TIME_MAX)
        .unwrap_or(Timestamp::MAX);
    let mut erasures = Erasures::default();
    for scope in system.tenants_to_erase(clock.now()).await? {
        match erase_tenant(ctx, &scope, stop_at).await {
            Ok(Erasure::Done) => erasures.erased = erasures.erased.saturating_add(1),
            Ok(Erasure::Goes) => erasures.begun = erasures.begun.saturating_add(1),
            Err(error) => tracing::error!(
                tenant.id = %scope.tenant(),
                error = &error as &dyn std::error::Error,
                "a tenant could not be erased; the next run goes on"
            ),
        }
    }
    Ok(erasures)
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
            certify(ctx, &erased).await?;
            tenant.end_erasure().await?;
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

/// Keeps the certificate, gives it to the person who deleted the tenant, and tells the platform's own audit log.
async fn certify(ctx: &Ctx, erased: &Erased) -> Result<()> {
    let Erased {
        tenant,
        deleted_by,
        audit_end,
    } = erased;
    let waker = &ctx.reconciler.waker;
    let certificate = Certificate {
        v: 1,
        environment: ctx.environment.clone(),
        tenant: tenant.id,
        created_at: tenant.created_at,
        erased_at: tenant.updated_at,
        backups_end_at: waker
            .clock
            .now()
            .saturating_add(BACKUPS)
            .unwrap_or(Timestamp::MAX),
        audit_end: *audit_end,
    };
    let signature = ctx.signer.sign(certificate.canonical()?.as_bytes()).await?;
    let signed = SignedCertificate {
        certificate,
        signature: hex::encode(signature),
    };
    let bytes = serde_json::to_vec(&signed)
        .map_err(|error| Error::internal("a certificate cannot be written", error))?;
    let name = format!("erasures/{}.json", tenant.id);
    match ctx
        .archive
        .keep(&name, "application/json", Bytes::from(bytes))
        .await
    {
        // Somebody died right after keeping it. Theirs says the same, but for the end of backups.
        Ok(()) | Err(Error::Conflict { .. }) => {}
        Err(error) => return Err(error),
    }
    let system = waker.table.system();
    if let Some(user) = deleted_by {
        system.give_certificate(*user, &signed).await?;
    }
    let act = Act {
        actor: Actor::system("tenants"),
        at: waker.clock.now(),
    };
    let detail = json!({ "tenant_id": tenant.id, "certificate": name });
    let subject = Subject::Tenant(tenant.id);
    system
        .record_of_platform(&act, EventKind::TenantErased, subject, detail)
        .await
}
