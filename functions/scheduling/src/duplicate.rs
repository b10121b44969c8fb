//! Copying a post as a draft.

use api::permission::WriteDrafts;
use api::{Can, Command, IfMatch, Path};
use axum::extract::State;
use axum::response::Response;
use domain::account::AccountState;
use domain::{DeliveryId, Error, FieldError, PostId, Result};
use store::{IdempotencyClaim, StoredPost};

use crate::request::{ActOnPost, Wanted, WantedTarget, target_ids};
use crate::view::PostView;
use crate::{Asker, Ctx, ROUNDS, too_busy};

/// Copies a post, or some of its targets, as a draft. Accounts that are no longer connected are left out.
#[utoipa::path(
    post,
    path = "/v1/posts/{id}/duplicate",
    tag = "posts",
    params(
        ("id" = String, Path, description = "The post"),
        ("If-Match" = Option<String>, Header, description = "The version that was read"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request harmless"),
    ),
    request_body = ActOnPost,
    responses(
        (status = CREATED, description = "The copy", body = PostView),
        (status = CONFLICT, description = "No account of it is connected: `account_disconnected`"),
    )
)]
pub(crate) async fn duplicate_post(
    State(ctx): State<Ctx>,
    caller: Can<WriteDrafts>,
    Path(id): Path<PostId>,
    if_match: IfMatch,
    command: Command<ActOnPost>,
) -> api::Result<Response> {
    let asker = Asker::from(caller);
    let targets = target_ids(command.body.targets.as_deref())?;
    // The body alone does not tell which post is copied.
    let claim = command.claim.map(|mut claim| {
        claim.request_hash.push_str(&id.to_string());
        claim
    });
    for _ in 0..ROUNDS {
        let attempted = ctx
            .attempt_copy(&asker, id, &if_match, targets.as_deref(), claim.as_ref())
            .await;
        if let Some(made) = ctx.once(&asker, claim.as_ref(), attempted).await? {
            return Ok(ctx.created(&asker, &made).await);
        }
    }
    Err(too_busy().into())
}

impl Ctx {
    async fn attempt_copy(
        &self,
        asker: &Asker,
        id: PostId,
        if_match: &IfMatch,
        targets: Option<&[DeliveryId]>,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<StoredPost>> {
        let stored = self.stored(asker, id).await?;
        if_match.check(stored.post.version)?;
        let wanted = self.copy(asker, &stored, targets).await?;
        self.store(asker, &wanted, Some(id), claim).await
    }

    async fn copy(
        &self,
        asker: &Asker,
        stored: &StoredPost,
        targets: Option<&[DeliveryId]>,
    ) -> Result<Wanted> {
        let accounts: Vec<_> = stored
            .body
            .targets
            .iter()
            .map(|target| target.account)
            .collect();
        let known = self.known(asker, &accounts, &[]).await?;
        let is_connected = |account| {
            known
                .account(account)
                .is_some_and(|account| account.state != AccountState::Disconnected)
        };
        check_named(stored, targets)?;
        let copied: Vec<WantedTarget> = stored
            .body
            .targets
            .iter()
            .filter(|target| targets.is_none_or(|named| named.contains(&target.delivery)))
            .filter(|target| is_connected(target.account))
            .map(|target| WantedTarget {
                account: target.account,
                overridden: target.overridden.clone(),
                options: Some(target.options.clone()),
            })
            .collect();
        if copied.is_empty() {
            return Err(Error::conflict(
                "account_disconnected",
                "none of its accounts is connected: write a new post",
            ));
        }
        Ok(Wanted {
            schedule: None,
            base: stored.body.base.clone(),
            targets: copied,
            tags: stored.post.tags.clone(),
        })
    }
}

fn check_named(stored: &StoredPost, targets: Option<&[DeliveryId]>) -> Result<()> {
    let missing: Vec<FieldError> = targets
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter(|(_, id)| {
            !stored
                .body
                .targets
                .iter()
                .any(|target| target.delivery == **id)
        })
        .map(|(place, _)| {
            FieldError::new(
                format!("/targets/{place}"),
                "not_found",
                "the post has no such target",
            )
        })
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Error::UnknownReference(missing))
    }
}
