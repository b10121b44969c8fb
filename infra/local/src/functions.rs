//! The functions of the product, given the local services. Their behaviour is entirely theirs.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::Arc;

use api::{ApiLimits, Gate};
use auth::{Issuer, SignInLimits};
use cloud::config::OwnKeysConfig;
use cloud::envelope::Envelope;
use cloud::keys::OwnKeys;
use cloud::mail::Mailer;
use cloud::objects::ObjectStore;
use cloud::queue::DeliveryQueue;
use cloud::telemetry::Metrics;
use dispatch::DispatchMessage;
use domain::{KmsKeyArn, UserId};
use engine::{Notifier, Outbox, Reconciler, Waker};
use members::InvitationLimits;
use publishing::Incoming;
use tenants::TenantLimits;
use utoipa_axum::router::OpenApiRouter;

use crate::queue::{BatchHandler, Received};
use crate::services::Services;

/// The name of this deployment: what is sealed here does not open elsewhere.
const ENVIRONMENT: &str = "local";
/// The key that tenants can name as their own.
const OWN_KEY: &str = "arn:aws:kms:local:000000000000:key/00000000-0000-4000-8000-000000000001";

/// Contexts of all functions.
#[derive(Clone, Debug)]
pub(crate) struct Functions {
    auth: auth::Ctx,
    tenants: tenants::Ctx,
    members: members::Ctx,
    media: media::Ctx,
    scheduling: scheduling::Ctx,
    accounts: accounts::Ctx,
    publishing: publishing::Ctx,
    dispatch: dispatch::Ctx,
    upkeep: upkeep::Ctx,
    transfers: transfers::Ctx,
}

impl Functions {
    /// Gives the functions what they need, once what must exist before the first request does.
    pub(crate) async fn open(services: &Services) -> domain::Result<Self> {
        let Services {
            table,
            clock,
            random,
            networks,
            ..
        } = services;
        let envelope = Arc::new(Envelope::new(
            Arc::new(services.keys.clone()),
            Arc::new(table.clone()),
            Arc::clone(clock),
            Arc::clone(random),
            ENVIRONMENT,
        ));
        api::bootstrap(table, &envelope, clock, random).await?;
        let mailer: Arc<dyn Mailer> = Arc::new(services.outbox.clone());
        let objects: Arc<dyn ObjectStore> = Arc::new(services.objects.clone());
        let queue: Arc<dyn DeliveryQueue> = Arc::new(services.queue.clone());
        let gate = Gate::with_limits(
            table.clone(),
            Arc::clone(clock),
            &services.base,
            ApiLimits::LOCAL,
        );
        gate.warm_up().await;
        let waker = Waker {
            table: table.clone(),
            queue: Arc::clone(&queue),
            clock: Arc::clone(clock),
        };
        let notifier = Notifier {
            table: table.clone(),
            mailer: Arc::clone(&mailer),
            clock: Arc::clone(clock),
            dashboard: services.base.origin().ascii_serialization(),
        };
        let outbox = Outbox {
            table: table.clone(),
            envelope: Arc::clone(&envelope),
            mailer,
            clock: Arc::clone(clock),
        };
        let reconciler = Reconciler {
            waker: waker.clone(),
            notifier: notifier.clone(),
            outbox: outbox.clone(),
        };
        Ok(Self {
            auth: auth::Ctx {
                gate: gate.clone(),
                table: table.clone(),
                envelope: Arc::clone(&envelope),
                outbox: outbox.clone(),
                clock: Arc::clone(clock),
                random: Arc::clone(random),
                public_url: Arc::new(services.base.clone()),
                hasher: Arc::default(),
                issuer: Arc::new(Issuer::new(Arc::clone(&envelope))),
                limits: SignInLimits::local(),
                strangers: Arc::default(),
            },
            tenants: tenants::Ctx {
                gate: gate.clone(),
                table: table.clone(),
                clock: Arc::clone(clock),
                random: Arc::clone(random),
                objects: Arc::clone(&objects),
                own_keys: own_keys(services)?,
                limits: TenantLimits::local(),
            },
            members: members::Ctx {
                gate: gate.clone(),
                table: table.clone(),
                clock: Arc::clone(clock),
                random: Arc::clone(random),
                outbox,
                public_url: Arc::new(services.base.clone()),
                limits: InvitationLimits::local(),
            },
            media: media::Ctx::new(
                gate.clone(),
                table.clone(),
                Arc::clone(clock),
                Arc::clone(&objects),
            ),
            scheduling: scheduling::Ctx {
                gate: gate.clone(),
                table: table.clone(),
                clock: Arc::clone(clock),
                networks: networks.clone(),
                waker: waker.clone(),
            },
            accounts: accounts::Ctx {
                gate,
                table: table.clone(),
                clock: Arc::clone(clock),
                random: Arc::clone(random),
                networks: networks.clone(),
                envelope: Arc::clone(&envelope),
                waker: waker.clone(),
                notifier: notifier.clone(),
            },
            transfers: transfers::Ctx {
                table: table.clone(),
                objects: Arc::clone(&objects),
                networks: networks.clone(),
                notifier: notifier.clone(),
                clock: Arc::clone(clock),
                time_max: transfers::TIME_MAX,
                volume_bytes: transfers::VOLUME_BYTES,
            },
            publishing: publishing::Ctx {
                table: table.clone(),
                networks: networks.clone(),
                envelope,
                objects: Arc::clone(&objects),
                waker,
                notifier,
                clock: Arc::clone(clock),
                metrics: Metrics::off(),
            },
            dispatch: dispatch::Ctx {
                reconciler: reconciler.clone(),
                shards: Arc::new(services.shards.clone()),
                time_max: dispatch::TIME_MAX,
            },
            upkeep: upkeep::Ctx {
                reconciler,
                objects: Arc::clone(&objects),
                archive: Arc::new(services.archive.clone()),
                signer: Arc::clone(&services.signer),
                environment: ENVIRONMENT.to_owned(),
            },
        })
    }

