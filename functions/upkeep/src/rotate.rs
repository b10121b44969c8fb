//! Rotation of tenants' keys: finds whose time has come, and asks the publisher, which alone opens what they seal.

use cloud::queue::{Delay, Outgoing};
use domain::tenant::ROOT_TENANT;
use domain::tenant_key::KeyMessage;
use domain::{Error, Result, TenantId};
use serde::{Deserialize, Serialize};

use crate::Ctx;

/// Whose keys an operator wants to be rotated now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotateKeys {
    /// Everybody's, those of the platform among them.
    All,
    /// Those of these tenants.
    Tenants(Vec<TenantId>),
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RotationsAsked {
    /// Tenants whose keys are rotated from now on. Those that have none, and whose rotation is under way, are left out.
    pub tenants: usize,
}

/// Takes note of whose keys are to be rotated; the next run of the timer begins.
pub async fn rotate_keys(ctx: &Ctx, wanted: &RotateKeys) -> Result<RotationsAsked> {
    let waker = &ctx.reconciler.waker;
    let (system, now) = (waker.table.system(), waker.clock.now());
    let tenants = match wanted {
        RotateKeys::All => system.ask_for_all_rotations(now).await?,
        RotateKeys::Tenants(tenants) => {
            let mut asked = 0_usize;
            for tenant in tenants {
                if system.ask_for_rotation(*tenant, now).await? {
                    asked = asked.saturating_add(1);
                }
            }
            asked
        }
    };
    tracing::info!(tenants, "keys are to be rotated");
    Ok(RotationsAsked { tenants })
}

/// Rotations that a run asked the publisher for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueRotations {
    /// Tenants whose keys are rotated soon.
    pub asked: usize,
    /// Tenants of whom the queue took no message: the next run asks again.
    pub failed: usize,
}

/// Asks for the rotation of keys whose time has come. What a message does not bring about is asked for again by the next
/// run.
pub async fn rotate_due_keys(ctx: &Ctx) -> Result<DueRotations> {
    let waker = &ctx.reconciler.waker;
    let due = waker
        .table
        .system()
        .keys_to_rotate(waker.clock.now())
        .await?;
    let messages: Vec<Outgoing> = due
        .into_iter()
        // Those of the platform are rotated by whoever signs people in.
        .filter(|tenant| *tenant != ROOT_TENANT)
        .map(|tenant| Outgoing {
            body: KeyMessage::RotateKey { tenant }.to_text(),
            tenant,
            delay: Delay::NONE,
        })
        .collect();
    let sent = waker.queue.send(&messages).await;
    let refused: Vec<&Error> = sent.iter().filter_map(|sent| sent.as_ref().err()).collect();
    if let Some(first) = refused.first() {
        // Once: they fail alike.
        tracing::error!(
            rotations = refused.len(),
            error = *first as &dyn std::error::Error,
            "rotations of keys could not be asked for; the next run does"
        );
    }
    Ok(DueRotations {
        asked: sent.len().saturating_sub(refused.len()),
        failed: refused.len(),
    })
}
