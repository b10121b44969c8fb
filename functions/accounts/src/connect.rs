//! Connecting an account by credentials.

use std::sync::Arc;

use api::permission::ManageAccounts;
use api::{Can, Command, Headroom, Json, Quota};
use axum::extract::State;
use domain::account::{Account, AccountState};
use domain::membership::AccountReach;
use domain::network::{ConnectMethod, NetworkId};
use domain::{AccountId, Error, FieldError, Result};
use http::StatusCode;
use jiff::SignedDuration;
use networks::{Connected, Network};
use serde::Deserialize;
use store::{ConnectedBy, Connection, IdempotencyClaim, RateLimit, RemoteOwner, Saved};
use utoipa::ToSchema;

use crate::account_view::AccountView;
use crate::credentials::Credentials;
use crate::refusal::refusal;
use crate::{Ctx, ROUNDS};
use engine::vault;

/// Sign-ins that a tenant may try at networks: far more than people need, far fewer than guessing passwords takes.
const SIGN_INS: u32 = 300;
const SIGN_INS_PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// Credentials for an account at a network.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectAccount {
    /// The network, such as `bluesky`.
    network: String,
    /// The fields that `GET /v1/networks` names for it.
    credentials: Credentials,
}

/// Connects an account by credentials. The same account of the network again keeps its id, gets the new credentials,
/// and its held posts resume.
#[utoipa::path(
    post,
    path = "/v1/accounts",
    tag = "accounts",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request harmless")),
    request_body = ConnectAccount,
    responses(
        (status = CREATED, description = "Connected", body = AccountView),
        (status = OK, description = "It was connected already; it has the new credentials", body = AccountView),
        (status = CONFLICT, description = "Another tenant has it: `account_in_another_tenant`"),
        (status = UNPROCESSABLE_ENTITY, description = "`invalid_request`, `invalid_credentials` or `network_unreachable`"),
    )
)]
pub(crate) async fn connect_account(
    State(ctx): State<Ctx>,
    caller: Can<ManageAccounts>,
    command: Command<ConnectAccount>,
) -> api::Result<(StatusCode, Option<Headroom>, Json<AccountView>)> {
    must_reach_all(&caller)?;
    let ConnectAccount {
        network,
        credentials,
    } = command.body;
    let network = ctx.network(&network)?;
    if network.connect_method() != ConnectMethod::Credentials {
        return Err(wrong_network(
            "connect_by_oauth",
            "connect accounts of this network by POST /v1/accounts/authorizations",
        )
        .into());
    }
    credentials.for_network(&*network).map_err(Error::Invalid)?;
    let claim = command
        .claim
        .map(|claim| without_secrets(claim, &credentials, &*network));
    if let Some((status, account)) = ctx.remembered(&caller, claim.as_ref()).await? {
        return Ok((status, None, Json(account.into())));
    }
    let connected = ctx.sign_in(&caller, &*network, &credentials).await?;
    let (status, account) = ctx
        .take_in(&caller, &*network, &connected, claim.as_ref())
        .await?;
    let used = ctx.accounts(&caller).accounts_used().await;
    let headroom = Headroom::after(Quota::Accounts, caller.tenant.limits.accounts, used);
    Ok((status, headroom, Json(account.into())))
}

impl Ctx {
    /// The network with this name.
    pub(crate) fn network(&self, name: &str) -> Result<Arc<dyn Network>> {
        name.parse::<NetworkId>()
            .ok()
            .and_then(|id| self.networks.get(&id))
            .map(Arc::clone)
            .ok_or_else(|| {
                let known: Vec<String> = self
                    .networks
                    .iter()
                    .map(|network| network.id().into())
                    .collect();
                wrong_network(
                    "unknown_network",
                    format!("use one of: {}", known.join(", ")),
                )
            })
    }

    /// Signs in with what a person typed, within the limit, and only where the credential can be sealed afterwards: a
    /// session that is not stored would stay at the network until it ends by itself.
    pub(crate) async fn sign_in(
        &self,
        caller: &Can<ManageAccounts>,
        network: &dyn Network,
        credentials: &Credentials,
    ) -> Result<Connected> {
        let fields = credentials.for_network(network).map_err(Error::Invalid)?;
        self.admit_sign_in(caller).await?;
        self.envelope.ready(caller.tenant.id).await?;
        network
            .connect(fields)
            .await
            .map_err(|error| refusal(network, error, self.clock.now()))
    }

    /// Counts a sign-in at a network against the tenant's limit.
    pub(crate) async fn admit_sign_in(&self, caller: &Can<ManageAccounts>) -> Result<()> {
        let limit = RateLimit::per(SIGN_INS, SIGN_INS_PERIOD);
        let tenant = caller.tenant.id.to_string();
        let now = self.clock.now();
        self.table
            .system()
            .admit("connect", &tenant, limit, now)
            .await
    }

