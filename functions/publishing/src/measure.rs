//! What is measured of deliveries: how late their calls begin, and how they end.

use cloud::telemetry::Metric;
use domain::delivery::{Delivery, State};
use jiff::Timestamp;

use crate::Ctx;

/// A publishing call begins.
pub(crate) fn call_begins(ctx: &Ctx, delivery: &Delivery, called_at: Timestamp) {
    // Only first tries: what a retry is late by is the fault of the one before.
    if let (Some(due), 1) = (delivery.due, delivery.tries) {
        let lateness = u64::try_from(called_at.duration_since(due).as_millis()).unwrap_or(0);
        let network = Some(&delivery.network);
        ctx.metrics
            .record(Metric::PublishLateness, lateness, network);
    }
}

/// A delivery has come to this state.
pub(crate) fn reached(ctx: &Ctx, delivery: &Delivery) {
    let metric = match delivery.state {
        State::Published => Metric::Published,
        State::HandedOver => Metric::HandedOver,
        State::Failed => Metric::Failed,
        State::Missed => Metric::Missed,
        State::RetryWait => Metric::Retried,
        State::Asking => Metric::OutcomeUnknown,
        State::Draft
        | State::Held
        | State::Scheduled
        | State::Queued
        | State::Claimed
        | State::Calling
        | State::Processing
        | State::Uncertain
        | State::Cancelled => return,
    };
    ctx.metrics.count(metric, Some(&delivery.network));
}
