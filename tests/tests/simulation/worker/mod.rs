//! The publisher, step for step as in `functions/publishing`.

mod call;
mod look;
mod publish;
mod ready;
mod settle;

use domain::delivery::DeliveryMessage;
use domain::delivery::decisions::{Work, on_message};

pub(crate) use look::attempt;
pub(crate) use ready::Material;

use crate::process::{Process, Result};
use crate::words::{number, words};

/// Works on a message, and acknowledges it unless its outcome could not be recorded.
pub(crate) async fn receive(process: Process, message: DeliveryMessage, number: usize) {
    let is_unreadable = {
        let mut outside = process.world.outside();
        outside.say(|| format!("a worker receives message {number}: {}", words(&message)));
        process.is_old && outside.queue.is_new(number)
    };
    if is_unreadable {
        process
            .world
            .outside()
            .say(|| "it is of a much newer version and comes again".to_owned());
        return;
    }
    if work(&process, message).await.is_ok() {
        process.world.outside().queue.acknowledge(number);
    }
}

async fn work(process: &Process, message: DeliveryMessage) -> Result<()> {
    let delivery = process.read(number(message.key())).await?;
    match on_message(&message, &delivery, process.now()) {
        Work::Nothing => Ok(()),
        Work::SendAgain => {
            let sends = process.world.outside().protocol.sends_early_again;
            if sends {
                process.send(message).await
            } else {
                Ok(())
            }
        }
        Work::Publish => publish::publish(process, &delivery).await,
        Work::Poll => look::poll(process, &delivery).await,
        Work::Look(found) => look::look(process, &delivery, found.waits).await,
        Work::Reap(fence) => look::reap(process, &delivery, fence).await,
    }
}
