//! Proving that an account's credential still works.

use api::permission::ManageAccounts;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::account::{Account, AccountState};
use domain::{AccountId, Error, Result};
use jiff::SignedDuration;
use networks::{Connected, NetworkError};
use store::{RateLimit, RefreshReservation, Saved};

use crate::account_view::AccountView;
use crate::connect::busy;
use crate::refusal::refusal;
use crate::{Ctx, ROUNDS};
use engine::vault;

/// Checks of one account: a person who presses the button again and again is no reason to annoy the network.
const CHECKS: u32 = 60;
const CHECKS_PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// Checks that the network still accepts the account's credentials. If not, the account is answered with the state
/// `reconnect_needed`, its posts are held and whoever connected it gets a mail.
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/check",
    tag = "accounts",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = OK, description = "The account as it is now", body = AccountView),
        (status = UNPROCESSABLE_ENTITY, description = "Nobody knows: `network_unreachable`"),
    )
)]
pub(crate) async fn check_account(
    State(ctx): State<Ctx>,
    caller: Can<ManageAccounts>,
    Path(id): Path<AccountId>,
) -> api::Result<Json<AccountView>> {
    let mut account = ctx.live_account(&caller, id).await?;
    let limit = RateLimit::per(CHECKS, CHECKS_PERIOD);
    let now = ctx.clock.now();
    ctx.table
        .system()
        .admit("check", &id.to_string(), limit, now)
        .await?;
    for _ in 0..ROUNDS {
        if ctx.check_once(&caller, &account).await? == Saved::Done {
            account = ctx.live_account(&caller, id).await?;
            return Ok(Json(account.into()));
        }
        let latest = ctx.live_account(&caller, id).await?;
        if latest.credential_version != account.credential_version {
            // Somebody else proved or replaced the credential while we looked.
            return Ok(Json(latest.into()));
        }
        account = latest;
    }
    Err(busy().into())
}

impl Ctx {
    async fn check_once(&self, caller: &Can<ManageAccounts>, account: &Account) -> Result<Saved> {
        let accounts = self.accounts(caller);
        let Some(stored) = accounts.load_credential(account.id).await? else {
            return Ok(Saved::Stale);
        };
        if stored.version != account.credential_version {
            return Ok(Saved::Stale);
        }
        let credential = vault::open(&self.envelope, account, stored).await?;
        let network = self.network(account.network.as_str())?;
        let now = self.clock.now();
        let reservation = if network.refreshes_once(&credential, now) {
            // What takes the old one's place must be sealed, perhaps under another key than the one that opened this.
            self.envelope.ready(account.tenant).await?;
            let reserved = accounts.reserve_refresh(account.id, account.credential_version, now);
            match reserved.await? {
                Some(reservation) => Some(reservation),
                None => return Ok(Saved::Stale),
            }
        } else {
            None
        };
        match network.check(&credential).await {
            Ok(connected) if connected.identity.remote_id != account.identity.remote_id => {
                Err(Error::internal(
                    "a credential answers for another account",
                    format!("account {}", account.id),
                ))
            }
            Ok(connected) => {
                let is_changed = connected.credential != credential;
                self.save_proof(caller, account, &connected, is_changed)
                    .await
            }
            Err(NetworkError::Unauthorized { .. }) => {
                self.needs_person(caller, account, reservation).await
            }
            Err(error) => Err(refusal(&*network, error, self.clock.now())),
        }
    }

    async fn save_proof(
        &self,
        caller: &Can<ManageAccounts>,
        account: &Account,
        connected: &Connected,
        is_changed: bool,
    ) -> Result<Saved> {
        let act = self.act(caller);
        let accounts = self.accounts(caller);
        let resumes = account.state == AccountState::ReconnectNeeded;
        let changed = if is_changed || resumes {
            let version = account.credential_version.saturating_add(1);
            let sealed = vault::seal(
                &self.envelope,
                account.tenant,
                account.id,
                version,
                &connected.credential,
            );
            Some(sealed.await?)
        } else {
            None
        };
        let saved = accounts
            .save_check(account, &connected.identity, changed.as_ref(), &act)
            .await?;
        if saved == Saved::Done && resumes {
            self.follow(&accounts, account.id).await;
        }
        Ok(saved)
    }

    async fn needs_person(
        &self,
        caller: &Can<ManageAccounts>,
        account: &Account,
        reservation: Option<RefreshReservation>,
    ) -> Result<Saved> {
        let accounts = self.accounts(caller);
        let is_known = account.state == AccountState::ReconnectNeeded;
        let is_ours = !is_known
            && self
                .notifier
                .reconnect_needed(
                    &caller.scope,
                    account.id,
                    account.credential_version,
                    &self.act(caller),
                )
                .await?;
        if let Some(reservation) = reservation {
            accounts.release_refresh(account.id, reservation).await?;
        }
        if is_known {
            return Ok(Saved::Done);
        }
        if !is_ours {
            return Ok(Saved::Stale);
        }
        self.follow(&accounts, account.id).await;
        Ok(Saved::Done)
    }
}
