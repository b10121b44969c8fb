//! Decides what happens with something that wants attention. One path for the normal case and for recovery; safe to
//! repeat and to run twice at once, for every step is a conditional write.

use domain::Result;
use domain::delivery::decisions::{self, Decision, Wakeup};
use domain::delivery::{Attempt, DeliveryKey};
use domain::event::Actor;
use jiff::{SignedDuration, Timestamp};
use store::{Act, AttentionEntry, AttentionWork, Step, TenantScope};

use crate::notices::Notifier;
use crate::outbox::Outbox;
use crate::wake::Waker;

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
/// Chunks of 20 accounts of a deleted tenant that are disconnected in one go.
const TENANT_CHUNKS: usize = 5;
/// A message that asks for a sign-out has been taken by then, or was lost.
const SIGN_OUT_ASKED: SignedDuration = SignedDuration::from_mins(2);

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
                let wakeup = Wakeup {
                    key,
                    revision,
                    not_before,
                    seen,
                };
                match decisions::on_start(seen, deadline, now) {
                    None => Ok(Reconciled::Wake(wakeup)),
                    Some(decision) => self.carry_out(&key, decision).await,
                }
            }
            AttentionWork::Person(key) => {
                self.carry_out(&key, decisions::on_held_too_long(seen))
                    .await
            }
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
            AttentionWork::SignOut { scope, account } => {
                self.waker.sign_out(scope.tenant(), account).await?;
                let again = now.saturating_add(SIGN_OUT_ASKED).unwrap_or(now);
                let tenant = self.waker.table.tenant(&scope);
                tenant.note_sign_out_asked(account, seen, again).await?;
                Ok(Reconciled::Done)
            }
            AttentionWork::Tenant(scope) => {
                let tenant = self.waker.table.tenant(&scope);
                for _ in 0..TENANT_CHUNKS {
                    if tenant.close(now).await? {
                        break;
                    }
                }
                Ok(Reconciled::Done)
            }
            AttentionWork::Upload { scope, media } => {
                let act = Act {
                    actor: Actor::system("media"),
                    at: now,
                };
                let tenant = self.waker.table.tenant(&scope);
                tenant.abandon_upload(media, &act).await?;
                Ok(Reconciled::Done)
            }
            AttentionWork::SupportVisit { scope, visit } => {
                let act = Act {
                    actor: Actor::system("support"),
                    at: now,
                };
                let tenant = self.waker.table.tenant(&scope);
                tenant.watch_support_visit(&visit, seen, &act).await?;
                Ok(Reconciled::Done)
            }
            AttentionWork::Mail(mail) => {
                self.outbox.send_owed(mail).await?;
                Ok(Reconciled::Done)
            }
            AttentionWork::Seal { owner, event } => {
                let system = self.waker.table.system();
                system.seal(owner, &[event], now).await?;
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
        let table = self.waker.table.system();
        let Some(delivery) = table.delivery(key).await? else {
            return Ok(false);
        };
        let mut attempt = table.attempt(key, delivery.fence).await?;
        if let Some(Attempt::Published { evidence }) = &attempt
            && let Some(remote_id) = &evidence.remote_id
        {
            // What the publisher asks of networks that tell posts apart by their content; of others it is always true.
            let posts = self
                .waker
                .table
                .tenant(&TenantScope::of_delivery(&delivery));
            if !posts.own_remote_post(key, remote_id).await? {
                attempt = None;
            }
        }
        let Some(decision) = decisions::on_overdue(&delivery, attempt, now) else {
            return Ok(false);
        };
        let step = self.notifier.decide(key, decision).await?;
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
        let Some((message, mark)) = decisions::to_follow(&delivery, seen, now) else {
            return Ok(Reconciled::Nothing);
        };
        let is_sent = self.waker.send(&[message]).await.iter().all(Result::is_ok);
        if !is_sent {
            return Ok(Reconciled::Nothing);
        }
        table.step(key, &mark).await?;
        Ok(Reconciled::Done)
    }

    async fn carry_out(&self, key: &DeliveryKey, decision: Decision) -> Result<Reconciled> {
        self.notifier.decide(key, decision).await?;
        Ok(Reconciled::Done)
    }
}

/// Tries are sent ahead of their time; everything else only when it is time.
fn is_eligible(work: &AttentionWork, seen: Timestamp, now: Timestamp) -> bool {
    match work {
        AttentionWork::Start { not_before, .. } => decisions::is_start_near(seen, *not_before, now),
        AttentionWork::Owner(_)
        | AttentionWork::Look(_)
        | AttentionWork::Person(_)
        | AttentionWork::Notice(_)
        | AttentionWork::Mail(_)
        | AttentionWork::Account { .. }
        | AttentionWork::SignOut { .. }
        | AttentionWork::Tenant(_)
        | AttentionWork::Upload { .. }
        | AttentionWork::SupportVisit { .. }
        | AttentionWork::Seal { .. }
        | AttentionWork::Unknown { .. } => seen <= now,
    }
}
