//! Looks for the outcome of a call that nobody knows: in the evidence of a dead worker first, then at the network.

use std::sync::Arc;

use domain::Result;
use domain::delivery::retry::next_try;
use domain::delivery::timing::{READ_BACK_PAUSES, SETTLE};
use domain::delivery::{Delivery, Fault, Transition, protocol};
use domain::network::RepeatRule;
use jiff::{SignedDuration, Timestamp};
use networks::{Credential, Network, NetworkError, PublishRequest, ReadBack};
use store::{Attempt, Step};

use crate::Ctx;
use crate::call::own_remote_post;
use crate::material::{self, Material};
use crate::prepare::{Incomplete, request, unauthorized};
use crate::settle::{Cause, failed, follow_up, outcome_unknown, step};
use crate::{credentials, faults};

/// Looks once, and decides what the look proves.
pub(crate) async fn look(ctx: &Ctx, delivery: Delivery) -> Result<()> {
    if settle_from_attempt(ctx, &delivery).await? {
        return Ok(());
    }
    let sight = sight(ctx, &delivery).await?;
    let (transition, cause) = verdict(ctx, &delivery, sight);
    if let Step::Done(delivery) = step(ctx, &delivery, &transition, cause).await? {
        follow_up(ctx, &delivery).await;
    }
    Ok(())
}

/// Settles the delivery by what the owner of its present claim recorded. Answers whether that decided anything.
pub(crate) async fn settle_from_attempt(ctx: &Ctx, delivery: &Delivery) -> Result<bool> {
    let key = domain::delivery::DeliveryKey::of(delivery);
    let Some(attempt) = ctx.table.system().attempt(&key, delivery.fence).await? else {
        return Ok(false);
    };
    let fence = delivery.fence;
    let (transition, cause): (Transition, Option<Cause>) = match attempt {
        Attempt::Published { evidence } => (protocol::found(fence, evidence), None),
        Attempt::HandedOver { evidence } => (protocol::found_handed_over(fence, evidence), None),
        Attempt::Processing { job } => {
            let poll_at = job.poll_at.max(ctx.clock.now());
            (protocol::processing_found(fence, job, poll_at), None)
        }
        Attempt::NoEffect { fault } => after_no_effect(ctx, delivery, fault),
        Attempt::Refused { fault } => (protocol::found_failed(fence, fault), Some(failed)),
        Attempt::Unknown { .. } => return Ok(false),
    };
    if let Step::Done(delivery) = step(ctx, delivery, &transition, cause).await? {
        follow_up(ctx, &delivery).await;
    }
    Ok(true)
}

fn after_no_effect(ctx: &Ctx, delivery: &Delivery, fault: Fault) -> (Transition, Option<Cause>) {
    let latest_start = delivery
        .deadline
        .and_then(|deadline| deadline.checked_sub(SETTLE).ok());
    match next_try(
        delivery.tries,
        ctx.clock.now(),
        None,
        latest_start.unwrap_or(Timestamp::MAX),
    ) {
        Some(at) => (protocol::retry_found(delivery.fence, at, Some(fault)), None),
        None => (protocol::found_failed(delivery.fence, fault), Some(failed)),
    }
}

/// What a look showed.
enum Sight {
    Seen(domain::delivery::Evidence),
    /// Absent, at a time at which that proves something.
    ProvenAbsent,
    Nothing,
    Ambiguous(Fault),
}

async fn sight(ctx: &Ctx, delivery: &Delivery) -> Result<Sight> {
    let Access::Granted(access) = access(ctx, delivery).await? else {
        return Ok(Sight::Nothing);
    };
    let called_at = delivery
        .called_at
        .or(delivery.due)
        .unwrap_or_else(|| ctx.clock.now());
    let rules = access.network.rules().clone();
    Ok(
        match access
            .network
            .read_back(&access.credential, &access.request, called_at)
            .await
        {
            Ok(ReadBack::Found(evidence)) => {
                if own_remote_post(ctx, delivery, &rules, &evidence).await {
                    Sight::Seen(evidence)
                } else {
                    Sight::Ambiguous(faults::cannot_find_out())
                }
            }
            Ok(ReadBack::Absent) if proves_absence(rules.repeat, delivery, ctx.clock.now()) => {
                Sight::ProvenAbsent
            }
            Ok(ReadBack::Absent) => Sight::Nothing,
            Ok(ReadBack::Ambiguous(fault)) => Sight::Ambiguous(fault),
            Err(NetworkError::Unauthorized { .. }) => {
                unauthorized(ctx, delivery, access.credential_version).await;
                Sight::Nothing
            }
            Err(error) => {
                tracing::info!(delivery.id = %delivery.id, error = &error as &dyn std::error::Error, "a look failed");
                Sight::Nothing
            }
        },
    )
}