    /// All routers of the API, merged.
    pub(crate) fn routers(&self) -> OpenApiRouter {
        OpenApiRouter::with_openapi(api::openapi::base())
            .merge(auth::router(self.auth.clone()))
            .merge(tenants::router(self.tenants.clone()))
            .merge(members::router(self.members.clone()))
            .merge(accounts::router(self.accounts.clone()))
            .merge(media::router(self.media.clone()))
            .merge(scheduling::router(self.scheduling.clone()))
    }

    /// The publisher, for batches of the queue.
    pub(crate) fn publisher(&self) -> BatchHandler {
        let ctx = self.publishing.clone();
        Arc::new(move |batch| {
            let ctx = ctx.clone();
            Box::pin(async move { publish(&ctx, batch).await })
        })
    }

    /// One run of the dispatcher.
    pub(crate) async fn dispatch(&self) {
        match dispatch::tick(&self.dispatch).await {
            Ok(run) if run == dispatch::Run::default() => {}
            Ok(run) => tracing::info!(?run, "dispatched"),
            Err(error) => failed("the dispatcher", &error),
        }
    }

    /// A look of the dispatcher at events alone, between two of its runs.
    pub(crate) async fn seal(&self) {
        match dispatch::seal(&self.dispatch).await {
            Ok(run) if run == dispatch::Run::default() => {}
            Ok(run) => tracing::info!(?run, "sealed"),
            Err(error) => failed("the dispatcher", &error),
        }
    }

    /// One run of the dispatcher over the shard that a message of its own names.
    pub(crate) async fn dispatch_shard(&self, message: &str) {
        let Some(DispatchMessage::Shard(shard)) = DispatchMessage::from_text(message) else {
            tracing::error!(message, "a message of the dispatcher cannot be followed");
            return;
        };
        match dispatch::backlog(&self.dispatch, shard).await {
            Ok(run) => tracing::info!(shard, ?run, "dispatched"),
            Err(error) => failed("the dispatcher", &error),
        }
    }

