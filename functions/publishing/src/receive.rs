//! Reads a message and does what the delivery's state asks for: the message itself is only a hint.

use domain::delivery::DeliveryMessage;
use domain::delivery::decisions::{Work, on_message};
use domain::tenant_key::KeyMessage;
use domain::{Error, Result};

use crate::Ctx;
use crate::{claim, look, poll, reap, rotate};

/// Does what the message's delivery needs. An error means that the message must come again.
pub(crate) async fn receive(ctx: &Ctx, text: &str) -> Result<()> {
    let message = match DeliveryMessage::from_text(text) {
        Ok(message) => message,
        Err(error) => match KeyMessage::from_text(text) {
            Ok(KeyMessage::RotateKey { tenant }) => return rotate::rotate(ctx, tenant).await,
            Err(_) => return Err(Error::internal("a message cannot be followed", error)),
        },
    };
    let Some(delivery) = ctx.table.system().delivery(message.key()).await? else {
        return Ok(());
    };
    match on_message(&message, &delivery, ctx.clock.now()) {
        Work::Nothing => Ok(()),
        Work::SendAgain => ctx.waker.send(&[message]).await.into_iter().collect(),
        Work::Publish => claim::publish(ctx, &delivery).await,
        Work::Poll => poll::poll(ctx, delivery).await,
        Work::Look(look) => look::look(ctx, delivery, look.waits).await,
        Work::Reap(fence) => reap::reap(ctx, delivery, fence).await,
    }
}
