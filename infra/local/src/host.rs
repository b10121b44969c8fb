//! Runs everything: serves, ticks, feeds the publisher, and stops in order.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use cloud::clock::SystemClock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use crate::folder::DataFolder;
use crate::functions::Functions;
use crate::queue::Pool;
use crate::routes;
use crate::services::Services;
use crate::settings::Settings;
use crate::timers::Timer;
use crate::web::Dashboard;

/// Batches of the publisher at once, up to ten messages each: as many as a deployment's publishers. With a few, calls that
/// a network answers slowly would make other posts late.
const PUBLISHER_BATCHES: usize = 50;
/// Longest that each step of a stop waits; whatever is cut off survives, as it survives a hard stop.
const GRACE: Duration = Duration::from_secs(10);

/// A host that is ready to run.
#[derive(Debug)]
pub struct Host {
    listener: TcpListener,
    router: Router,
    services: Services,
    functions: Functions,
    address: SocketAddr,
    _folder: DataFolder,
}

impl Host {
    /// Opens everything; a refusal says what to do.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let folder = DataFolder::open(&settings.data_dir)?;
        let port = settings.port;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| {
                format!(
                    "port {port} cannot be used: stop what uses it, or set M1A_PORT to another port"
                )
            })?;
        let address = listener.local_addr().context("the port has no address")?;
        // A name, not the bare address: browsers have no passkeys for addresses.
        let base: Url = format!("http://localhost:{}", address.port())
            .parse()
            .context("the port has no address")?;
        let services = Services::open(&folder, base, Arc::new(SystemClock)).await?;
        let functions = Functions::open(&services)
            .await
            .context("the functions cannot start")?;
        let dashboard = Dashboard::open(&settings.web_dir);
        let router = routes::router(&services, &functions, dashboard)?;
        Ok(Self {
            listener,
            router,
            services,
            functions,
            address,
            _folder: folder,
        })
    }

    /// Where it is served.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where people reach it.
    pub fn url(&self) -> String {
        self.services.base.origin().ascii_serialization()
    }

    /// Serves until `stop` completes. Then work under way is finished first, since it may call this very host.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (end_server, server_ends) = watch::channel(false);
        let mut server = JoinSet::new();
        server.spawn(serve(self.listener, self.router, server_ends));

        let (end_work, work_ends) = watch::channel(false);
        let mut work = JoinSet::new();
        let publisher = self.functions.publisher();
        let pool = Pool::new(self.services.queue.clone(), publisher, PUBLISHER_BATCHES);
        work.spawn(pool.run(work_ends.clone()));
        let functions = self.functions.clone();
        let over_shard = move |message: String| {
            let functions = functions.clone();
            async move { functions.dispatch_shard(&message).await }
        };
        let shards = self.services.shards.clone();
        work.spawn(shards.run(over_shard, work_ends.clone()));
        for timer in Timer::ALL {
            work.spawn(timer.repeat(
                self.functions.clone(),
                Arc::clone(&self.services.embedded),
                self.services.objects.clone(),
                work_ends.clone(),
            ));
        }

        stop.await;
        tracing::info!("stopping");
        for (end, tasks) in [(end_work, work), (end_server, server)] {
            let _ = end.send(true);
            finish(tasks).await;
        }
    }
}

async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let stopped = async move {
        let _ = stop.changed().await;
    };
    if let Err(error) = axum::serve(listener, router)
        .with_graceful_shutdown(stopped)
        .await
    {
        tracing::error!(%error, "serving ended");
    }
}

async fn finish(mut tasks: JoinSet<()>) {
    let ended = timeout(GRACE, async { while tasks.join_next().await.is_some() {} });
    if ended.await.is_err() {
        tracing::warn!("some work is cut off; it goes on at the next start");
    }
}