    /// What an operator orders in a deployment: somebody may support tenants that allow it.
    pub(crate) async fn appoint_supporter(&self, user: UserId) -> domain::Result<()> {
        upkeep::appoint_supporter(&self.upkeep, user).await?;
        Ok(())
    }

    /// One run of the independent sweeper.
    pub(crate) async fn upkeep(&self) {
        match upkeep::erase(&self.upkeep).await {
            Ok(erasures) if erasures == upkeep::Erasures::default() => {}
            Ok(erasures) => tracing::info!(?erasures, "tenants are erased"),
            Err(error) => failed("the erasure of tenants", &error),
        }
        match upkeep::sweep(&self.upkeep).await {
            Ok(sweep) if sweep == upkeep::Sweep::default() => {}
            Ok(sweep) => tracing::warn!(?sweep, "swept"),
            Err(error) => failed("the sweeper", &error),
        }
        if let Err(error) = upkeep::rotate_due_keys(&self.upkeep).await {
            failed("the rotation of keys", &error);
        }
    }

    /// The product's own keys, which a deployed function rotates when it starts.
    pub(crate) async fn rotate_own_keys(&self) {
        let auth::Ctx {
            table,
            envelope,
            clock,
            random,
            ..
        } = &self.auth;
        if let Err(error) = api::bootstrap(table, envelope, clock, random).await {
            failed("the rotation of the product's keys", &error);
        }
    }

    /// One run over the exports that are being made.
    pub(crate) async fn transfer(&self) {
        match transfers::run(&self.transfers).await {
            Ok(run) if run == transfers::Run::default() => {}
            Ok(run) => tracing::info!(?run, "exported"),
            Err(error) => failed("the making of exports", &error),
        }
    }

    /// Takes note of keys of tenants that are to be rotated: how many. The next runs of the timers do it.
    pub(crate) async fn ask_for_rotations(
        &self,
        wanted: &upkeep::RotateKeys,
    ) -> domain::Result<usize> {
        let asked = upkeep::rotate_keys(&self.upkeep, wanted).await?;
        Ok(asked.tenants)
    }

    /// Retires keys of access tokens. The next start makes one where there is none.
    pub(crate) async fn retire_signing_keys(
        &self,
        wanted: upkeep::RetireSigningKeys,
    ) -> domain::Result<store::RetiredSigningKeys> {
        upkeep::retire_signing_keys(&self.upkeep, wanted).await
    }

    /// One checkpoint of the audit log.
    pub(crate) async fn checkpoint(&self) {
        if let Err(error) = upkeep::checkpoint(&self.upkeep).await {
            failed("the checkpoint of the audit log", &error);
        }
    }
}

/// What tries tenants' own keys: here the key file knows one besides its own, which anybody can name.
fn own_keys(services: &Services) -> domain::Result<OwnKeys> {
    let arn = OWN_KEY.parse::<KmsKeyArn>();
    let arn =
        arn.map_err(|error| domain::Error::internal("the local run's key has no ARN", error))?;
    let config = OwnKeysConfig {
        enabled: vec![arn],
        principal: "arn:aws:iam::000000000000:root".to_owned(),
    };
    let keys = Arc::new(services.keys.clone());
    Ok(OwnKeys::new(keys, config, "local", ENVIRONMENT))
}

async fn publish(ctx: &publishing::Ctx, batch: Vec<Received>) -> BTreeSet<i64> {
    let messages = batch
        .into_iter()
        .map(|message| Incoming {
            id: message.id.to_string(),
            body: message.body,
        })
        .collect();
    let failed = publishing::handle(ctx, messages).await;
    failed.iter().filter_map(|id| id.parse().ok()).collect()
}

fn failed(function: &str, error: &domain::Error) {
    let error: &dyn StdError = error;
    tracing::error!(error, "{function} failed; the next run goes on");
}
