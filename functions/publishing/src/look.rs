//! Looks for the outcome of a call that nobody knows: in the evidence of a dead worker first, then at the network.

use std::sync::Arc;

use domain::delivery::decisions::{Sight, after_attempt, after_look};
use domain::delivery::{Attempt, Delivery, faults};
use domain::{Error, Result};
use networks::{Credential, Network, NetworkError, PublishRequest, ReadBack};
use store::Step;

use crate::Ctx;
use crate::call::own_remote_post;
use crate::credentials::{self, Fitness};
use crate::material::{self, Material};
use crate::prepare::{Refused, proof_of_refused};
use crate::request;
use crate::settle::{follow_up, step};

/// Looks once, after a message that the queue held for `waited` seconds, and decides what the look proves.
pub(crate) async fn look(ctx: &Ctx, delivery: Delivery, waited: u32) -> Result<()> {
    if settle_from_attempt(ctx, &delivery).await? {
        return Ok(());
    }
    let sight = sight(ctx, &delivery).await?;
    let decision = after_look(&delivery, sight, waited, ctx.clock.now());
    if let Step::Done(delivery) = step(ctx, &delivery, decision).await? {
        follow_up(ctx, &delivery).await;
    }
    Ok(())
}

/// Settles the delivery by what the owner of its present claim recorded. Answers whether that decided anything.
pub(crate) async fn settle_from_attempt(ctx: &Ctx, delivery: &Delivery) -> Result<bool> {
    let key = domain::delivery::DeliveryKey::of(delivery);
    let Some(attempt) = ctx.table.system().attempt(&key, delivery.fence).await? else {
        return Ok(false);
    };
    if let Attempt::Published { evidence } = &attempt
        && !own_remote_post(ctx, delivery, evidence).await?
    {
        return Ok(false);
    }
    let Some(decision) = after_attempt(delivery, attempt, ctx.clock.now()) else {
        return Ok(false);
    };
    if let Step::Done(delivery) = step(ctx, delivery, decision).await? {
        follow_up(ctx, &delivery).await;
    }
    Ok(true)
}

async fn sight(ctx: &Ctx, delivery: &Delivery) -> Result<Sight> {
    let access = match access(ctx, delivery).await? {
        Access::Granted(access) => access,
        // That may last: the message is not to come again and again. The next look may see, and in the end a person.
        Access::Refused | Access::KeyRefused => return Ok(Sight::Nothing),
    };
    let called_at = delivery
        .called_at
        .or(delivery.due)
        .unwrap_or_else(|| ctx.clock.now());
    let repeat = access.network.rules().repeat;
    Ok(
        match access
            .network
            .read_back(&access.credential, &access.request, called_at)
            .await
        {
            Ok(ReadBack::Found(evidence)) => {
                if own_remote_post(ctx, delivery, &evidence).await? {
                    Sight::Seen(evidence)
                } else {
                    Sight::Ambiguous(repeat, faults::counted_for_twin())
                }
            }
            Ok(ReadBack::Absent) => Sight::Absent(repeat),
            Ok(ReadBack::Ambiguous(fault)) => Sight::Ambiguous(repeat, fault),
            Err(NetworkError::Unauthorized { .. }) => {
                let refused = Refused {
                    network: access.network.as_ref(),
                    credential: &access.credential,
                    version: access.credential_version,
                };
                // A renewed credential serves the next look.
                proof_of_refused(ctx, delivery, &refused).await;
                Sight::Nothing
            }
            Err(error) => {
                tracing::info!(delivery.id = %delivery.id, error = &error as &dyn std::error::Error, "a look failed");
                Sight::Nothing
            }
        },
    )
}

/// What is needed to ask a network about a delivery.
pub(crate) struct Granted {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) credential: Credential,
    pub(crate) credential_version: u32,
    pub(crate) request: PublishRequest,
}

/// Whether a network can be asked about a delivery.
pub(crate) enum Access {
    Granted(Box<Granted>),
    /// The account, its credential or its network is not there.
    Refused,
    /// The tenant's own key cannot be used now.
    KeyRefused,
}

/// Opens what is needed to ask a network about a delivery. The content is only compared: its bytes are not needed.
pub(crate) async fn access(ctx: &Ctx, delivery: &Delivery) -> Result<Access> {
    let Some(network) = ctx.networks.get(&delivery.network).cloned() else {
        return Ok(Access::Refused);
    };
    let material = match material::load(ctx, delivery).await? {
        Material::Present(material) => material,
        Material::Missing(_) => return Ok(Access::Refused),
    };
    let fitness = match credentials::fit(ctx, delivery, &material, network.as_ref()).await {
        Err(error @ Error::OwnKeyRefused { .. }) => {
            tracing::warn!(
                delivery.id = %delivery.id,
                error = &error as &dyn std::error::Error,
                "a network cannot be asked about a delivery"
            );
            return Ok(Access::KeyRefused);
        }
        fitness => fitness?,
    };
    let opened = match fitness {
        // One that was not renewed may still be taken.
        Fitness::Fit(opened)
        | Fitness::Reserved(opened)
        | Fitness::Dead(opened)
        | Fitness::Failed(opened, _) => opened,
        Fitness::Replaced => {
            let stored = credentials::stored(ctx, delivery, &material.account).await?;
            let Some(opened) = stored else {
                return Ok(Access::Refused);
            };
            opened
        }
    };
    let Some(request) = request::outline(&material, delivery) else {
        return Ok(Access::Refused);
    };
    Ok(Access::Granted(Box::new(Granted {
        network,
        credential: opened.credential,
        credential_version: opened.version,
        request,
    })))
}
