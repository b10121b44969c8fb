//! The media function in Lambda.

use std::sync::Arc;

use api::edge::{Edge, finish};
use engine::Deployment;
use lambda_http::Error;
use media::{Config, Ctx};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (deployment, config) = Deployment::start::<Config>()?;
    let ctx = Ctx::deployed(&deployment, config);
    ctx.gate.warm_up().await;
    let edge = Edge {
        clock: Arc::clone(&deployment.clock),
        random: Arc::clone(&deployment.random),
    };
    lambda_http::run(finish(media::router(ctx).into(), edge)).await
}
