//! Disconnecting an account.

use api::permission::ManageAccounts;
use api::{Can, Path};
use axum::extract::State;
use domain::AccountId;
use http::StatusCode;
use store::Saved;

use crate::connect::busy;
use crate::{Ctx, ROUNDS};

/// Disconnects an account: its waiting posts are cancelled, its session at the network is ended and its credentials are
/// deleted. What is being published right now is not taken back.
#[utoipa::path(
    delete,
    path = "/v1/accounts/{id}",
    tag = "accounts",
    params(("id" = String, Path, description = "The account")),
    responses((status = NO_CONTENT, description = "Disconnected"))
)]
pub(crate) async fn disconnect_account(
    State(ctx): State<Ctx>,
    caller: Can<ManageAccounts>,
    Path(id): Path<AccountId>,
) -> api::Result<StatusCode> {
    let accounts = ctx.accounts(&caller);
    for _ in 0..ROUNDS {
        let account = ctx.live_account(&caller, id).await?;
        let act = ctx.act(&caller);
        match accounts.disconnect_account(&account, &act).await? {
            Saved::Done => {
                ctx.follow(&accounts, id).await;
                ctx.sign_out(&caller, id).await;
                return Ok(StatusCode::NO_CONTENT);
            }
            Saved::Stale => {}
        }
    }
    Err(busy().into())
}

impl Ctx {
    /// Has the session at the network ended at once. A failure is no failure of the request: the dispatcher finds that the
    /// network is still to be told.
    async fn sign_out(&self, caller: &Can<ManageAccounts>, account: AccountId) {
        if let Err(error) = self.waker.sign_out(caller.tenant.id, account).await {
            tracing::warn!(
                account.id = %account,
                error = &error as &dyn std::error::Error,
                "the session of a disconnected account is ended later"
            );
        }
    }
}
