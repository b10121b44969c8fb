//! Deleting a medium.

use api::permission::WriteMedia;
use api::{Can, Path};
use axum::extract::State;
use domain::{Error, MediaId};
use http::StatusCode;
use store::StoredMedia;

use crate::{Ctx, kept_at, uploaded_at};

/// Deletes a medium and its bytes, unless a post uses it. A deletion that broke off is finished by the next call.
#[utoipa::path(
    delete,
    path = "/v1/media/{id}",
    tag = "media",
    params(("id" = String, Path, description = "The medium")),
    responses(
        (status = NO_CONTENT, description = "Deleted"),
        (status = CONFLICT, description = "Posts use it: `media_in_use`"),
    )
)]
pub(crate) async fn delete_media(
    State(ctx): State<Ctx>,
    caller: Can<WriteMedia>,
    Path(id): Path<MediaId>,
) -> api::Result<StatusCode> {
    let store = ctx.media(&caller);
    let media = match store.media(id).await? {
        Some(StoredMedia::Live(found)) => {
            store.retire_media(id, ctx.clock.now()).await?;
            found.media
        }
        Some(StoredMedia::Deleting(media)) => media,
        None => return Err(Error::NotFound { kind: "media" }.into()),
    };
    for key in [uploaded_at(&media), kept_at(&media)] {
        ctx.objects.delete(key).await?;
    }
    store.forget_media(&media, &ctx.act(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}
