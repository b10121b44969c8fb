//! Credentials that a network renewed, or refused.

use std::time::Duration;

use domain::account::{Account, AccountState};
use domain::delivery::Delivery;
use domain::event::Actor;
use domain::{Error, Result};
use engine::vault;
use jiff::{SignedDuration, Timestamp};
use networks::{Credential, Network, NetworkError};
use store::{Act, RefreshReservation, Saved, SealedCredential, TenantScope};

use crate::Ctx;
use crate::material::Present;

/// Longest time that a network has to prove a credential: with the call before it, it stays within what a message has.
const PROOF: Duration = Duration::from_secs(10);

/// A refresh takes one or two calls, which networks answer within seconds.
const REFRESH: SignedDuration = SignedDuration::from_secs(2);

/// A credential as it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) credential: Credential,
    /// Which of the account's it is.
    pub(crate) version: u32,
}

/// What became of a credential that shall be fit for a call.
#[derive(Debug)]
pub(crate) enum Fitness {
    /// It is fit as it is, or was renewed and stored.
    Fit(Opened),
    /// Somebody else renews it at present.
    Reserved(Opened),
    /// Somebody else renewed or replaced it first: the one that is stored now is the one that lives.
    Replaced,
    /// The network refuses to renew it: a person must connect the account again, and is told so.
    Dead(Opened),
    /// The network could not renew it.
    Failed(Opened, NetworkError),
}

/// What a network says of a credential that it has just refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It takes it after all, or has renewed it; the next try may succeed.
    Fit,
    /// It did not say.
    Unknown,
    /// A person must connect the account again.
    Dead,
}

/// Who may give a credential to what refreshes it.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// Whoever wants: its refresh token is good for many uses.
    Anybody,
    /// Only this worker.
    Ours(RefreshReservation),
    /// Only somebody else.
    Taken,
}

/// Opens an account's credential and refreshes it where it would run out. A new one is stored before it is used, for the
/// old one may be dead.
pub(crate) async fn fit(
    ctx: &Ctx,
    delivery: &Delivery,
    material: &Present,
    network: &dyn Network,
) -> Result<Fitness> {
    let account = &material.account;
    let opened = open(ctx, account, material.credential.clone()).await?;
    let turn = turn(ctx, delivery, network, &opened).await?;
    if matches!(turn, Turn::Taken) {
        return Ok(Fitness::Reserved(opened));
    }
    let refreshed = network.refresh(&opened.credential, ctx.clock.now());
    let refreshed = match refreshed.await {
        Ok(None) => return Ok(Fitness::Fit(opened)),
        Ok(Some(refreshed)) => refreshed,
        // Its refresh token was the proof.
        Err(NetworkError::Unauthorized { .. }) => {
            mark_dead(ctx, delivery, opened.version).await;
            if let Turn::Ours(reservation) = turn {
                give_back(ctx, delivery, reservation).await;
            }
            return Ok(Fitness::Dead(opened));
        }
        Err(error) => return Ok(Fitness::Failed(opened, error)),
    };
    let scope = TenantScope::of_delivery(delivery);
    Ok(match save(ctx, &scope, account, &refreshed).await? {
        Saved::Done => Fitness::Fit(Opened {
            credential: refreshed,
            version: opened.version.saturating_add(1),
        }),
        Saved::Stale => Fitness::Replaced,
    })
}

/// The credential that is stored now, as it is; `None` once the account is disconnected.
pub(crate) async fn stored(
    ctx: &Ctx,
    delivery: &Delivery,
    account: &Account,
) -> Result<Option<Opened>> {
    let table = ctx.table.tenant(&TenantScope::of_delivery(delivery));
    let Some(stored) = table.load_credential(account.id).await? else {
        return Ok(None);
    };
    open(ctx, account, stored).await.map(Some)
}

async fn open(ctx: &Ctx, account: &Account, stored: SealedCredential) -> Result<Opened> {
    let version = stored.version;
    let credential = vault::open(&ctx.envelope, account, stored).await?;
    Ok(Opened {
        credential,
        version,
    })
}

/// Stores a renewed credential as the next version of the account's. One that comes too late for an account that was
/// disconnected meanwhile is ended: nobody else knows of it.
async fn save(
    ctx: &Ctx,
    scope: &TenantScope,
    account: &Account,
    credential: &Credential,
) -> Result<Saved> {
    let version = account.credential_version.saturating_add(1);
    let stored = vault::seal(
        &ctx.envelope,
        account.tenant,
        account.id,
        version,
        credential,
    )
    .await?;
    let table = ctx.table.tenant(scope);
    let saved = table.save_refreshed_credential(account, &stored).await?;
    if saved == Saved::Stale
        && let Some(now) = table.account(account.id).await?
        && now.state == AccountState::Disconnected
    {
        end(ctx, account, credential).await;
    }
    Ok(saved)
}

