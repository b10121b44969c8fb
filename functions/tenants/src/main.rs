//! Tenants as a Lambda function.

use std::sync::Arc;

use api::edge::{Edge, finish};
use engine::Deployment;
use lambda_http::{Error, run};
use tenants::{Config, Ctx, router};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (deployment, config) = Deployment::start::<Config>()?;
    let edge = Edge {
        clock: Arc::clone(&deployment.clock),
        random: Arc::clone(&deployment.random),
    };
    let ctx = Ctx::deployed(&deployment, config);
    ctx.gate.warm_up().await;
    let (routes, _) = router(ctx).split_for_parts();
    run(finish(routes, edge)).await
}
