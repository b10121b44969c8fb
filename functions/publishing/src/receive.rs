//! Reads a message and decides by the delivery's state: the message itself is only a hint.

use domain::delivery::timing::EARLY;
use domain::delivery::{Delivery, DeliveryMessage, State};
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};

use crate::Ctx;
use crate::{claim, look, poll, reap};

/// Does what the message's delivery needs. An error means that the message must come again.
pub(crate) async fn receive(ctx: &Ctx, text: &str) -> Result<()> {
    let message = DeliveryMessage::from_text(text)
        .map_err(|error| Error::internal("a message cannot be followed", error))?;
    let Some(delivery) = ctx.table.system().delivery(message.key()).await? else {
        return Ok(());
    };
    match message {
        DeliveryMessage::Work { rev, .. } if delivery.revision != rev => Ok(()),
        DeliveryMessage::Work { nb, .. } => work(ctx, message, delivery, nb).await,
        DeliveryMessage::Reap { fence, .. } => reap::reap(ctx, delivery, fence).await,
    }
}

async fn work(
    ctx: &Ctx,
    message: DeliveryMessage,
    delivery: Delivery,
    not_before: Timestamp,
) -> Result<()> {
    let now = ctx.clock.now();
    match delivery.state {
        // The delivery waits for another time than the message: that time has a message or a tick of its own.
        State::Scheduled | State::Queued | State::RetryWait
            if delivery.not_before != Some(not_before) =>
        {
            Ok(())
        }
        State::Scheduled | State::Queued | State::RetryWait if is_early(not_before, now) => {
            again(ctx, message).await
        }
        State::Scheduled | State::Queued | State::RetryWait | State::Claimed => {
            claim::publish(ctx, &delivery).await
        }
        State::Processing if is_early(not_before, now) => again(ctx, message).await,
        State::Processing => poll::poll(ctx, delivery).await,
        State::Uncertain if is_early(not_before, now) => again(ctx, message).await,
        State::Uncertain => look::look(ctx, delivery).await,
        // A call is only declared dead by a reap message; the rest is settled.
        State::Calling
        | State::Draft
        | State::Held
        | State::Asking
        | State::Published
        | State::HandedOver
        | State::Failed
        | State::Cancelled
        | State::Missed => Ok(()),
    }
}

fn is_early(not_before: Timestamp, now: Timestamp) -> bool {
    not_before.duration_since(now) > EARLY.max(SignedDuration::ZERO)
}

/// An early message is sent once more with the rest of its delay: held back here it would cost a worker, and simply
/// acknowledged the delivery would wait for its mark to run out.
async fn again(ctx: &Ctx, message: DeliveryMessage) -> Result<()> {
    ctx.waker.send(&[message]).await.into_iter().collect()
}
