//! Completing an upload: the bytes are looked at before anything may use them.

use api::permission::WriteMedia;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::media::{IMAGE_BYTES_MAX, ImageType, Media};
use domain::{Error, MediaId, Result};
use pictures::{Proven, SNIFFED};
use store::{StoredMedia, VersionedMedia};

use crate::media_view::MediaView;
use crate::{Ctx, kept_at, uploaded_at};

/// Tells that the bytes are uploaded. They are proven to be what was declared; after a refusal the medium still awaits
/// its bytes. May be repeated.
#[utoipa::path(
    post,
    path = "/v1/media/{id}/complete",
    tag = "media",
    params(("id" = String, Path, description = "The medium")),
    responses(
        (status = OK, description = "It can be used", body = MediaView),
        (status = UNPROCESSABLE_ENTITY, description = "`not_uploaded`, `size_mismatch`, `type_mismatch`, `image_too_large` or `corrupt_image`"),
    )
)]
pub(crate) async fn complete_media(
    State(ctx): State<Ctx>,
    caller: Can<WriteMedia>,
    Path(id): Path<MediaId>,
) -> api::Result<Json<MediaView>> {
    let mut media = ctx.live_media(&caller, id).await?.media;
    if media.facts().is_none() {
        media = match ctx.complete(&caller, &media).await {
            Ok(Some(completed)) => completed.media,
            // Another call was first, or it was deleted meanwhile.
            Ok(None) => ctx.live_media(&caller, id).await?.media,
            Err(error) => {
                let latest = ctx.live_media(&caller, id).await?.media;
                if latest.facts().is_none() {
                    return Err(error.into());
                }
                latest
            }
        };
    }
    Ok(Json(MediaView::of(media, Some(&*ctx.objects)).await?))
}

impl Ctx {
    /// Keeps the bytes if they are what was declared. Whoever dies in between leaves a medium that still awaits its
    /// bytes: the next call does it all again, and where none comes the bytes go with the medium.
    async fn complete(
        &self,
        caller: &Can<WriteMedia>,
        media: &Media,
    ) -> Result<Option<VersionedMedia>> {
        let Proven { bytes, facts } = self.prove(media).await?;
        let kept = kept_at(media);
        self.objects.put(kept, &facts.content_type, bytes).await?;
        let store = self.media(caller);
        let act = self.act(caller);
        let completed = store.complete_media(media.id, &facts, &act).await?;
        if completed.is_none()
            && store
                .media(media.id)
                .await?
                .and_then(StoredMedia::live)
                .is_none()
        {
            // It was deleted, or given up, between the look at its bytes and now. The sweeper would remove them later.
            self.objects.delete(kept).await?;
        }
        if let Err(error) = self.objects.delete(uploaded_at(media)).await {
            tracing::warn!(
                media.id = %media.id,
                error = &error as &dyn std::error::Error,
                "an upload that was completed stays until the store forgets it"
            );
        }
        Ok(completed)
    }

    /// What the uploaded bytes are, if they are what was declared. Cheap looks come first: most that is wrong is refused
    /// before the whole object is read, and everything else before it is decoded.
    async fn prove(&self, media: &Media) -> Result<Proven> {
        let key = uploaded_at(media);
        let Some(head) = self.objects.head(key).await? else {
            return Err(not_uploaded());
        };
        if head.bytes != media.bytes {
            return Err(Error::Unusable {
                code: "size_mismatch",
                detail: format!(
                    "{} bytes were declared, {} were uploaded",
                    media.bytes, head.bytes
                ),
            });
        }
        let declared = ImageType::of_content_type(&media.content_type)
            .ok_or_else(|| Error::corrupt("media", "the declared type is no image type"))?;
        let start = self.objects.get_range(key, 0..SNIFFED).await?;
        pictures::check_type(&start.ok_or_else(not_uploaded)?, declared)?;
        let bytes = self.objects.get(key, IMAGE_BYTES_MAX).await?;
        let bytes = bytes.ok_or_else(not_uploaded)?;
        self.decoded(move || pictures::probe(&bytes, declared))
            .await
    }
}

fn not_uploaded() -> Error {
    Error::Unusable {
        code: "not_uploaded",
        detail: "upload the bytes first, as the answer to POST /v1/media says".to_owned(),
    }
}
