//! `/v1/members/{id}/second-factor` and its `reset`: whether a member has one, and how a tenant lets them start over who
//! lost it.

use api::permission::ManageMembers;
use api::{Can, Json, Path};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::membership::{Action, FactorReset, Membership, Relation, authorize};
use domain::{Error, Result, UserId};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use store::{FactorApproval, NewToken, Standing, StoredUser, TokenPurpose};
use utoipa::ToSchema;

use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::{Ctx, ROUNDS};

/// That a member may start over without the second factor that they lost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactorReset)]
pub(crate) struct FactorResetView {
    #[schema(value_type = String, example = "usr_01jd8mz0000000000000000000")]
    user_id: UserId,
    /// Who decided it.
    #[schema(value_type = String, example = "usr_01jd8mz0000000000000000000")]
    approved_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    approved_at: Timestamp,
    /// Until then it can be stopped and not be used.
    #[schema(value_type = String, format = DateTime)]
    usable_from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    usable_until: Timestamp,
}

impl From<&FactorReset> for FactorResetView {
    fn from(reset: &FactorReset) -> Self {
        Self {
            user_id: reset.user,
            approved_by: reset.approved_by,
            approved_at: reset.approved_at,
            usable_from: reset.usable_from(),
            usable_until: reset.usable_until(),
        }
    }
}

/// How a member proves themselves beside their password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberSecondFactor {
    /// Whether they have a passkey or an authenticator app.
    has_second_factor: bool,
    /// That they may start over; `null` where the tenant has not approved it, or it was used, stopped or not used in time.
    reset: Option<FactorResetView>,
}

/// Lets a member start over who lost their second factor and their recovery codes. They get a mail with a link that
/// removes both, three days later at the earliest, once all tenants that they belong to have approved; whoever does it
/// sets no password and sees no link. The owners of the tenant are told.
#[utoipa::path(
    post,
    path = "/v1/members/{id}/second-factor/reset",
    tag = "members",
    params(("id" = String, Path, description = "The member's user")),
    responses(
        (status = CREATED, description = "It is approved", body = FactorResetView),
        (status = FORBIDDEN, description = "`outranked` or `another_person_required`"),
        (status = CONFLICT, description = "`no_second_factor` or `reset_approved`"),
    )
)]
pub(crate) async fn approve_factor_reset(
    State(ctx): State<Ctx>,
    caller: Can<ManageMembers>,
    Path(id): Path<UserId>,
) -> api::Result<impl IntoResponse> {
    let reset = ctx.approve(caller.into(), id).await?;
    Ok((StatusCode::CREATED, Json(FactorResetView::from(&reset))))
}

/// Whether a member has a second factor, and whether they may start over without it.
#[utoipa::path(
    get,
    path = "/v1/members/{id}/second-factor",
    tag = "members",
    params(("id" = String, Path, description = "The member's user")),
    responses((status = OK, description = "The state", body = MemberSecondFactor))
)]
pub(crate) async fn get_member_second_factor(
    State(ctx): State<Ctx>,
    caller: Can<ManageMembers>,
    Path(id): Path<UserId>,
) -> api::Result<Json<MemberSecondFactor>> {
    let asker: Asker = caller.into();
    ctx.member(&asker, id).await?;
    let person = ctx.table.system().stored_user(id).await?;
    let open = ctx.open_reset(&asker, id, person.as_ref()).await?;
    Ok(Json(MemberSecondFactor {
        has_second_factor: person.is_some_and(|person| person.has_second_factor()),
        reset: open.as_ref().map(FactorResetView::from),
    }))
}

