//! Reading media.

use api::permission::ReadMedia;
use api::{Can, Json, ListQuery, Page, PageQuery, Path, Query, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::MediaId;

use crate::Ctx;
use crate::media_view::MediaView;

/// Lists the tenant's media, newest first.
#[utoipa::path(
    get,
    path = "/v1/media",
    tag = "media",
    params(PageQuery),
    responses((status = OK, description = "Media", body = Page<MediaView>))
)]
pub(crate) async fn list_media(
    State(ctx): State<Ctx>,
    caller: Can<ReadMedia>,
    Query(query): Query<PageQuery>,
) -> api::Result<Json<Page<MediaView>>> {
    let list = ListQuery {
        tenant: caller.tenant.id,
        kind: "media",
        filters: "",
    };
    let start = query.start::<MediaId>(&ctx.gate, list).await?;
    let page = ctx.media(&caller).media_page(start, query.limit()).await?;
    let mut items = Vec::with_capacity(page.media.len());
    for versioned in page.media {
        items.push(MediaView::of(versioned.media, ctx.shown_by(&caller)).await?);
    }
    Ok(Json(ctx.gate.page(list, items, page.next).await?))
}

/// One medium. Its `ETag` is the version of what people edit.
#[utoipa::path(
    get,
    path = "/v1/media/{id}",
    tag = "media",
    params(("id" = String, Path, description = "The medium")),
    responses((status = OK, description = "The medium", body = MediaView))
)]
pub(crate) async fn get_media(
    State(ctx): State<Ctx>,
    caller: Can<ReadMedia>,
    Path(id): Path<MediaId>,
) -> api::Result<impl IntoResponse> {
    let found = ctx.live_media(&caller, id).await?;
    let view = MediaView::of(found.media, ctx.shown_by(&caller)).await?;
    Ok((etag(found.version), Json(view)))
}
