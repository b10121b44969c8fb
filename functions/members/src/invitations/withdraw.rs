//! `DELETE /v1/invitations/{id}`

use api::permission::ManageMembers;
use api::{Can, Path};
use axum::extract::State;
use domain::membership::{Action, Membership, Relation, authorize};
use domain::{InvitationId, Result};
use http::StatusCode;
use store::Invited;

use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::{Ctx, ROUNDS};

/// Withdraws an invitation: its link is void.
#[utoipa::path(
    delete,
    path = "/v1/invitations/{id}",
    tag = "members",
    params(("id" = String, Path, description = "The invitation")),
    responses(
        (status = NO_CONTENT, description = "It cannot be accepted any more"),
        (status = FORBIDDEN, description = "`outranked`"),
    )
)]
pub(crate) async fn withdraw_invitation(
    State(ctx): State<Ctx>,
    caller: Can<ManageMembers>,
    Path(id): Path<InvitationId>,
) -> api::Result<StatusCode> {
    let mut asker = Asker::from(caller);
    for _ in 0..ROUNDS {
        if ctx.try_withdraw(&asker, id).await? == Invited::Done {
            return Ok(StatusCode::NO_CONTENT);
        }
        asker = ctx.once_more::<ManageMembers>(&asker).await?;
    }
    Err(too_busy().into())
}

impl Ctx {
    async fn try_withdraw(&self, asker: &Asker, id: InvitationId) -> Result<Invited> {
        let found = self.invitation(asker, id).await?;
        let members = self.tenant(asker);
        // What the invited person would be.
        let would_be = Membership {
            tenant: found.tenant,
            user: asker.user,
            role: found.role,
            limit: found.limit.clone(),
            version: 0,
            created_at: found.created_at,
        };
        let standing = members.standing_of_member(&would_be).await?;
        let relation = Relation::Holder(&standing.rights);
        authorize(asker.rights(), Action::Revoke, relation)
            .map_err(|denial| denied(denial, "invitation"))?;
        let held = [&asker.standing, &standing];
        members
            .withdraw_invitation(&found, &held, &self.act(asker))
            .await
    }
}