/// Takes the approval back, if there is one: the member's link does nothing any more.
#[utoipa::path(
    delete,
    path = "/v1/members/{id}/second-factor/reset",
    tag = "members",
    params(("id" = String, Path, description = "The member's user")),
    responses((status = NO_CONTENT, description = "It is not approved any more"))
)]
pub(crate) async fn withdraw_factor_reset(
    State(ctx): State<Ctx>,
    caller: Can<ManageMembers>,
    Path(id): Path<UserId>,
) -> api::Result<StatusCode> {
    let asker: Asker = caller.into();
    ctx.member(&asker, id).await?;
    let person = ctx.table.system().stored_user(id).await?;
    if let Some(open) = ctx.open_reset(&asker, id, person.as_ref()).await? {
        let members = ctx.tenant(&asker);
        // Refused where somebody else was faster.
        members
            .withdraw_factor_reset(&open, &ctx.act(&asker))
            .await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Ctx {
    async fn member(&self, asker: &Asker, id: UserId) -> Result<Membership> {
        let found = self.tenant(asker).membership(id).await?;
        found.ok_or(Error::NotFound { kind: "member" })
    }

    /// What the tenant has approved and still counts.
    async fn open_reset(
        &self,
        asker: &Asker,
        id: UserId,
        person: Option<&StoredUser>,
    ) -> Result<Option<FactorReset>> {
        let found = self.tenant(asker).factor_reset(id).await?;
        let settled_at = person.and_then(|person| person.factors_settled_at);
        let now = self.clock.now();
        Ok(found.filter(|reset| reset.is_open(settled_at, now)))
    }

    async fn approve(&self, mut asker: Asker, id: UserId) -> Result<FactorReset> {
        for _ in 0..ROUNDS {
            let present = self.touchable(&asker, id).await?;
            let person = self.table.system().stored_user(id).await?;
            let person = person.ok_or(Error::NotFound { kind: "member" })?;
            if !person.has_second_factor() {
                return Err(Error::conflict(
                    "no_second_factor",
                    "they have no second factor: the password is all that they need",
                ));
            }
            let open = self.open_reset(&asker, id, Some(&person)).await?;
            if open.is_some() {
                return Err(Error::conflict(
                    "reset_approved",
                    "it is approved already: withdraw it first to begin anew",
                ));
            }
            if let Some(reset) = self.try_approve(&asker, &person, &present).await? {
                return Ok(reset);
            }
            asker = self.once_more::<ManageMembers>(&asker).await?;
        }
        Err(too_busy())
    }

    /// The rights of a member whom the asker could also remove: nobody else may decide it, and nobody for themselves.
    async fn touchable(&self, asker: &Asker, id: UserId) -> Result<Standing> {
        if id == asker.user {
            return Err(Error::Forbidden {
                code: "another_person_required",
                detail: "somebody else must do this for you".to_owned(),
            });
        }
        let found = self.member(asker, id).await?;
        let present = self.tenant(asker).standing_of_member(&found).await?;
        let relation = Relation::Holder(&present.rights);
        authorize(asker.rights(), Action::Revoke, relation)
            .map_err(|denial| denied(denial, "member"))?;
        Ok(present)
    }

    /// The approval; `None` where the rights that it rests on changed meanwhile.
    async fn try_approve(
        &self,
        asker: &Asker,
        person: &StoredUser,
        present: &Standing,
    ) -> Result<Option<FactorReset>> {
        let reset = FactorReset {
            tenant: asker.tenant,
            user: person.user.id,
            approved_by: asker.user,
            approved_at: self.clock.now(),
        };
        let secret = api::Secret::generate(&*self.random);
        let token = NewToken {
            secret: secret.hash(),
            purpose: TokenPurpose::ResetSecondFactor,
            user: person.user.id,
            address: person.user.email.clone(),
            password_version: person.password.version,
            expires_at: reset.usable_until(),
        };
        let letters = self.reset_letters(asker, person, &reset, &secret).await?;
        let mails: Vec<_> = letters.iter().map(|letter| &letter.owed).collect();
        let approval = FactorApproval {
            reset: &reset,
            token: &token,
            mails: &mails,
            held: &[&asker.standing, present],
        };
        let members = self.tenant(asker);
        if !members
            .approve_factor_reset(&approval, &self.act(asker))
            .await?
        {
            return Ok(None);
        }
        for letter in &letters {
            letter.post(self).await;
        }
        Ok(Some(reset))
    }
}