async fn end(ctx: &Ctx, account: &Account, credential: &Credential) {
    let Some(network) = ctx.networks.get(&account.network) else {
        return;
    };
    if !matches!(
        tokio::time::timeout(PROOF, network.sign_out(credential)).await,
        Ok(Ok(()))
    ) {
        tracing::warn!(
            account.id = %account.id,
            "a session that was renewed while its account was disconnected could not be ended"
        );
    }
}

/// Where a refresh uses up the credential's refresh token, it is one worker's turn only.
async fn turn(
    ctx: &Ctx,
    delivery: &Delivery,
    network: &dyn Network,
    opened: &Opened,
) -> Result<Turn> {
    let now = ctx.clock.now();
    if !network.refreshes_once(&opened.credential, now) {
        return Ok(Turn::Anybody);
    }
    // What takes the old one's place must be sealed: the newest key may be another, which cannot be used, than the one
    // that opened this.
    ctx.envelope.ready(delivery.tenant).await?;
    let table = ctx.table.tenant(&TenantScope::of_delivery(delivery));
    let reserved = table.reserve_refresh(delivery.account, opened.version, now);
    Ok(reserved.await?.map_or(Turn::Taken, Turn::Ours))
}

/// Whoever asks next need not wait until the reservation is over.
async fn give_back(ctx: &Ctx, delivery: &Delivery, reservation: RefreshReservation) {
    let table = ctx.table.tenant(&TenantScope::of_delivery(delivery));
    if let Err(error) = table.release_refresh(delivery.account, reservation).await {
        tracing::warn!(
            account.id = %delivery.account,
            error = &error as &dyn std::error::Error,
            "a reservation could not be given back; it ends by itself"
        );
    }
}

/// When a refresh that somebody else has begun is likely to be over.
pub(crate) fn after_refresh(ctx: &Ctx) -> Timestamp {
    let now = ctx.clock.now();
    now.saturating_add(REFRESH).unwrap_or(now)
}

/// Marks the account whose credential of this version is dead, and tells its owner, once.
pub(crate) async fn mark_dead(ctx: &Ctx, delivery: &Delivery, version: u32) {
    let act = Act {
        actor: Actor::system("publishing"),
        at: ctx.clock.now(),
    };
    let scope = TenantScope::of_delivery(delivery);
    let marked = ctx
        .notifier
        .reconnect_needed(&scope, delivery.account, version, &act)
        .await;
    // Where somebody else has marked it or connected it again, the settlement finds that out.
    if let Err(error) = marked {
        tracing::warn!(
            account.id = %delivery.account,
            error = &error as &dyn std::error::Error,
            "an account could not be marked; the next delivery marks it"
        );
    }
}

/// Asks a network once whether it means it: sessions end for many reasons, and most can be renewed without a person.
/// `version` is that of the refused credential.
pub(crate) async fn prove(
    ctx: &Ctx,
    delivery: &Delivery,
    network: &dyn Network,
    credential: &Credential,
    version: u32,
) -> Proof {
    if network.refreshes_once(credential, ctx.clock.now()) {
        // The next try renews it in its own time: cut short here, its only refresh token would be lost.
        return Proof::Unknown;
    }
    match tokio::time::timeout(PROOF, network.check(credential)).await {
        Ok(Ok(connected)) if connected.credential == *credential => Proof::Fit,
        Ok(Ok(connected)) => match keep(ctx, delivery, version, &connected.credential).await {
            Ok(()) => Proof::Fit,
            Err(error) => {
                tracing::warn!(
                    account.id = %delivery.account,
                    error = &error as &dyn std::error::Error,
                    "a renewed credential could not be stored"
                );
                Proof::Unknown
            }
        },
        Ok(Err(NetworkError::Unauthorized { .. })) => Proof::Dead,
        Ok(Err(_)) | Err(_) => Proof::Unknown,
    }
}

async fn keep(ctx: &Ctx, delivery: &Delivery, version: u32, credential: &Credential) -> Result<()> {
    let scope = TenantScope::of_delivery(delivery);
    let account = ctx.table.tenant(&scope).account(delivery.account).await?;
    let account = account.ok_or(Error::NotFound { kind: "account" })?;
    if account.credential_version == version {
        save(ctx, &scope, &account, credential).await?;
    }
    // Otherwise somebody else has renewed or replaced it: theirs is the one that the next try reads.
    Ok(())
}
