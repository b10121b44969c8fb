//! The timer's event, and the operator's.

use cloud::telemetry::{Metric, Metrics};
use domain::{Error, Result, UserId};
use serde::{Deserialize, Serialize};
use store::RetiredSigningKeys;

use crate::restore::{Declared, LostTimeDeclared, declare};
use crate::{
    Checkpointed, Ctx, Erasures, RetireSigningKeys, RotateKeys, RotationsAsked, SupporterAppointed,
    Sweep, appoint_supporter, checkpoint, erase, finish_departures, remove_media,
    retire_signing_keys, rotate_due_keys, rotate_keys, sweep,
};

/// What a run is for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Event {
    /// An operator declares the time that a restored table has lost. The timer's event has no such part, and says
    /// nothing that the table does not know better.
    pub lost_time: Option<LostTimeDeclared>,
    /// The hourly timer asks for a checkpoint of the audit log.
    #[serde(default)]
    pub checkpoint: bool,
    /// An operator wants keys of tenants to be rotated.
    pub rotate_keys: Option<RotateKeys>,
    /// An operator retires keys of access tokens.
    pub retire_signing_keys: Option<RetireSigningKeys>,
    /// An operator lets somebody support tenants that allow it.
    pub appoint_supporter: Option<UserId>,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It swept.
    Swept(Sweep),
    /// It kept a checkpoint, unless nothing happened since the one before.
    Checkpointed(Checkpointed),
    /// It took note of a lost time.
    Declared(Declared),
    /// It took note of keys that are to be rotated.
    RotationsAsked(RotationsAsked),
    /// It retired keys of access tokens.
    SigningKeysRetired(RetiredSigningKeys),
    /// It made somebody a member of the platform's tenant.
    SupporterAppointed(SupporterAppointed),
}

/// One run for one event.
pub async fn on_event(ctx: &Ctx, metrics: &Metrics, event: Event) -> Result<Outcome> {
    let Event {
        lost_time,
        checkpoint: is_checkpoint,
        rotate_keys: keys,
        retire_signing_keys: signing_keys,
        appoint_supporter: supporter,
    } = event;
    if let Some(lost_time) = lost_time {
        return declare(ctx, &lost_time).await.map(Outcome::Declared);
    }
    if let Some(keys) = keys {
        return rotate_keys(ctx, &keys).await.map(Outcome::RotationsAsked);
    }
    if let Some(wanted) = signing_keys {
        let retired = retire_signing_keys(ctx, wanted).await?;
        return Ok(Outcome::SigningKeysRetired(retired));
    }
    if let Some(user) = supporter {
        let appointed = appoint_supporter(ctx, user).await?;
        return Ok(Outcome::SupporterAppointed(appointed));
    }
    if is_checkpoint {
        return checkpoint(ctx).await.map(Outcome::Checkpointed);
    }
    on_timer(ctx, metrics).await.map(Outcome::Swept)
}

/// Every part, whatever became of those before it: what one cannot reach keeps nobody from the rest. The first failure is
/// what the run fails with, once all is done and measured.
async fn on_timer(ctx: &Ctx, metrics: &Metrics) -> Result<Sweep> {
    let swept = sweep(ctx).await;
    let erased = erase(ctx).await;
    let asked = rotate_due_keys(ctx).await;
    let removed = remove_media(ctx).await;
    let departed = finish_departures(ctx).await;
    if let Ok(erasures) = &erased
        && *erasures != Erasures::default()
    {
        tracing::info!(?erasures, "tenants are erased");
    }
    if let Ok(sweep) = &swept {
        // Always: an alarm takes silence for a sweeper that does not run.
        metrics.record(Metric::DeadlinePassed, count(sweep.overdue), None);
        metrics.count_many(Metric::EntriesNeglected, sweep.neglected);
        let unasked = asked.as_ref().map_or(0, |asked| asked.failed);
        let failed = sweep.failed.saturating_add(unasked);
        metrics.count_many(Metric::EntriesFailed, failed);
    }
    metrics.flush(ctx.reconciler.waker.clock.now());
    let others = [erased.err(), asked.err(), removed.err(), departed.err()];
    first_failure(swept, others.into_iter().flatten())
}

/// The outcome, or the first failure; those after it are told here, for nobody else does.
fn first_failure<T>(outcome: Result<T>, others: impl Iterator<Item = Error>) -> Result<T> {
    others.fold(outcome, |outcome, error| match outcome {
        Ok(_) => Err(error),
        Err(first) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a further part of the upkeep failed; the next run does it"
            );
            Err(first)
        }
    })
}

fn count(entries: usize) -> u64 {
    u64::try_from(entries).unwrap_or(u64::MAX)
}
