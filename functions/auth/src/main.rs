//! The auth function in AWS.

use api::edge::{self, Edge};
use auth::{Config, Ctx, router};
use engine::Deployment;
use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (deployment, config) = Deployment::start::<Config>()?;
    let ctx = Ctx::deployed(&deployment, config);
    api::bootstrap(
        &deployment.table,
        &ctx.envelope,
        &deployment.clock,
        &deployment.random,
    )
    .await?;
    ctx.gate.warm_up().await;
    let (routes, _document) = router(ctx).split_for_parts();
    let edge = Edge {
        clock: deployment.clock,
        random: deployment.random,
    };
    lambda_http::run(edge::finish(routes, edge)).await
}
