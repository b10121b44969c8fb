//! Decides what happens with something that wants attention. One path for the normal case and for recovery; safe to
//! repeat and to run twice at once, for every step is a conditional write.

use domain::Result;
use domain::delivery::timing::{LOOK_AHEAD, SETTLE};
use domain::delivery::{Delivery, DeliveryKey, DeliveryMessage, Fault, State, protocol};
use domain::notice::NoticeCause;
use jiff::{SignedDuration, Timestamp};
use store::{AttentionEntry, AttentionWork, Step};

use crate::faults::{missed_fault, missed_while_held_fault, outcome_unknown_fault};
use crate::notices::Notifier;
use crate::outbox::Outbox;
use crate::wake::{Waker, Wakeup, look_message};

/// What was done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// A message for the publisher is to be sent: the caller batches these.
    Wake(Wakeup),
    /// Something happened with it.
    Done,
    /// It is not its time yet, or somebody else was faster.
    Nothing,
    /// This code does not know its kind.
    Unknown,
}

/// Chunks of 90 deliveries that follow their account in one go; the next tick goes on. More would hold up the tick.
const ACCOUNT_CHUNKS: usize = 5;

/// Decides and acts.
#[derive(Clone, Debug)]
pub struct Reconciler {
    /// Sends messages.
    pub waker: Waker,
    /// Writes to people about posts and accounts.
    pub notifier: Notifier,
    /// Sends mails that acts still owe.
    pub outbox: Outbox,
}

impl Reconciler {
    /// Does what the entry asks for at this time.
    pub async fn reconcile(&self, entry: AttentionEntry) -> Result<Reconciled> {
        let now = self.waker.clock.now();
        let AttentionEntry { at: seen, work } = entry;
        if !is_eligible(&work, seen, now) {
            return Ok(Reconciled::Nothing);
        }
        match work {
            AttentionWork::Start {
                key,
                revision,
                not_before,
                deadline,
            } => {
                let is_too_late = deadline.is_some_and(|deadline| now > latest_start(deadline));
                if is_too_late {
                    self.miss(&key, seen, missed_fault()).await
                } else {
                    Ok(Reconciled::Wake(Wakeup {
                        key,
                        revision,
                        not_before,
                        seen,
                    }))
                }
            }
            AttentionWork::Person(key) => self.miss(&key, seen, missed_while_held_fault()).await,
            AttentionWork::Owner(key) | AttentionWork::Look(key) => {
                self.follow(&key, seen, now).await
            }
            AttentionWork::Notice(notice) => {
                self.notifier.send_owed(notice).await?;
                Ok(Reconciled::Done)
            }
            AttentionWork::Account { scope, account } => {
                let tenant = self.waker.table.tenant(&scope);
                for _ in 0..ACCOUNT_CHUNKS {
                    let aligned = tenant.align_deliveries(account, now).await?;
                    self.waker.nudge(&aligned.resumed).await;
                    if aligned.is_complete {
                        break;
                    }
                }
                Ok(Reconciled::Done)
            }
            AttentionWork::Mail(mail) => {
                self.outbox.send_owed(mail).await?;
                Ok(Reconciled::Done)
            }
            AttentionWork::Unknown { kind } => {
                tracing::warn!(kind, "an entry of an unknown kind wants attention");
                Ok(Reconciled::Unknown)
            }
        }
    }

    /// A delivery that had to be final by now: settles it as far as anybody can, and tells its author. Answers whether
    /// it did; if not, it was final already or somebody works on it right now.
    pub async fn settle_overdue(&self, key: &DeliveryKey) -> Result<bool> {
        let now = self.waker.clock.now();
        let Some(delivery) = self.waker.table.system().delivery(key).await? else {
            return Ok(false);
        };
        let step = match delivery.state {
            State::Scheduled | State::Queued | State::RetryWait | State::Held | State::Claimed => {
                let transition = protocol::overdue_missed(now, missed_fault());
                self.notifier
                    .step_and_notify(key, &transition, missed_cause)
                    .await?
            }
            State::Calling | State::Processing | State::Uncertain => {
                let transition = protocol::overdue_ask(now, outcome_unknown_fault());
                let cause = |delivery: &Delivery| NoticeCause::OutcomeUnknown {
                    post: delivery.post,
                    delivery: delivery.id,
                    revision: delivery.revision,
                };
                self.notifier
                    .step_and_notify(key, &transition, cause)
                    .await?
            }
            State::Draft
            | State::Asking
            | State::Published
            | State::HandedOver
            | State::Failed
            | State::Cancelled
            | State::Missed => return Ok(false),
        };
        Ok(matches!(step, Step::Done(_)))
    }

    /// Something other than a first try: whoever worked on it is dead, or a look at the network is due.
    async fn follow(
        &self,
        key: &DeliveryKey,
        seen: Timestamp,
        now: Timestamp,
    ) -> Result<Reconciled> {
        let table = self.waker.table.system();
        let Some(delivery) = table.delivery(key).await? else {
            return Ok(Reconciled::Nothing);
        };
        if delivery.attention != Some(seen) {
            return Ok(Reconciled::Nothing);
        }
        let (message, transition) = match delivery.state {
            State::Claimed | State::Processing | State::Uncertain => (
                look_message(&delivery, seen),
                protocol::looking(delivery.state, seen, delivery.fence, now),
            ),
            // Only the owner may declare its call dead in one look: it may just be slow to record its outcome.
            State::Calling => (
                DeliveryMessage::Reap {
                    key: *key,
                    fence: delivery.fence,
                },
                protocol::reaping(seen, delivery.fence, now),
            ),
            State::Draft
            | State::Held
            | State::Scheduled
            | State::Queued
            | State::RetryWait
            | State::Asking
            | State::Published
            | State::HandedOver
            | State::Failed
            | State::Cancelled
            | State::Missed => return Ok(Reconciled::Nothing),
        };
        if self.waker.send(&[message]).await.iter().all(Result::is_ok) {
            table.step(key, &transition).await?;
        }
        Ok(Reconciled::Done)
    }

    async fn miss(&self, key: &DeliveryKey, seen: Timestamp, fault: Fault) -> Result<Reconciled> {
        self.notifier
            .step_and_notify(key, &protocol::missed(seen, fault), missed_cause)
            .await?;
        Ok(Reconciled::Done)
    }
}

fn missed_cause(delivery: &Delivery) -> NoticeCause {
    NoticeCause::Missed {
        post: delivery.post,
        delivery: delivery.id,
        revision: delivery.revision,
    }
}

/// First tries are sent ahead of their time; everything else only when it is time.
fn is_eligible(work: &AttentionWork, seen: Timestamp, now: Timestamp) -> bool {
    let ahead = match work {
        AttentionWork::Start { .. } => LOOK_AHEAD,
        AttentionWork::Owner(_)
        | AttentionWork::Look(_)
        | AttentionWork::Person(_)
        | AttentionWork::Notice(_)
        | AttentionWork::Mail(_)
        | AttentionWork::Account { .. }
        | AttentionWork::Unknown { .. } => SignedDuration::ZERO,
    };
    seen <= now.saturating_add(ahead).unwrap_or(Timestamp::MAX)
}

fn latest_start(deadline: Timestamp) -> Timestamp {
    deadline.saturating_sub(SETTLE).unwrap_or(Timestamp::MIN)
}
