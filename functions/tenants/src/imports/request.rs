//! `POST /v1/imports`

use std::time::Duration;

use api::permission::ManageTenant;
use api::{Can, Json};
use axum::extract::State;
use cloud::objects::{ObjectKey, UploadTerms};
use domain::import::{Import, ImportState, VOLUME_BYTES_MAX, VOLUMES_MAX, VolumeTerms};
use domain::{Error, FieldError, ImportId, Result};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::{Act, ImportTurn, RateLimit};
use utoipa::ToSchema;

use super::view::{RequestedImport, VolumeUpload};
use super::{another_under_way, must_have_all_rights};
use crate::Ctx;

/// How long an upload may take to begin, and keeps others from announcing files.
const UPLOAD_LIFETIME: Duration = Duration::from_hours(1);
/// Imports of a tenant at once, and again in every day.
const A_DAY: u32 = 10;

/// The files of one export that are about to be uploaded, in their order.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestImport {
    /// All files of the export, 1 to 1,000.
    volumes: Vec<AnnouncedVolume>,
}

/// One file.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncedVolume {
    /// Its exact size, at most 64 MiB.
    bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
}

/// Announces the files of an export that are to be imported. Upload each as the answer says, then call `check`. Whoever
/// announces the same files again within an hour, before the check, goes on with the same import. A tenant takes one import
/// at a time.
#[utoipa::path(
    post,
    path = "/v1/imports",
    tag = "imports",
    request_body = RequestImport,
    responses(
        (status = CREATED, description = "Announced", body = RequestedImport),
        (status = CONFLICT, description = "Somebody else uploads files, or another import is checked or made: `another_import_under_way`"),
    )
)]
pub(crate) async fn request_import(
    State(ctx): State<Ctx>,
    caller: Can<ManageTenant>,
    Json(body): Json<RequestImport>,
) -> api::Result<(StatusCode, Json<RequestedImport>)> {
    must_have_all_rights(&caller)?;
    let volumes = checked(body.volumes)?;
    let import = ctx.announced(&caller, volumes).await?;
    let uploads = ctx.uploads(&import).await?;
    let requested = RequestedImport {
        import: import.into(),
        uploads,
    };
    Ok((StatusCode::CREATED, Json(requested)))
}

impl Ctx {
    /// The import that waits for just these files, else a new one.
    async fn announced(
        &self,
        caller: &Can<ManageTenant>,
        volumes: Vec<VolumeTerms>,
    ) -> Result<Import> {
        let now = self.clock.now();
        let tenant = self.table.tenant(&caller.scope);
        let turn = tenant.import_turn(now).await?;
        if let Some(same) = same_or_none(&turn, caller, &volumes, now)? {
            return Ok(same);
        }
        let subject = caller.tenant.id.to_string();
        let limit = RateLimit::per(A_DAY, SignedDuration::from_hours(24));
        let system = self.table.system();
        system.admit("import", &subject, limit, now).await?;
        let id = ImportId::generate(self.table.ids());
        let import = Import::new(id, caller.tenant.id, caller.user, now, volumes);
        let act = Act {
            actor: caller.actor(),
            at: now,
        };
        if tenant.create_import(&import, &turn, &act).await? {
            return Ok(import);
        }
        // Somebody announced or began one in this moment: the same person with the same files, perhaps.
        let turn = tenant.import_turn(now).await?;
        same_or_none(&turn, caller, &import.volumes, now)?.ok_or_else(another_under_way)
    }

    async fn uploads(&self, import: &Import) -> Result<Vec<VolumeUpload>> {
        let mut uploads = Vec::with_capacity(import.volumes.len());
        for (volume, number) in import.volumes.iter().zip(1_u32..) {
            let key = ObjectKey::import_upload(import.tenant, import.id, number);
            let terms = UploadTerms {
                content_type: "application/zip".to_owned(),
                bytes: volume.bytes,
                lifetime: UPLOAD_LIFETIME,
            };
            let upload = self.objects.presign_upload(key, &terms).await?;
            uploads.push(upload.into());
        }
        Ok(uploads)
    }
}

/// The import that waits for just these files of the caller. Refused while somebody else uploads files, or an import is
/// checked or made.
fn same_or_none(
    turn: &ImportTurn,
    caller: &Can<ManageTenant>,
    volumes: &[VolumeTerms],
    now: Timestamp,
) -> Result<Option<Import>> {
    let Some(holder) = &turn.holder else {
        return Ok(None);
    };
    let until = holder.requested_at.saturating_add(UPLOAD_LIFETIME);
    let is_uploaded =
        holder.state == ImportState::Uploading && until.is_ok_and(|until| now < until);
    if is_uploaded && holder.requested_by == caller.user {
        // With other files they begin anew.
        return Ok((holder.volumes == volumes).then(|| holder.clone()));
    }
    if is_uploaded || holder.is_busy(now) {
        return Err(another_under_way());
    }
    Ok(None)
}

fn checked(volumes: Vec<AnnouncedVolume>) -> Result<Vec<VolumeTerms>> {
    let mut errors = Vec::new();
    if volumes.is_empty() {
        let message = "name all files of the export";
        errors.push(FieldError::new("/volumes", "too_few", message));
    }
    if volumes.len() > VOLUMES_MAX {
        let message = format!("at most {VOLUMES_MAX} files");
        errors.push(FieldError::new("/volumes", "too_many", message));
    }
    for (place, volume) in volumes.iter().enumerate().take(VOLUMES_MAX) {
        if !(1..=VOLUME_BYTES_MAX).contains(&volume.bytes) {
            let message = format!("1 to {VOLUME_BYTES_MAX} bytes");
            let at = format!("/volumes/{place}/bytes");
            errors.push(FieldError::new(at, "too_large", message));
        }
        let is_hash = volume.sha256.len() == 64
            && volume
                .sha256
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hash {
            let at = format!("/volumes/{place}/sha256");
            let message = "64 hexadecimal digits in lower case";
            errors.push(FieldError::new(at, "invalid_value", message));
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let terms = volumes.into_iter().map(|volume| VolumeTerms {
        bytes: volume.bytes,
        sha256: volume.sha256,
    });
    Ok(terms.collect())
}
