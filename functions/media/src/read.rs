//! Reading media.

use api::permission::ReadMedia;
use api::{Can, Json, ListQuery, Page, PageLimit, Path, Query, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::MediaId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Ctx;
use crate::media_view::MediaView;

/// Which part of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMedia {
    /// Most items of the page: 1 to 200, else 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists the tenant's media, newest first.
#[utoipa::path(
    get,
    path = "/v1/media",
    tag = "media",
    params(ListMedia),
    responses((status = OK, description = "Media", body = Page<MediaView>))
)]
pub(crate) async fn list_media(
    State(ctx): State<Ctx>,
    caller: Can<ReadMedia>,
    Query(query): Query<ListMedia>,
) -> api::Result<Json<Page<MediaView>>> {
    let list = ListQuery {
        tenant: caller.tenant.id,
        kind: "media",
        filters: "",
    };
    let before = match &query.cursor {
        Some(cursor) => Some(ctx.gate.position::<MediaId>(list, cursor).await?),
        None => None,
    };
    let limit = i32::try_from(query.limit.get()).unwrap_or(i32::MAX);
    let page = ctx.media(&caller).media_page(before, limit).await?;
    let mut items = Vec::with_capacity(page.media.len());
    for versioned in page.media {
        items.push(MediaView::of(versioned.media, &*ctx.objects).await?);
    }
    let next = match page.next {
        Some(last) => Some(ctx.gate.cursor(list, &last).await?),
        None => None,
    };
    Ok(Json(Page { items, next }))
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
    let view = MediaView::of(found.media, &*ctx.objects).await?;
    Ok((etag(found.version), Json(view)))
}
