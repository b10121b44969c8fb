//! What leaves a delivery due soon sends its message at once instead of waiting for the dispatcher's next tick.

use cloud::queue::{Delay, Outgoing};
use domain::delivery::timing::LOOK_AHEAD;
use domain::delivery::{Delivery, DeliveryKey, DeliveryMessage, State, protocol};
use jiff::Timestamp;
use store::Step;

use crate::Ctx;

impl Ctx {
    /// Sends the messages of deliveries that are due soon, and notes that they were sent. Never fails: what could not be
    /// sent or noted stays where the dispatcher finds it.
    pub(crate) async fn nudge(&self, deliveries: &mut [Delivery]) {
        let now = self.clock.now();
        let mut due: Vec<&mut Delivery> = deliveries
            .iter_mut()
            .filter(|delivery| is_due_soon(delivery, now))
            .collect();
        if due.is_empty() {
            return;
        }
        let messages: Vec<Outgoing> = due.iter().map(|delivery| message(delivery, now)).collect();
        let sent = self.queue.send(&messages).await;
        let mut failures = sent.iter().filter_map(|result| result.as_ref().err());
        if let Some(error) = failures.next() {
            tracing::warn!(
                code = error.code(),
                more = failures.count(),
                "messages could not be sent: the dispatcher will send them"
            );
        }
        let notes = due
            .iter_mut()
            .zip(sent)
            .filter(|(_, result)| result.is_ok())
            .map(|(delivery, _)| self.note_sent(delivery, now));
        futures::future::join_all(notes).await;
    }

    async fn note_sent(&self, delivery: &mut Delivery, now: Timestamp) {
        let (Some(seen), Some(not_before)) = (delivery.attention, delivery.not_before) else {
            return;
        };
        let queued = protocol::queued(seen, delivery.revision, not_before, now);
        let key = DeliveryKey::of(delivery);
        match self.table.system().step(&key, &queued).await {
            // Refused where a worker was faster; what it made of the delivery is the truth.
            Ok(Step::Done(present) | Step::Refused(present)) => *delivery = *present,
            Ok(Step::Absent) => {}
            Err(error) => tracing::warn!(
                code = error.code(),
                "a sent message could not be noted: the dispatcher will send it again"
            ),
        }
    }
}

fn is_due_soon(delivery: &Delivery, now: Timestamp) -> bool {
    let horizon = now.saturating_add(LOOK_AHEAD).unwrap_or(Timestamp::MAX);
    matches!(delivery.state, State::Scheduled | State::RetryWait)
        && delivery.attention.is_some_and(|at| at <= horizon)
}

fn message(delivery: &Delivery, now: Timestamp) -> Outgoing {
    let message = DeliveryMessage::Work {
        key: DeliveryKey::of(delivery),
        rev: delivery.revision,
        nb: delivery.not_before.unwrap_or(now),
    };
    Outgoing {
        body: message.to_text(),
        tenant: delivery.tenant,
        delay: Delay::from_seconds(message.delay_seconds(now)),
    }
}
