//! `POST /v1/invitations/{id}/resend`

use api::permission::ManageMembers;
use api::{Can, Json, Path};
use axum::extract::State;
use domain::membership::{Action, INVITATION_LIFETIME, Invitation, Relation, authorize};
use domain::{InvitationId, Result};
use serde::Deserialize;
use store::{Invited, Sending};
use utoipa::ToSchema;

use super::view::InvitationView;
use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::members::change::granted;
use crate::{Ctx, ROUNDS};

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendInvitation {}

/// Sends an invitation once more, for another seven days. The links of earlier mails are void; the caller takes the place
/// of whoever invited before.
#[utoipa::path(
    post,
    path = "/v1/invitations/{id}/resend",
    tag = "members",
    params(("id" = String, Path, description = "The invitation")),
    request_body = ResendInvitation,
    responses(
        (status = OK, description = "Another mail is on its way", body = InvitationView),
        (status = FORBIDDEN, description = "`beyond_own_rights`"),
        (status = TOO_MANY_REQUESTS, description = "`invitations_held_back` or `invitee_held_back`"),
    )
)]
pub(crate) async fn resend_invitation(
    State(ctx): State<Ctx>,
    caller: Can<ManageMembers>,
    Path(id): Path<InvitationId>,
    Json(ResendInvitation {}): Json<ResendInvitation>,
) -> api::Result<Json<InvitationView>> {
    let mut asker = Asker::from(caller);
    for _ in 0..ROUNDS {
        let found = ctx.invitation(&asker, id).await?;
        let now = ctx.clock.now();
        let again = Invitation {
            invited_by: asker.user,
            expires_at: now.saturating_add(INVITATION_LIFETIME).unwrap_or(now),
            version: found.version.saturating_add(1),
            ..found
        };
        if ctx.send_again(&asker, &again).await? == Invited::Done {
            return Ok(Json(InvitationView::new(again, now)));
        }
        asker = ctx.once_more::<ManageMembers>(&asker).await?;
    }
    Err(too_busy().into())
}

impl Ctx {
    async fn send_again(&self, asker: &Asker, again: &Invitation) -> Result<Invited> {
        let members = self.tenant(asker);
        let standing = granted(&members, again.role, &again.limit).await?;
        let action = Action::Grant(&standing.rights);
        authorize(asker.rights(), action, Relation::OwnTenant)
            .map_err(|denial| denied(denial, "invitation"))?;
        let letter = self.letter(asker, again).await?;
        // Last: what fails before it counts nowhere.
        let counted = self.admit_mail(asker, &again.email).await?;
        let sending = Sending {
            invitation: again,
            secret: &letter.secret.hash(),
            mail: &letter.owed,
        };
        let held = [&asker.standing, &standing];
        let invited = members
            .invite_again(&sending, &held, &self.act(asker))
            .await?;
        match invited {
            Invited::Done => self.post_letter(&letter).await,
            Invited::Already | Invited::Stale => self.take_back(counted).await?,
        }
        Ok(invited)
    }
}
