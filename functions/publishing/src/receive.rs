//! Reads a message and does what the delivery's state asks for: the message itself is only a hint.

use domain::delivery::decisions::{Work, on_message};
use domain::delivery::{DeliveryMessage, UnreadableMessage};
use domain::sign_out::SignOutMessage;
use domain::tenant_key::KeyMessage;
use domain::{Error, Result};

use crate::Ctx;
use crate::{claim, look, poll, reap, rotate, sign_out};

/// Does what the message's delivery needs. An error means that the message must come again.
pub(crate) async fn receive(ctx: &Ctx, text: &str) -> Result<()> {
    let message = match DeliveryMessage::from_text(text) {
        Ok(message) => message,
        Err(error) => return receive_other(ctx, text, error).await,
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

/// What is about no delivery: `unreadable` says so.
async fn receive_other(ctx: &Ctx, text: &str, unreadable: UnreadableMessage) -> Result<()> {
    if let Ok(KeyMessage::RotateKey { tenant }) = KeyMessage::from_text(text) {
        return rotate::rotate(ctx, tenant).await;
    }
    if let Ok(SignOutMessage::SignOut { tenant, account }) = SignOutMessage::from_text(text) {
        return sign_out::sign_out(ctx, tenant, account).await;
    }
    Err(Error::internal("a message cannot be followed", unreadable))
}
