//! Looks after a post that the network works on.

use domain::Result;
use domain::delivery::decisions::after_poll;
use domain::delivery::timing::{OWN_FAULT_PAUSE, after};
use domain::delivery::{Delivery, DeliveryKey};
use networks::PollOutcome;
use store::Step;

use crate::Ctx;
use crate::call::own_remote_post;
use crate::faults;
use crate::look::{Access, access};
use crate::settle::{follow_up, step};

/// Asks the network once how far it is.
pub(crate) async fn poll(ctx: &Ctx, delivery: Delivery) -> Result<()> {
    let Some(job) = delivery.job.clone() else {
        return Ok(());
    };
    let mut outcome = match access(ctx, &delivery).await? {
        Access::Granted(access) => {
            access
                .network
                .poll(&access.credential, &access.request, &job)
                .await
        }
        Access::Refused => PollOutcome::Unknown(faults::reconnect_needed()),
        Access::KeyRefused => PollOutcome::Running {
            poll_at: after(ctx.clock.now(), OWN_FAULT_PAUSE),
        },
    };
    if let PollOutcome::Published(evidence) = &outcome
        && !own_remote_post(ctx, &delivery, evidence).await?
    {
        outcome = PollOutcome::Unknown(domain::delivery::faults::counted_for_twin());
    }
    let decision = after_poll(&delivery, outcome, ctx.clock.now());
    if let Step::Done(delivery) = step(ctx, &delivery, decision).await? {
        tracing::debug!(delivery.id = %DeliveryKey::of(&delivery).delivery, state = delivery.state.name(), "polled");
        follow_up(ctx, &delivery).await;
    }
    Ok(())
}
