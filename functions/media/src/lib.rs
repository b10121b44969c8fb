//! The media function: images from their announcement to their deletion. Bytes go straight to the object store; this
//! function signs the addresses, looks at what arrived before anything may use it, and keeps the picture
//! without what was written beside it. Pictures of people are drawn here, too, since only this function of the API links
//! a decoder.
//!
//! - **Trigger**: the HTTP API, `/v1/media/*` and `/v1/me/avatar`.
//! - **Permissions**: reads and writes media, the counter of their bytes and events; signs addresses of the object
//!   store, reads, writes and deletes objects; reads and writes people's pictures, and names them on the people.
//! - **Failure**: what was uploaded is refused as a 4xx that says what is wrong with it. Bytes that a call which broke
//!   off left behind are removed by the sweeper, with what names them.

mod announce;
mod avatar;
mod complete;
mod delete;
mod edit;
mod media_view;
mod read;
mod text;

use std::sync::Arc;

use api::permission::{ReadMedia, WriteMedia};
use api::{Gate, route};
use axum::extract::FromRef;
use cloud::config::{BucketConfig, PublicUrlConfig};
use cloud::objects::{ObjectKey, ObjectStore};
use domain::media::Media;
use domain::{Clock, Error, MediaId};
use engine::Deployment;
use pictures::Refusal;
use store::{Table, TenantTable, VersionedMedia};
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Images that one process decodes at once: each may take 256 MiB.
const DECODERS: usize = 2;

/// What the routes need.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Finds out who asks.
    pub gate: Gate,
    table: Table,
    clock: Arc<dyn Clock>,
    objects: Arc<dyn ObjectStore>,
    decoders: Arc<Semaphore>,
}

/// What a deployment configures.
pub type Config = (BucketConfig, PublicUrlConfig);

impl Ctx {
    /// A context with these services.
    pub fn new(
        gate: Gate,
        table: Table,
        clock: Arc<dyn Clock>,
        objects: Arc<dyn ObjectStore>,
    ) -> Self {
        Self {
            gate,
            table,
            clock,
            objects,
            decoders: Arc::new(Semaphore::new(DECODERS)),
        }
    }

    /// The function of a deployment.
    pub fn deployed(deployment: &Deployment, (bucket, public_url): Config) -> Self {
        let clock = &deployment.clock;
        let table = deployment.table.clone();
        Self::new(
            Gate::new(table.clone(), Arc::clone(clock), &public_url.url),
            table,
            Arc::clone(clock),
            deployment.objects(&bucket),
        )
    }

    fn media<P>(&self, caller: &api::Can<P>) -> TenantTable<'_> {
        self.table.tenant(&caller.scope)
    }

    /// Where the bytes are that the caller may see; none of them for support, which sees what is written of media.
    fn shown_by<P>(&self, caller: &api::Can<P>) -> Option<&dyn ObjectStore> {
        (!caller.is_support()).then_some(&*self.objects)
    }

    /// What a decoder makes of an image, in its turn and off the async threads.
    async fn decoded<T: Send + 'static>(
        &self,
        decode: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> domain::Result<T> {
        let _turn = self
            .decoders
            .acquire()
            .await
            .map_err(|error| Error::internal("the decoders are closed", error))?;
        let decoded = tokio::task::spawn_blocking(decode)
            .await
            .map_err(|error| Error::internal("a decoder panicked", error))?;
        Ok(decoded?)
    }

    fn act<P>(&self, caller: &api::Can<P>) -> store::Act {
        store::Act {
            actor: caller.actor(),
            at: self.clock.now(),
        }
    }

    /// The medium, unless it does not exist or was deleted.
    async fn live_media<P>(
        &self,
        caller: &api::Can<P>,
        id: MediaId,
    ) -> domain::Result<VersionedMedia> {
        let stored = self.media(caller).media(id).await?;
        stored
            .and_then(store::StoredMedia::live)
            .ok_or(Error::NotFound { kind: "media" })
    }
}

impl FromRef<Ctx> for Gate {
    fn from_ref(ctx: &Ctx) -> Self {
        ctx.gate.clone()
    }
}

/// The routes of `/v1/media` and `/v1/me/avatar`.
pub fn router(ctx: Ctx) -> OpenApiRouter {
    let gate = ctx.gate.clone();
    let routes = OpenApiRouter::new()
        .routes(route::can::<WriteMedia, _>(routes!(
            announce::announce_media
        )))
        .routes(route::can::<ReadMedia, _>(routes!(read::list_media)))
        .routes(route::can::<ReadMedia, _>(routes!(read::get_media)))
        .routes(route::can::<WriteMedia, _>(routes!(edit::edit_media)))
        .routes(route::can::<WriteMedia, _>(routes!(delete::delete_media)))
        .routes(route::can::<WriteMedia, _>(routes!(
            complete::complete_media
        )))
        .routes(route::signed_in(routes!(
            avatar::get_own_avatar,
            avatar::put_avatar,
            avatar::delete_avatar
        )))
        .with_state(ctx);
    route::gated(routes, gate)
}

/// Where the bytes of a medium are uploaded to.
fn uploaded_at(media: &Media) -> ObjectKey {
    ObjectKey::upload(media.tenant, media.id)
}

/// Where the bytes of a medium are once they were looked at.
fn kept_at(media: &Media) -> ObjectKey {
    ObjectKey::new(media.tenant, media.id)
}
