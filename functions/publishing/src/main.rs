//! The publisher as a Lambda function.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use cloud::telemetry;
use engine::Deployment;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use publishing::{Config, Ctx, events};
use tracing::Instrument as _;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (deployment, config) = Deployment::start::<Config>()?;
    let ctx = Ctx::deployed(&deployment, config)?;
    deployment.warm_up().await;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let span = telemetry::invocation_span(&event.context.request_id);
        let run = events::on_messages(&ctx, event.payload);
        Ok::<SqsBatchResponse, Error>(run.instrument(span).await)
    }))
    .await
}
