//! The transfers function as a Lambda function.

use cloud::telemetry::{self, Metrics};
use engine::Deployment;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tracing::Instrument as _;
use transfers::events::{self, Event};
use transfers::{Config, Ctx};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (deployment, config) = Deployment::start::<Config>()?;
    let ctx = Ctx::deployed(&deployment, config)?;
    let metrics = Metrics::new("transfers");
    deployment.warm_up().await;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Event>| {
        let span = telemetry::invocation_span(&event.context.request_id);
        let run = events::on_event(&ctx, &metrics, event.payload);
        run.instrument(span).await.map_err(Error::from)
    }))
    .await
}
