//! Announcing a medium: what will be uploaded, and where to.

use std::time::Duration;

use api::permission::WriteMedia;
use api::{Can, Command, Headroom, Json, Quota};
use axum::extract::State;
use cloud::objects::UploadTerms;
use domain::media::{IMAGE_BYTES_MAX, ImageType, Media, MediaState};
use domain::{Error, FieldError, MediaId, Result};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{IdempotencyClaim, MediaCreated, NewMedia};
use utoipa::ToSchema;

use crate::media_view::{MediaView, UploadView};
use crate::text::{check_alt_text, check_file_name};
use crate::{Ctx, uploaded_at};

/// How long an upload may take to begin; slow lines need some minutes for 20 MB.
const UPLOAD_LIFETIME: Duration = Duration::from_hours(1);

/// A medium that is about to be uploaded.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnounceMedia {
    /// The file's name, 1 to 255 characters, without folders.
    file_name: String,
    /// `image/jpeg`, `image/png`, `image/webp` or `image/gif`.
    #[schema(example = "image/png")]
    content_type: String,
    /// The exact size in bytes, at most 20 MiB.
    bytes: u64,
    /// What people who cannot see it are told.
    #[serde(default)]
    alt_text: String,
}

/// An announced medium and how to upload its bytes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AnnouncedMedia {
    #[serde(flatten)]
    media: MediaView,
    /// Absent when the bytes are there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<UploadView>,
}

/// What is needed for a medium, checked.
struct Announcement {
    file_name: String,
    image_type: ImageType,
    bytes: u64,
    alt_text: String,
}

/// Announces a medium. Upload the bytes as the answer says, then call `complete`, within a day: after it the medium is
/// forgotten and its bytes count no more.
#[utoipa::path(
    post,
    path = "/v1/media",
    tag = "media",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request harmless")),
    request_body = AnnounceMedia,
    responses(
        (status = CREATED, description = "Announced", body = AnnouncedMedia),
        (status = PAYMENT_REQUIRED, description = "The tenant's storage is full: `plan_limit`"),
    )
)]
pub(crate) async fn announce_media(
    State(ctx): State<Ctx>,
    caller: Can<WriteMedia>,
    command: Command<AnnounceMedia>,
) -> api::Result<(StatusCode, Option<Headroom>, Json<AnnouncedMedia>)> {
    let announcement = Announcement::try_from(command.body)?;
    let claim = command.claim.as_ref();
    if let Some(media) = ctx.remembered(&caller, claim).await? {
        let body = Json(ctx.announced(media).await?);
        return Ok((StatusCode::CREATED, None, body));
    }
    let act = ctx.act(&caller);
    let media = Media {
        id: MediaId::generate(ctx.table.ids()),
        tenant: caller.tenant.id,
        file_name: announcement.file_name,
        content_type: announcement.image_type.content_type().to_owned(),
        bytes: announcement.bytes,
        alt_text: announcement.alt_text,
        state: MediaState::Uploading,
        uses: 0,
        created_by: caller.user,
        created_at: act.at,
        updated_at: act.at,
    };
    let new = NewMedia {
        media: &media,
        limit: caller.tenant.limits.media_bytes,
        claim,
    };
    let media = match ctx.media(&caller).create_media(&new, &act).await? {
        MediaCreated::Done => media,
        MediaCreated::KeyTaken => ctx
            .remembered(&caller, claim)
            .await?
            .ok_or(Error::NotFound { kind: "media" })?,
    };
    let used = ctx.media(&caller).media_bytes_used().await;
    let headroom = Headroom::after(Quota::MediaBytes, caller.tenant.limits.media_bytes, used);
    let body = Json(ctx.announced(media).await?);
    Ok((StatusCode::CREATED, headroom, body))
}

impl Ctx {
    async fn remembered(
        &self,
        caller: &Can<WriteMedia>,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<Media>> {
        let Some(claim) = claim else { return Ok(None) };
        let now = self.clock.now();
        let Some(made) = self.media(caller).remembered(claim, now).await? else {
            return Ok(None);
        };
        let id = made
            .parse()
            .map_err(|error| Error::corrupt("idempotency key", error))?;
        Ok(Some(self.live_media(caller, id).await?.media))
    }

    async fn announced(&self, media: Media) -> Result<AnnouncedMedia> {
        let upload = match &media.state {
            MediaState::Uploading => {
                let terms = UploadTerms {
                    content_type: media.content_type.clone(),
                    bytes: media.bytes,
                    lifetime: UPLOAD_LIFETIME,
                };
                let signed = self.objects.presign_upload(uploaded_at(&media), &terms);
                Some(signed.await?.into())
            }
            MediaState::Ready(_) => None,
        };
        Ok(AnnouncedMedia {
            media: MediaView::of(media, Some(&*self.objects)).await?,
            upload,
        })
    }
}

impl TryFrom<AnnounceMedia> for Announcement {
    type Error = Error;

    fn try_from(body: AnnounceMedia) -> Result<Self> {
        let AnnounceMedia {
            file_name,
            content_type,
            bytes,
            alt_text,
        } = body;
        let image_type = ImageType::of_content_type(&content_type);
        let errors: Vec<FieldError> = [
            check_file_name(&file_name),
            image_type.is_none().then(|| unsupported(&content_type)),
            check_bytes(bytes),
            check_alt_text(&alt_text),
        ]
        .into_iter()
        .flatten()
        .collect();
        match image_type {
            Some(image_type) if errors.is_empty() => Ok(Self {
                file_name,
                image_type,
                bytes,
                alt_text,
            }),
            _ => Err(Error::Invalid(errors)),
        }
    }
}

fn check_bytes(bytes: u64) -> Option<FieldError> {
    let wrong = |code, message: String| Some(FieldError::new("/bytes", code, message));
    match bytes {
        0 => wrong("blank", "an empty file is no image".to_owned()),
        1..=IMAGE_BYTES_MAX => None,
        _ => wrong(
            "too_large",
            format!(
                "at most {IMAGE_BYTES_MAX} bytes ({} MiB)",
                IMAGE_BYTES_MAX >> 20
            ),
        ),
    }
}

fn unsupported(content_type: &str) -> FieldError {
    let taken = ImageType::ALL.map(ImageType::content_type).join(", ");
    let message = if content_type.starts_with("video/") {
        format!("videos cannot be uploaded yet; use one of {taken}")
    } else {
        format!("use one of {taken}")
    };
    FieldError::new("/content_type", "unsupported_type", message)
}
