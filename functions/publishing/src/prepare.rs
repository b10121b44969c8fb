//! Makes everything ready for the call, without making anything visible: pace, credential, rules, media.

use std::sync::Arc;

use domain::MediaId;
use domain::delivery::decisions::Settlement;
use domain::delivery::{Delivery, Fault, HoldReason};
use domain::network::Rules;
use domain::preflight::{MediaToCheck, PartToCheck, TargetToCheck, validate};
use networks::{Credential, Network, NetworkError, Prepared, PublishRequest};
use store::{Slot, TenantScope};

use crate::claim::{Owned, infrastructure};
use crate::credentials::{Fitness, Opened, Proof};
use crate::faults;
use crate::material::Present;
use crate::{Ctx, credentials, request};

/// Everything for the call.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) credential: Credential,
    pub(crate) credential_version: u32,
    pub(crate) request: PublishRequest,
    pub(crate) prepared: Prepared,
}

type Unready = Box<Settlement>;

/// Makes ready, or tells how the try ends.
pub(crate) async fn prepare(
    ctx: &Ctx,
    owned: &Owned,
    material: Present,
) -> std::result::Result<Ready, Unready> {
    let delivery = &owned.delivery;
    let Some(network) = ctx.networks.get(&delivery.network).cloned() else {
        return Err(Box::new(Settlement::retry(
            &owned.delivery,
            ctx.clock.now(),
            faults::network_missing(),
            None,
        )));
    };
    check_rules(&material, network.rules(), delivery)?;
    take_turn(ctx, owned, network.rules()).await?;
    let Opened {
        credential,
        version: credential_version,
    } = fit_credential(ctx, owned, &material, network.as_ref()).await?;
    let gone = || Box::new(Settlement::Failed(faults::content_gone()));
    let outline = request::outline(&material, delivery).ok_or_else(gone)?;
    let request = request::with_bytes(ctx, &material, outline)
        .await
        .map_err(|error| infrastructure(ctx, owned, &error))?
        .ok_or_else(gone)?;
    let prepared = match network.prepare(&credential, &request).await {
        Ok(prepared) => prepared,
        Err(error) => {
            let refused = Refused {
                network: network.as_ref(),
                credential: &credential,
                version: credential_version,
            };
            return Err(without_effect(ctx, owned, &refused, error).await);
        }
    };
    Ok(Ready {
        network,
        credential,
        credential_version,
        request,
        prepared,
    })
}

/// Rules and media can have changed since the post was scheduled.
fn check_rules(
    material: &Present,
    rules: &Rules,
    delivery: &Delivery,
) -> std::result::Result<(), Unready> {
    let gone = || Box::new(Settlement::Failed(faults::content_gone()));
    let part = |text: &str, media: &[MediaId]| {
        let media = media
            .iter()
            .map(|id| {
                let medium = material.medium(*id)?;
                Some(MediaToCheck {
                    facts: medium.facts()?.clone(),
                    alt_text: medium.alt_text.clone(),
                })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(PartToCheck {
            text: text.to_owned(),
            media,
        })
    };
    let content = &material.content;
    let mut parts = vec![part(&content.text, &content.media).ok_or_else(gone)?];
    for further in &content.thread {
        parts.push(part(&further.text, &further.media).ok_or_else(gone)?);
    }
    let target = TargetToCheck {
        account: delivery.account,
        pointer: String::new(),
        rules,
        parts,
    };
    match validate(&[target]) {
        Ok(_) => Ok(()),
        Err(violations) => Err(Box::new(Settlement::Failed(faults::content(
            violations.first(),
        )))),
    }
}

async fn take_turn(ctx: &Ctx, owned: &Owned, rules: &Rules) -> std::result::Result<(), Unready> {
    let delivery = &owned.delivery;
    let reserved = delivery
        .not_before
        .filter(|_| delivery.fault.as_ref().is_some_and(Fault::is_paced));
    let scope = TenantScope::of_delivery(delivery);
    let slot = ctx
        .table
        .tenant(&scope)
        .reserve_slot(delivery.account, rules, reserved, ctx.clock.now())
        .await;
    let at = match slot.map_err(|error| infrastructure(ctx, owned, &error))? {
        Slot::Granted => return Ok(()),
        Slot::Reserved(at) | Slot::DayIsFull(at) => at,
    };
    Err(Box::new(Settlement::paced(delivery, at)))
}

/// The credential for the call, or how the try ends without one.
async fn fit_credential(
    ctx: &Ctx,
    owned: &Owned,
    material: &Present,
    network: &dyn Network,
) -> std::result::Result<Opened, Unready> {
    let postponed = |at| Box::new(Settlement::Postponed { at, fault: None });
    let fitness = credentials::fit(ctx, &owned.delivery, material, network)
        .await
        .map_err(|error| infrastructure(ctx, owned, &error))?;
    match fitness {
        Fitness::Fit(opened) => Ok(opened),
        Fitness::Reserved(_) => Err(postponed(credentials::after_refresh(ctx))),
        // The next try reads the one that lives.
        Fitness::Replaced => Err(postponed(ctx.clock.now())),
        Fitness::Dead(_) => Err(Box::new(reconnect())),
        Fitness::Failed(opened, error) => {
            let refused = Refused {
                network,
                credential: &opened.credential,
                version: opened.version,
            };
            Err(without_effect(ctx, owned, &refused, error).await)
        }
    }
}

/// How a try ends whose network said no before anything could happen.
async fn without_effect(
    ctx: &Ctx,
    owned: &Owned,
    refused: &Refused<'_>,
    error: NetworkError,
) -> Unready {
    Box::new(match error {
        NetworkError::Unauthorized { .. } => unauthorized(ctx, owned, refused).await,
        NetworkError::RateLimited { retry_after } => Settlement::retry(
            &owned.delivery,
            ctx.clock.now(),
            faults::rate_limited(),
            Some(retry_after),
        ),
        NetworkError::Unavailable { message } => Settlement::retry(
            &owned.delivery,
            ctx.clock.now(),
            faults::unavailable(&message),
            None,
        ),
        NetworkError::Refused(fault) => Settlement::Failed(fault),
        NetworkError::Invalid { .. } => Settlement::Failed(faults::content(None)),
    })
}

/// A credential that a network refused.
pub(crate) struct Refused<'a> {
    pub(crate) network: &'a dyn Network,
    pub(crate) credential: &'a Credential,
    pub(crate) version: u32,
}

/// How a try ends whose credential was refused: tried again where the network takes it after all, held where a person
/// must connect the account again.
pub(crate) async fn unauthorized(ctx: &Ctx, owned: &Owned, refused: &Refused<'_>) -> Settlement {
    match proof_of_refused(ctx, &owned.delivery, refused).await {
        Proof::Fit | Proof::Unknown => {
            let fault = faults::credential_refused();
            Settlement::retry(&owned.delivery, ctx.clock.now(), fault, None)
        }
        Proof::Dead => reconnect(),
    }
}

fn reconnect() -> Settlement {
    Settlement::Held(HoldReason::Account, faults::reconnect_needed())
}

/// Whether a refused credential can still be used. If not, the account is marked and its owner is told, once.
pub(crate) async fn proof_of_refused(
    ctx: &Ctx,
    delivery: &Delivery,
    refused: &Refused<'_>,
) -> Proof {
    let Refused {
        network,
        credential,
        version,
    } = *refused;
    let proof = credentials::prove(ctx, delivery, network, credential, version).await;
    if proof == Proof::Dead {
        credentials::mark_dead(ctx, delivery, version).await;
    }
    proof
}
