//! The auth function in AWS.

use api::edge::{self, Edge};
use auth::{Config, Ctx, gateway, router};
use axum::middleware::from_fn;
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
    let (routes, _document) = router(ctx).split_for_parts();
    let edge = Edge {
        clock: deployment.clock,
        random: deployment.random,
    };
    let routes = edge::finish(routes, edge).layer(from_fn(gateway::tell_client_address));
    lambda_http::run(routes).await
}
