//! The one call that makes a post visible, and the evidence of how it ended.

use std::time::Duration;

use domain::Result;
use domain::delivery::decisions::Settlement;
use domain::delivery::timing::CALL;
use domain::delivery::{Attempt, CallOutcome, Delivery, DeliveryKey, Evidence, faults};
use domain::network::RepeatRule;
use jiff::Timestamp;
use store::TenantScope;

use crate::Ctx;
use crate::claim::Owned;
use crate::measure;
use crate::prepare::{Ready, Refused, unauthorized};

/// Tries to leave evidence; when all fail, the settlement itself is the evidence.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Calls once and records how it ended, before anything is settled: a worker that dies right after leaves its evidence.
pub(crate) async fn call(
    ctx: &Ctx,
    owned: &Owned,
    ready: &Ready,
    called_at: Timestamp,
) -> Result<Settlement> {
    measure::call_begins(ctx, &owned.delivery, called_at);
    // Whoever restores the table reads here what was called in the time that it has lost.
    tracing::info!(
        tenant.id = %owned.delivery.tenant,
        post.id = %owned.delivery.post,
        account.id = %owned.delivery.account,
        delivery.id = %owned.delivery.id,
        fence = owned.claim.fence,
        "a publishing call begins"
    );
    let longest = Duration::try_from(CALL).unwrap_or_default();
    let call = ready
        .network
        .call(&ready.credential, &ready.request, &ready.prepared);
    let outcome = match tokio::time::timeout(longest, call).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => CallOutcome::Unknown(faults::call_timed_out()),
    };
    tracing::info!(
        delivery.id = %owned.delivery.id,
        network = %owned.delivery.network,
        fence = owned.claim.fence,
        outcome = name(&outcome),
        duration_ms = ctx.clock.now().duration_since(called_at).as_millis(),
        "a publishing call ended"
    );
    record(ctx, owned, &Attempt::from(outcome.clone())).await;
    Ok(match outcome {
        CallOutcome::Published(evidence) if is_own(ctx, owned, &evidence).await? => {
            Settlement::Published(evidence)
        }
        CallOutcome::Published(_) => Settlement::Uncertain(faults::counted_for_twin()),
        CallOutcome::HandedOver(evidence) => Settlement::HandedOver(evidence),
        CallOutcome::Processing(job) => Settlement::Processing(job),
        CallOutcome::NoEffect { fault, retry_after } => {
            Settlement::retry(&owned.delivery, ctx.clock.now(), fault, retry_after)
        }
        CallOutcome::Unauthorized(_) => {
            let refused = Refused {
                network: ready.network.as_ref(),
                credential: &ready.credential,
                version: ready.credential_version,
            };
            unauthorized(ctx, owned, &refused).await
        }
        CallOutcome::Refused(fault) => Settlement::Failed(fault),
        CallOutcome::Unknown(fault) => Settlement::Uncertain(fault),
    })
}

/// Leaves the evidence of how a try ended.
pub(crate) async fn record(ctx: &Ctx, owned: &Owned, attempt: &Attempt) {
    let system = ctx.table.system();
    for _ in 0..TRIES {
        let written = system
            .record_attempt(&owned.key(), owned.claim.fence, ctx.clock.now(), attempt)
            .await;
        match written {
            Ok(()) => break,
            Err(error) => tracing::warn!(
                delivery.id = %owned.delivery.id,
                error = &error as &dyn std::error::Error,
                "an attempt could not be recorded"
            ),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether the post that the network named counts for this delivery. When nobody can tell, the message comes again, and
/// the evidence is there.
async fn is_own(ctx: &Ctx, owned: &Owned, evidence: &Evidence) -> Result<bool> {
    for _ in 1..TRIES {
        match own_remote_post(ctx, &owned.delivery, evidence).await {
            Ok(is_own) => return Ok(is_own),
            Err(error) => tracing::warn!(
                delivery.id = %owned.delivery.id,
                error = &error as &dyn std::error::Error,
                "the owner of a remote post could not be recorded"
            ),
        }
        tokio::time::sleep(PAUSE).await;
    }
    own_remote_post(ctx, &owned.delivery, evidence).await
}

/// Claims a remote post for a delivery, where the network tells posts apart by their content only: whoever looks for a
/// twin that got no answer may take it first, and then it counts for that twin. Every publication is claimed before it
/// is settled, also when the network itself named the post, so that none counts twice. Answers whether the post is this
/// delivery's.
pub(crate) async fn own_remote_post(
    ctx: &Ctx,
    delivery: &Delivery,
    evidence: &Evidence,
) -> Result<bool> {
    let rules = ctx.networks.get(&delivery.network).map(|it| it.rules());
    let needs_owner = match rules.map(|rules| rules.repeat) {
        Some(RepeatRule::ReadBack { .. }) | None => true,
        Some(RepeatRule::ClientKey | RepeatRule::Nothing) => false,
    };
    let Some(remote_id) = evidence.remote_id.as_ref().filter(|_| needs_owner) else {
        return Ok(true);
    };
    let table = ctx.table.tenant(&TenantScope::of_delivery(delivery));
    table
        .own_remote_post(&DeliveryKey::of(delivery), remote_id)
        .await
}

fn name(outcome: &CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Published(_) => "published",
        CallOutcome::HandedOver(_) => "handed_over",
        CallOutcome::Processing(_) => "processing",
        CallOutcome::NoEffect { .. } => "no_effect",
        CallOutcome::Unauthorized(_) => "unauthorized",
        CallOutcome::Refused(_) => "refused",
        CallOutcome::Unknown(_) => "unknown",
    }
}
