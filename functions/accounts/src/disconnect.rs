//! Disconnecting an account.

use api::permission::ManageAccounts;
use api::{Can, Path};
use axum::extract::State;
use domain::AccountId;
use http::StatusCode;
use store::Saved;

use crate::connect::busy;
use crate::{Ctx, ROUNDS};

/// Disconnects an account: its credentials are deleted, its waiting posts are cancelled. What is being published right
/// now is not taken back.
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
                return Ok(StatusCode::NO_CONTENT);
            }
            Saved::Stale => {}
        }
    }
    Err(busy().into())
}
