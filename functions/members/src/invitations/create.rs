//! `POST /v1/invitations`

use std::collections::BTreeSet;

use api::permission::ManageMembers;
use api::{Can, Command, Headroom, Json, Quota};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::email::EmailAddress;
use domain::membership::{
    Action, AssignedRole, INVITATION_LIFETIME, Invitation, Relation, authorize,
};
use domain::{AccountGroupId, Error, FieldError, Result, UserId};
use http::StatusCode;
use serde::Deserialize;
use store::{IdempotencyClaim, Invited, Sending};
use utoipa::ToSchema;

use super::view::InvitationView;
use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::fields::limit;
use crate::members::change::{granted, must_not_limit_owner};
use crate::{Ctx, ROUNDS};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateInvitation {
    #[schema(example = "grace@example.com")]
    email: String,
    /// `owner`, `admin`, `editor`, `author`, `viewer`, or the id of a role of the tenant.
    #[schema(value_type = String, example = "editor")]
    role: AssignedRole,
    /// The groups whose accounts they can use; absent or `null` for all accounts.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    account_groups: Option<BTreeSet<AccountGroupId>>,
}

/// Invites somebody by mail. The link works once, for seven days, and for that address only; when it is accepted, the
/// caller must still have what it gives.
#[utoipa::path(
    post,
    path = "/v1/invitations",
    tag = "members",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request harmless")),
    request_body = CreateInvitation,
    responses(
        (status = CREATED, description = "A mail is on its way", body = InvitationView),
        (status = FORBIDDEN, description = "`beyond_own_rights`"),
        (status = CONFLICT, description = "`already_invited` or `already_member`"),
        (status = TOO_MANY_REQUESTS, description = "`invitations_held_back` or `invitee_held_back`"),
    )
)]
pub(crate) async fn create_invitation(
    State(ctx): State<Ctx>,
    caller: Can<ManageMembers>,
    command: Command<CreateInvitation>,
) -> api::Result<Response> {
    let members_max = caller.tenant.limits.members;
    let mut asker = Asker::from(caller);
    let claim = command.claim.as_ref();
    for _ in 0..ROUNDS {
        if let Some(made) = ctx.invited_before(&asker, claim).await? {
            return Ok(ctx.invitation_made(&asker, made, members_max).await);
        }
        let invitation = ctx.wanted(&asker, &command.body, members_max).await?;
        match ctx.send(&asker, &invitation, claim).await? {
            Invited::Done => {
                return Ok(ctx.invitation_made(&asker, invitation, members_max).await);
            }
            // Perhaps by a twin of this request, under the same key.
            Invited::Already => {
                let made = ctx.invited_before(&asker, claim).await?;
                let made = made.ok_or_else(already_invited)?;
                return Ok(ctx.invitation_made(&asker, made, members_max).await);
            }
            Invited::Stale => asker = ctx.once_more::<ManageMembers>(&asker).await?,
        }
    }
    Err(too_busy().into())
}

impl Ctx {
    /// With the places that are left. An open invitation takes none, but works only while there is one.
    async fn invitation_made(
        &self,
        asker: &Asker,
        invitation: Invitation,
        members_max: u64,
    ) -> Response {
        let used = self.tenant(asker).members_used().await;
        let headroom = Headroom::after(Quota::Members, members_max, used);
        let view = InvitationView::new(invitation, self.clock.now());
        (StatusCode::CREATED, headroom, Json(view)).into_response()
    }

    async fn wanted(
        &self,
        asker: &Asker,
        body: &CreateInvitation,
        members_max: u64,
    ) -> Result<Invitation> {
        let email = body
            .email
            .parse::<EmailAddress>()
            .map_err(|error| FieldError::new("/email", "invalid_email", error.to_string()));
        let limit = limit(body.account_groups.as_ref());
        let (email, limit) = match (email, limit) {
            (Ok(email), Ok(limit)) => (email, limit),
            (email, limit) => {
                let errors = [email.err(), limit.err()].into_iter().flatten();
                return Err(Error::Invalid(errors.collect()));
            }
        };
        must_not_limit_owner(body.role, &limit)?;
        self.must_be_new(asker, &email, members_max).await?;
        let now = self.clock.now();
        Ok(Invitation {
            id: self.tenant(asker).invitation_id(&email),
            tenant: asker.tenant,
            email,
            role: body.role,
            limit,
            invited_by: asker.user,
            expires_at: now.saturating_add(INVITATION_LIFETIME).unwrap_or(now),
            version: 1,
            created_at: now,
        })
    }

    /// Refuses early what could not be accepted. Nothing tells whether somebody who is no member is registered.
    async fn must_be_new(
        &self,
        asker: &Asker,
        email: &EmailAddress,
        members_max: u64,
    ) -> Result<()> {
        let members = self.tenant(asker);
        let nobody = UserId::generate(self.table.ids());
        let known = self.table.system().user_by_email(email, nobody).await?;
        let known = known.map_or(nobody, |known| known.user.id);
        if members.membership(known).await?.is_some() {
            return Err(already_member());
        }
        if members.members_used().await? >= members_max {
            return Err(Error::QuotaExceeded {
                what: "members",
                limit: members_max,
            });
        }
        Ok(())
    }

    async fn send(
        &self,
        asker: &Asker,
        invitation: &Invitation,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Invited> {
        let members = self.tenant(asker);
        let standing = granted(&members, invitation.role, &invitation.limit).await?;
        let action = Action::Grant(&standing.rights);
        authorize(asker.rights(), action, Relation::OwnTenant)
            .map_err(|denial| denied(denial, "invitation"))?;
        let letter = self.letter(asker, invitation).await?;
        // Last: what fails before it counts nowhere.
        let counted = self.admit_mail(asker, &invitation.email).await?;
        let new = Sending {
            invitation,
            secret: &letter.secret.hash(),
            mail: &letter.owed,
        };
        let held = [&asker.standing, &standing];
        let invited = members.invite(&new, claim, &held, &self.act(asker)).await?;
        match invited {
            Invited::Done => self.post_letter(&letter).await,
            Invited::Already | Invited::Stale => self.take_back(counted).await?,
        }
        Ok(invited)
    }

    async fn invited_before(
        &self,
        asker: &Asker,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<Invitation>> {
        match self.made_before(asker, claim).await? {
            Some(id) => self.invitation(asker, id).await.map(Some),
            None => Ok(None),
        }
    }
}

fn already_invited() -> Error {
    Error::conflict(
        "already_invited",
        "this address has an open invitation: send it again, or withdraw it first",
    )
}

pub(super) fn already_member() -> Error {
    Error::conflict("already_member", "this person is a member already")
}
