//! The functions of the product, given the local services. Their behaviour is entirely theirs.

use std::collections::BTreeSet;
use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::queue::BatchHandler;
use crate::services::Services;

/// All routers of the API, merged.
pub(crate) fn routers(_services: &Services) -> OpenApiRouter {
    OpenApiRouter::with_openapi(api::openapi::base())
}

/// The publisher, for batches of the queue.
pub(crate) fn publisher(_services: &Services) -> BatchHandler {
    Arc::new(|_batch| Box::pin(async { BTreeSet::new() }))
}

/// One run of the dispatcher.
pub(crate) async fn dispatch(_services: &Services) {}

/// One run of the independent sweeper.
pub(crate) async fn upkeep(_services: &Services) {}
