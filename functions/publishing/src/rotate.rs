//! Puts another key in the place of a tenant's, without anybody noticing: new secrets are sealed under the new key as soon
//! as each instance hears of it, what is stored is sealed anew, and the old key goes when nothing is sealed under it. Consent
//! pages that wait are not looked at: a key is kept until the last one that it can have sealed is too old.
//!
//! It runs here because this function opens credentials anyway: nobody else needs to. Every step may be repeated and done
//! by two at once; whoever dies in between leaves the tenant in the index, and the next sweep asks again.

use domain::event::Actor;
use domain::tenant_key::LOOKS_APART;
use domain::{AccountId, Error, Result, TenantId, TenantKeySource as _};
use engine::vault;
use jiff::Timestamp;
use store::{Act, KeyRotation, Saved, SealedCredential};

use crate::Ctx;

/// Credentials that one query reads.
const PAGE: i32 = 50;

/// How much is still sealed under older keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pass {
    /// Sealed anew.
    resealed: usize,
    /// Somebody was faster, or it does not open.
    left: u32,
}

/// Looks after a tenant's keys, if it is time. Without the key service, or the tenant's own key, it is left to a later
/// message.
pub(crate) async fn rotate(ctx: &Ctx, tenant: TenantId) -> Result<()> {
    match look_after(ctx, tenant).await {
        Err(error @ (Error::Unavailable { .. } | Error::OwnKeyRefused { .. })) => {
            tracing::warn!(
                tenant.id = %tenant,
                error = &error as &dyn std::error::Error,
                "a key could not be rotated; the next sweep asks again"
            );
            if let Error::OwnKeyRefused { .. } = error {
                ctx.notifier.own_key_refused(tenant).await;
            }
            Ok(())
        }
        other => other,
    }
}

async fn look_after(ctx: &Ctx, tenant: TenantId) -> Result<()> {
    let now = ctx.clock.now();
    let Some(seen) = ctx.table.system().key_rotation(tenant).await? else {
        return Ok(());
    };
    if seen.due.is_none_or(|due| now < due) {
        return Ok(());
    }
    // Alone until then.
    let again = now.saturating_add(LOOKS_APART).unwrap_or(now);
    // A rotation that wraps with another key than it should gives way to the next one.
    let wrapping = ctx.table.wrapping_key(tenant).await?;
    let ours = if seen.is_under_way() && seen.newest.wrapped_by == wrapping {
        take_over(ctx, seen, again).await?
    } else {
        begin(ctx, seen, again).await?
    };
    let Some(rotation) = ours else {
        return Ok(());
    };
    let pass = reseal_all(ctx, &rotation).await?;
    if !rotation.is_wrapped_by(&wrapping) {
        // Shown to whoever named another wrapping key.
        let keys = ctx.table.tenant(&rotation.scope);
        keys.note_left(&rotation, pass.left).await?;
    }
    if pass == Pass::default() && now >= rotation.newest.settled_from() {
        let keys = ctx.table.tenant(&rotation.scope);
        keys.end_key_rotation(&rotation).await?;
        tracing::info!(tenant.id = %tenant, version = rotation.newest.version, "a key was rotated");
    }
    Ok(())
}

/// `None` where somebody else looks after the keys, or they are gone.
async fn take_over(ctx: &Ctx, seen: KeyRotation, again: Timestamp) -> Result<Option<KeyRotation>> {
    let keys = ctx.table.tenant(&seen.scope);
    let taken = keys.look_after_keys(&seen, again).await? == Saved::Done;
    let ours = KeyRotation {
        due: Some(again),
        ..seen
    };
    Ok(taken.then_some(ours))
}

/// `None` where somebody else did, or the keys are gone.
async fn begin(ctx: &Ctx, seen: KeyRotation, again: Timestamp) -> Result<Option<KeyRotation>> {
    let tenant = seen.scope.tenant();
    let version = seen.newest.version.saturating_add(1);
    let next = ctx.envelope.new_key(tenant, version).await?;
    let act = Act {
        actor: Actor::system("keys"),
        at: ctx.clock.now(),
    };
    let begun = ctx
        .table
        .tenant(&seen.scope)
        .begin_key_rotation(&seen, next.clone(), again, &act)
        .await?;
    Ok((begun == Saved::Done).then(|| {
        let (mut older, mut wrapped_by) = (seen.older, seen.wrapped_by);
        older.push(seen.newest.version);
        wrapped_by.insert(next.wrapped_by.clone());
        KeyRotation {
            scope: seen.scope,
            newest: next,
            older,
            wrapped_by,
            left: None,
            due: Some(again),
        }
    }))
}

async fn reseal_all(ctx: &Ctx, rotation: &KeyRotation) -> Result<Pass> {
    let table = ctx.table.tenant(&rotation.scope);
    let (mut pass, mut after) = (Pass::default(), None);
    loop {
        let page = table.sealed_credentials(after, PAGE).await?;
        for (account, stored) in page.credentials {
            reseal(ctx, rotation, account, &stored, &mut pass).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(pass);
        }
    }
}

async fn reseal(
    ctx: &Ctx,
    rotation: &KeyRotation,
    account: AccountId,
    stored: &SealedCredential,
    pass: &mut Pass,
) -> Result<()> {
    let tenant = rotation.scope.tenant();
    let version = rotation.newest.version;
    let anew = match vault::reseal(&ctx.envelope, tenant, account, stored, version).await {
        Ok(Some(anew)) => anew,
        Ok(None) => return Ok(()),
        Err(error @ Error::Corrupt { .. }) => {
            pass.left = pass.left.saturating_add(1);
            tracing::error!(
                account.id = %account,
                error = &error as &dyn std::error::Error,
                "a credential cannot be sealed anew; the older keys are kept for it"
            );
            return Ok(());
        }
        // Until the tenant's own key is back.
        Err(error @ Error::OwnKeyRefused { .. }) => {
            pass.left = pass.left.saturating_add(1);
            tracing::warn!(
                account.id = %account,
                error = &error as &dyn std::error::Error,
                "a credential cannot be sealed anew now; the older keys are kept for it"
            );
            ctx.notifier.own_key_refused(tenant).await;
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let table = ctx.table.tenant(&rotation.scope);
    let saved = table
        .replace_sealed_credential(account, stored, &anew)
        .await?;
    match saved {
        Saved::Done => pass.resealed = pass.resealed.saturating_add(1),
        Saved::Stale => pass.left = pass.left.saturating_add(1),
    }
    Ok(())
}
