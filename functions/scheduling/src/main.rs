//! The scheduling function as a Lambda function.

use std::sync::Arc;

use api::edge::{self, Edge};
use engine::Deployment;
use lambda_http::Error;
use scheduling::{Config, Ctx};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (deployment, config) = Deployment::start::<Config>()?;
    let ctx = Ctx::deployed(&deployment, config)?;
    ctx.gate.warm_up().await;
    let (routes, _) = scheduling::router(ctx).split_for_parts();
    let edge = Edge {
        clock: Arc::clone(&deployment.clock),
        random: Arc::clone(&deployment.random),
    };
    let routes = edge::finish(routes, edge);
    lambda_http::run(routes).await
}
