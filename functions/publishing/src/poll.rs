//! Looks after a post that the network works on.

use domain::Result;
use domain::delivery::timing::PROCESSING_MAX;
use domain::delivery::{Delivery, DeliveryKey, Transition, protocol};
use networks::PollOutcome;
use store::Step;

use crate::Ctx;
use crate::call::own_remote_post;
use crate::faults;
use crate::look::{Access, access};
use crate::settle::{Cause, failed, follow_up, step};

/// Asks the network once how far it is.
pub(crate) async fn poll(ctx: &Ctx, delivery: Delivery) -> Result<()> {
    let Some(job) = delivery.job.clone() else {
        return Ok(());
    };
    let now = ctx.clock.now();
    let fence = delivery.fence;
    let is_over = delivery
        .called_at
        .is_some_and(|called_at| now.duration_since(called_at) > PROCESSING_MAX);
    let outcome = match access(ctx, &delivery).await? {
        Access::Granted(access) => {
            access
                .network
                .poll(&access.credential, &access.request, &job)
                .await
        }
        Access::Refused => PollOutcome::Unknown(faults::reconnect_needed()),
    };
    let (transition, cause): (Transition, Option<Cause>) = match outcome {
        PollOutcome::Published(evidence) => {
            if let Some(network) = ctx.networks.get(&delivery.network) {
                own_remote_post(ctx, &delivery, network.rules(), &evidence).await;
            }
            (protocol::found(fence, evidence), None)
        }
        PollOutcome::Running { .. } if is_over => (
            protocol::processing_uncertain(fence, now, faults::processing_too_long()),
            None,
        ),
        PollOutcome::Running { poll_at } => (protocol::poll_again(fence, poll_at.max(now)), None),
        PollOutcome::Refused(fault) => (protocol::found_failed(fence, fault), Some(failed)),
        PollOutcome::Unknown(fault) => (protocol::processing_uncertain(fence, now, fault), None),
    };
    if let Step::Done(delivery) = step(ctx, &delivery, &transition, cause).await? {
        tracing::debug!(delivery.id = %DeliveryKey::of(&delivery).delivery, state = delivery.state.name(), "polled");
        follow_up(ctx, &delivery).await;
    }
    Ok(())
}
