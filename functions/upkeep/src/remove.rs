//! Removing the bytes of deleted media, whatever whoever deleted them, or still stored bytes for them, left undone.

use cloud::objects::ObjectKey;
use domain::Result;
use futures::{StreamExt, stream};
use store::DeletedMedium;

use crate::Ctx;

/// Media that are removed at once.
const AT_ONCE: usize = 16;

/// Removes the bytes of some media that were deleted a while ago, and what still names them: how many. The next run goes
/// on; those that could not be removed wait for hours, so that they keep nobody from the rest.
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
            "the bytes of a deleted medium could not be removed; a later run tries again"
        );
        postpone(ctx, &deleted).await;
    }
    removed.is_ok()
}

async fn postpone(ctx: &Ctx, DeletedMedium { scope, media }: &DeletedMedium) {
    let waker = &ctx.reconciler.waker;
    let tenant = waker.table.tenant(scope);
    if let Err(error) = tenant.postpone_removal(*media, waker.clock.now()).await {
        tracing::warn!(
            media.id = %media,
            error = &error as &dyn std::error::Error,
            "a removal could not be postponed; the next run tries it again"
        );
    }
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
