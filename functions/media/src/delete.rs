//! Deleting a medium.

use api::permission::WriteMedia;
use api::{Can, Path};
use axum::extract::State;
use domain::MediaId;
use http::StatusCode;

use crate::{Ctx, kept_at, uploaded_at};

/// Deletes a medium and its bytes, unless a post uses it.
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
    let media = ctx.live_media(&caller, id).await?.media;
    let store = ctx.media(&caller);
    store.delete_media(&media, &ctx.act(&caller)).await?;
    for key in [uploaded_at(&media), kept_at(&media)] {
        if let Err(error) = ctx.objects.delete(key).await {
            tracing::warn!(
                media.id = %id,
                error = &error as &dyn std::error::Error,
                "the bytes of a deleted medium stay until the sweeper removes them"
            );
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
