//! Deleting: a draft is gone, a waiting post is cancelled.

use api::permission::WriteDrafts;
use api::{Can, IfMatch, Path};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::delivery::Delivery;
use domain::post::{Action, is_draft, is_waiting};
use domain::{PostId, Result};
use http::StatusCode;
use store::{Commit, PostRemoval, StoredPost};

use crate::act::{PostAct, not_allowed};
use crate::view::PostView;
use crate::{Asker, Ctx, ROUNDS, too_busy};

/// Deletes a draft, or cancels a post that waits. What is out, or was tried, stays.
#[utoipa::path(
    delete,
    path = "/v1/posts/{id}",
    tag = "posts",
    params(
        ("id" = String, Path, description = "The post"),
        ("If-Match" = Option<String>, Header, description = "The version that was read"),
    ),
    responses(
        (status = NO_CONTENT, description = "It was a draft and is gone"),
        (status = OK, description = "It waited and is cancelled", body = PostView),
        (status = CONFLICT, description = "`already_publishing` or `action_not_allowed`"),
        (status = PRECONDITION_FAILED, description = "`stale_version`"),
    )
)]
pub(crate) async fn delete_post(
    State(ctx): State<Ctx>,
    caller: Can<WriteDrafts>,
    Path(id): Path<PostId>,
    if_match: IfMatch,
) -> api::Result<Response> {
    let asker = Asker::from(caller);
    for _ in 0..ROUNDS {
        let stored = ctx.stored(&asker, id).await?;
        if_match.check(stored.post.version)?;
        let states: Vec<_> = stored
            .deliveries
            .iter()
            .map(|delivery| delivery.state)
            .collect();
        if is_waiting(&states) {
            asker.must_schedule()?;
            let cancelled = ctx
                .perform(&asker, id, &if_match, None, &PostAct::Cancel)
                .await?;
            return Ok(PostView::answer(&cancelled).into_response());
        }
        if !is_draft(&states) {
            let all: Vec<&Delivery> = stored.deliveries.iter().collect();
            return Err(not_allowed(Action::Delete, &all).into());
        }
        if ctx.remove(&asker, &stored).await? == Commit::Done {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    Err(too_busy().into())
}

impl Ctx {
    async fn remove(&self, asker: &Asker, stored: &StoredPost) -> Result<Commit> {
        let removal = PostRemoval {
            post: &stored.post,
            deliveries: &stored.deliveries,
            media: stored.body.media(),
        };
        self.posts(asker)
            .remove_post(removal, &self.act(asker))
            .await
    }
}
