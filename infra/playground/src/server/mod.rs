//! The network itself: what it keeps, how it behaves, what people and programs see.

mod account_api;
mod answer;
mod behaviour;
mod page;
mod reader_api;
mod store;
mod waiting;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use domain::Clock;

use self::answer::Failure;
use self::store::Store;
use self::waiting::Waiting;
use crate::PREFIX;
use crate::wire::IMAGE_BYTES_MAX;

/// The fake network. Everything that it accepted is in one SQLite file.
#[derive(Debug)]
pub struct Server {
    state: Shared,
}

/// The network's file cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the playground's file cannot be opened")]
pub struct OpenError(#[source] rusqlite::Error);

#[derive(Clone, Debug)]
struct Shared {
    store: Arc<Store>,
    waiting: Waiting,
    clock: Arc<dyn Clock>,
}

impl Server {
    /// Opens the file of the network, or makes it.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let store = Store::open(path).map_err(OpenError)?;
        Ok(Self {
            state: Shared {
                store: Arc::new(store),
                waiting: Waiting::default(),
                clock,
            },
        })
    }

    /// All routes, with their full paths below [`PREFIX`].
    pub fn router(&self) -> Router {
        let image_limit = usize::try_from(IMAGE_BYTES_MAX).unwrap_or(usize::MAX);
        let routes = Router::new()
            .route("/", get(page::index))
            .route("/style.css", get(page::style))
            .route("/posts", get(reader_api::posts))
            .route("/posts/{id}", get(page::post))
            .route("/media/{id}", get(reader_api::media))
            .route(
                "/behaviour",
                put(reader_api::put_behaviour).post(page::choose_behaviour),
            )
            .route(
                "/api/session",
                post(account_api::sign_in).get(account_api::me),
            )
            .route("/api/session/end", post(account_api::sign_out))
            .route(
                "/api/media",
                post(account_api::upload).layer(DefaultBodyLimit::max(image_limit)),
            )
            .route(
                "/api/posts",
                post(account_api::publish).get(account_api::own_posts),
            )
            .route("/api/jobs/{id}", get(account_api::job))
            .with_state(self.state.clone());
        Router::new().nest(PREFIX, routes)
    }
}

impl Shared {
    /// Runs a piece of work with the store where it may block.
    async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(|error| Failure::Internal(Box::new(error)))?
            .map_err(|error| Failure::Internal(Box::new(error)))
    }
}
