//! Reading one post.

use api::permission::ReadPosts;
use api::{Can, Path};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::PostId;

use crate::view::PostView;
use crate::{Asker, Ctx};

/// One post.
#[utoipa::path(
    get,
    path = "/v1/posts/{id}",
    tag = "posts",
    params(("id" = String, Path, description = "The post")),
    responses((status = OK, description = "The post", body = PostView))
)]
pub(crate) async fn get_post(
    State(ctx): State<Ctx>,
    caller: Can<ReadPosts>,
    Path(id): Path<PostId>,
) -> api::Result<Response> {
    let only_looks = caller.is_support();
    let stored = ctx.stored(&Asker::from(caller), id).await?;
    Ok(if only_looks {
        PostView::to_look_at(&stored).into_response()
    } else {
        PostView::answer(&stored).into_response()
    })
}