    async fn remembered(
        &self,
        caller: &Can<ManageAccounts>,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<(StatusCode, Account)>> {
        let Some(claim) = claim else { return Ok(None) };
        let accounts = self.accounts(caller);
        let Some(made) = accounts.remembered(claim, self.clock.now()).await? else {
            return Ok(None);
        };
        let made = made.parse::<ConnectedBy>();
        let (status, id) = match made.map_err(|error| Error::corrupt("idempotency key", error))? {
            ConnectedBy::First(id) => (StatusCode::CREATED, id),
            ConnectedBy::Again(id) => (StatusCode::OK, id),
        };
        // Also one that was disconnected since: the key stands for what it made, not for another connection.
        match accounts.account(id).await? {
            Some(account) => Ok(Some((status, account))),
            None => Err(Error::NotFound { kind: "account" }),
        }
    }

    /// Stores an account that was proven to be the caller's. Decides anew when somebody else is faster: of concurrent
    /// requests for one remote account one connects it, and the others find it.
    pub(crate) async fn take_in(
        &self,
        caller: &Can<ManageAccounts>,
        network: &dyn Network,
        connected: &Connected,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<(StatusCode, Account)> {
        let accounts = self.accounts(caller);
        let id = network.id();
        for _ in 0..ROUNDS {
            let owner = accounts
                .remote_owner(&id, &connected.identity.remote_id)
                .await?;
            let done = match owner {
                RemoteOwner::Nobody => self
                    .first_time(caller, &id, connected, claim)
                    .await?
                    .map(|account| (StatusCode::CREATED, account)),
                // By this very command, where it was sent twice at once.
                RemoteOwner::Ours(account) => match self.remembered(caller, claim).await? {
                    Some(made) => Some(made),
                    None => self
                        .once_more(caller, account, connected, claim)
                        .await?
                        .map(|account| (StatusCode::OK, account)),
                },
                RemoteOwner::Another => {
                    return Err(Error::conflict(
                        "account_in_another_tenant",
                        format!(
                            "{} is connected in another tenant: disconnect it there first",
                            connected.identity.handle
                        ),
                    ));
                }
            };
            if let Some(done) = done {
                return Ok(done);
            }
            if let Some(made) = self.remembered(caller, claim).await? {
                return Ok(made);
            }
        }
        Err(busy())
    }

    async fn first_time(
        &self,
        caller: &Can<ManageAccounts>,
        network: &NetworkId,
        connected: &Connected,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<Account>> {
        let act = self.act(caller);
        let account = Account {
            id: AccountId::generate(self.table.ids()),
            tenant: caller.tenant.id,
            network: network.clone(),
            identity: connected.identity.clone(),
            state: AccountState::Connected,
            credential_version: 1,
            checked_at: act.at,
            connected_by: caller.user,
            created_at: act.at,
        };
        let credential = vault::seal(
            &self.envelope,
            account.tenant,
            account.id,
            account.credential_version,
            &connected.credential,
        )
        .await?;
        let new = Connection {
            account: &account,
            credential: &credential,
            limit: caller.tenant.limits.accounts,
            claim,
        };
        let saved = self.accounts(caller).connect_account(&new, &act).await?;
        Ok((saved == Saved::Done).then_some(account))
    }

    /// Gives an account of the tenant the credential of a new sign-in; `None` where somebody else changed the account
    /// meanwhile.
    pub(crate) async fn once_more(
        &self,
        caller: &Can<ManageAccounts>,
        account: AccountId,
        connected: &Connected,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<Account>> {
        let accounts = self.accounts(caller);
        let Some(account) = accounts.account(account).await? else {
            return Ok(None);
        };
        if account.state == AccountState::Disconnected {
            return Ok(None);
        }
        let credential = vault::seal(
            &self.envelope,
            account.tenant,
            account.id,
            account.credential_version.saturating_add(1),
            &connected.credential,
        )
        .await?;
        let act = self.act(caller);
        let saved = accounts
            .reconnect_account(&account, &connected.identity, &credential, claim, &act)
            .await?;
        match saved {
            Saved::Done => {
                self.follow(&accounts, account.id).await;
                accounts.account(account.id).await
            }
            Saved::Stale => Ok(None),
        }
    }
}

/// Whoever is limited to some accounts would connect one that does not exist for them afterwards.
pub(crate) fn must_reach_all(caller: &Can<ManageAccounts>) -> Result<()> {
    match caller.scope.accounts() {
        AccountReach::All => Ok(()),
        AccountReach::Only(_) => Err(Error::Forbidden {
            code: "limited_to_accounts",
            detail: "you are limited to some accounts: ask somebody who is not to connect another"
                .to_owned(),
        }),
    }
}

/// Somebody else changed the account in every round.
pub(crate) fn busy() -> Error {
    Error::conflict(
        "account_busy",
        "others are changing this account right now: try again",
    )
}

pub(crate) fn wrong_network(code: &'static str, message: impl Into<String>) -> Error {
    Error::Invalid(vec![FieldError::new("/network", code, message)])
}

/// The hash of a body with a password would let whoever reads the table try passwords against it.
fn without_secrets(
    claim: IdempotencyClaim,
    credentials: &Credentials,
    network: &dyn Network,
) -> IdempotencyClaim {
    IdempotencyClaim {
        request_hash: credentials.public_text(network),
        ..claim
    }
}
