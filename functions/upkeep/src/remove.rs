//! Removing the bytes of deleted media, whatever whoever deleted them, or still stored bytes for them, left undone.

use cloud::objects::ObjectKey;
use domain::Result;
use futures::{StreamExt, stream};
use store::DeletedMedium;

use crate::Ctx;

/// Media that are removed at once.
const AT_ONCE: usize = 16;

/// Removes the bytes of some media that were deleted a while ago, and what still names them: how many. The next run goes
/// on, also with those that could not be removed.
pub async fn remove_media(ctx: &Ctx) -> Result<usize> {
    let waker = &ctx.reconciler.waker;
    let system = waker.table.system();
    let due = system.media_to_remove(waker.clock.now()).await?;
    let removed: Vec<bool> = stream::iter(due)
        .map(|deleted| is_removed(ctx, deleted))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    Ok(removed.into_iter().filter(|removed| *removed).count())
}

async fn is_removed(ctx: &Ctx, deleted: DeletedMedium) -> bool {
    let removed = remove(ctx, &deleted).await;
    if let Err(error) = &removed {
        tracing::warn!(
            media.id = %deleted.media,
            error = error as &dyn std::error::Error,
            "the bytes of a deleted medium could not be removed; the next run tries again"
        );
    }
    removed.is_ok()
}

/// What names the bytes goes after them.
async fn remove(ctx: &Ctx, DeletedMedium { scope, media }: &DeletedMedium) -> Result<()> {
    let tenant = scope.tenant();
    for key in [
        ObjectKey::upload(tenant, *media),
        ObjectKey::new(tenant, *media),
    ] {
        ctx.objects.delete(key).await?;
    }
    let table = &ctx.reconciler.waker.table;
    table.tenant(scope).forget_media(*media).await
}
