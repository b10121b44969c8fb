//! Events that start a run.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use cloud::telemetry::{Metric, Metrics};
use domain::{Error, Result};
use futures::future::join_all;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::message::DispatchMessage;
use crate::{Ctx, Run, ask_for_second_look, backlog, seal, tick};

/// What starts a run.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Shards with a backlog and looks at events, from the dispatch queue.
    Shards(SqsEvent),
    /// The timer. Its event says nothing that the table does not know better.
    Timer(IgnoredAny),
}

/// One run for one event; the answer names the messages that must come again.
pub async fn on_event(ctx: &Ctx, metrics: &Metrics, event: Event) -> Result<SqsBatchResponse> {
    let outcome = match event {
        Event::Timer(_) => on_timer(ctx, metrics)
            .await
            .map(|_| SqsBatchResponse::default()),
        Event::Shards(event) => Ok(on_messages(ctx, metrics, event).await),
    };
    metrics.flush(ctx.reconciler.waker.clock.now());
    outcome
}

async fn on_timer(ctx: &Ctx, metrics: &Metrics) -> Result<Run> {
    // First: the tick may take its time, or fail.
    ask_for_second_look(ctx).await;
    let run = tick(ctx).await?;
    record(metrics, &run);
    metrics.count_many(Metric::ShardsHandedOver, run.handed_over);
    // Always: an alarm takes silence for a dispatcher that does not run.
    metrics.record(Metric::AttentionHeadAge, run.head_age_ms / 1000, None);
    Ok(run)
}

async fn on_messages(ctx: &Ctx, metrics: &Metrics, event: SqsEvent) -> SqsBatchResponse {
    let runs = event
        .records
        .into_iter()
        .map(|message| on_message(ctx, metrics, message));
    let failed = join_all(runs).await.into_iter().flatten();
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed);
    response
}

/// Answers the message's id if it must come again.
async fn on_message(ctx: &Ctx, metrics: &Metrics, message: SqsMessage) -> Option<String> {
    let text = message.body.unwrap_or_default();
    let outcome = match DispatchMessage::from_text(&text) {
        Some(DispatchMessage::Shard(shard)) => backlog(ctx, shard).await,
        Some(DispatchMessage::Seal) => seal(ctx).await,
        None => Err(Error::corrupt("dispatch message", "it cannot be followed")),
    };
    match outcome {
        Ok(run) => {
            record(metrics, &run);
            None
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a message could not be followed; it comes again"
            );
            // The queue always gives an id. An empty one in the answer would make the whole batch come again: safe.
            Some(message.message_id.unwrap_or_default())
        }
    }
}

fn record(metrics: &Metrics, run: &Run) {
    if run.seal_age_ms > 0 {
        metrics.record(Metric::SealAge, run.seal_age_ms / 1000, None);
    }
    metrics.count_many(Metric::EntriesSeen, run.seen);
    metrics.count_many(Metric::EntriesFailed, run.failed);
}