/// Whether not seeing the post proves that the call never came, by the network's rules.
fn proves_absence(rule: RepeatRule, delivery: &Delivery, now: Timestamp) -> bool {
    match rule {
        // Even a call that comes late writes the same record, so another one is harmless.
        RepeatRule::ClientKey => true,
        RepeatRule::ReadBack {
            absence_after_seconds: Some(seconds),
        } => delivery.uncertain_since.is_some_and(|since| {
            now.duration_since(since) >= SignedDuration::from_secs(i64::from(seconds))
        }),
        RepeatRule::ReadBack {
            absence_after_seconds: None,
        }
        | RepeatRule::Nothing => false,
    }
}

fn verdict(ctx: &Ctx, delivery: &Delivery, sight: Sight) -> (Transition, Option<Cause>) {
    let now = ctx.clock.now();
    let Delivery {
        fence,
        looks,
        absences,
        ..
    } = *delivery;
    let is_last_look =
        usize::try_from(looks).is_ok_and(|looks| looks.saturating_add(1) >= READ_BACK_PAUSES.len());
    let ask = |fault| {
        (
            protocol::ask(fence, looks, fault),
            Some(outcome_unknown as Cause),
        )
    };
    match sight {
        Sight::Seen(evidence) => (protocol::found(fence, evidence), None),
        Sight::Ambiguous(fault) => ask(fault),
        Sight::ProvenAbsent if absences >= 1 => {
            let latest_start = delivery
                .deadline
                .and_then(|deadline| deadline.checked_sub(SETTLE).ok());
            if latest_start.is_some_and(|latest| now > latest) {
                (
                    protocol::found_failed(fence, faults::never_arrived()),
                    Some(failed),
                )
            } else {
                (
                    protocol::absent(fence, looks, now, faults::never_arrived()),
                    None,
                )
            }
        }
        Sight::ProvenAbsent if is_last_look => ask(faults::cannot_find_out()),
        Sight::ProvenAbsent => (protocol::look_again(fence, looks, true, now), None),
        Sight::Nothing if is_last_look => ask(faults::cannot_find_out()),
        Sight::Nothing => (protocol::look_again(fence, looks, false, now), None),
    }
}

/// What is needed to ask a network about a delivery.
pub(crate) struct Granted {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) credential: Credential,
    pub(crate) credential_version: u32,
    pub(crate) request: PublishRequest,
}

/// Whether a network can be asked about a delivery.
pub(crate) enum Access {
    Granted(Box<Granted>),
    /// The account, its credential or its network is not there.
    Refused,
}

/// Opens what is needed to ask a network about a delivery. The content need not be complete: it is only compared.
pub(crate) async fn access(ctx: &Ctx, delivery: &Delivery) -> Result<Access> {
    let Some(network) = ctx.networks.get(&delivery.network).cloned() else {
        return Ok(Access::Refused);
    };
    let material = match material::load(ctx, delivery).await? {
        Material::Present(material) => material,
        Material::Missing(_) => return Ok(Access::Refused),
    };
    let version = material.credential.version;
    let credential = engine::vault::open(
        &ctx.envelope,
        &material.account,
        material.credential.clone(),
    )
    .await?;
    let credential = match network.refresh(&credential, ctx.clock.now()).await {
        Ok(Some(refreshed)) => {
            // Where another worker was first, the refreshed one still works for this look.
            credentials::save(
                ctx,
                &store::TenantScope::of_delivery(delivery),
                &material.account,
                &refreshed,
            )
            .await?;
            refreshed
        }
        Ok(None) | Err(_) => credential,
    };
    let request = match request(ctx, &material, delivery).await {
        Ok(request) => request,
        Err(Incomplete::Content) => return Ok(Access::Refused),
        Err(Incomplete::Infrastructure(error)) => return Err(error),
    };
    Ok(Access::Granted(Box::new(Granted {
        network,
        credential,
        credential_version: version,
        request,
    })))
}
