//! `POST /v1/invitations/accept`

use api::{Headroom, Json, Quota, Secret, SignedIn};
use axum::extract::State;
use domain::membership::{Action, AssignedRole, Invitation, Membership, Relation, authorize};
use domain::tenant::{Tenant, TenantState};
use domain::{Error, Result, TenantId};
use serde::Serialize;
use store::{Act, Admission, Admitted, FoundInvitation, TenantScope};
use utoipa::ToSchema;

use super::create::already_member;
use super::preview::{InvitationToken, expired, void};
use crate::asker::too_busy;
use crate::{Ctx, ROUNDS};

/// Where the caller is a member now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AcceptedInvitation)]
pub(crate) struct Accepted {
    /// `POST /v1/auth/switch` takes it.
    #[schema(value_type = String, example = "ten_01jd8mz0000000000000000000")]
    tenant_id: TenantId,
    tenant_name: String,
    /// As what.
    #[schema(value_type = String, example = "editor")]
    role: AssignedRole,
}

/// The answer to a new member, with what is left of the tenant's places.
type Welcome = (Option<Headroom>, Json<Accepted>);

/// Accepts an invitation: the caller must have proven the address that it is for, and whoever invited must still have what
/// it gives, and the second factor that the tenant requires.
#[utoipa::path(
    post,
    path = "/v1/invitations/accept",
    tag = "members",
    request_body = InvitationToken,
    responses(
        (status = OK, description = "The caller is a member", body = Accepted),
        (status = FORBIDDEN, description = "`another_address`"),
        (status = CONFLICT, description = "`already_member` or `too_many_memberships`"),
        (status = GONE, description = "`invitation_void` or `token_expired`"),
    )
)]
pub(crate) async fn accept_invitation(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    Json(body): Json<InvitationToken>,
) -> api::Result<Welcome> {
    let secret = Secret::parse(&body.token).ok_or_else(void)?;
    for _ in 0..ROUNDS {
        let found = ctx.table.system().find_invitation(&secret.hash()).await?;
        let found = found.ok_or_else(void)?;
        if let Some(welcome) = ctx.try_accept(&caller, &found).await? {
            return Ok(welcome);
        }
    }
    Err(too_busy().into())
}

impl Ctx {
    /// `None` where something changed meanwhile.
    async fn try_accept(
        &self,
        caller: &SignedIn,
        found: &FoundInvitation,
    ) -> Result<Option<Welcome>> {
        let members = self.table.tenant(&found.scope);
        let tenant = members.head().await?;
        if tenant.state != TenantState::Active {
            return Err(void());
        }
        let Some(invitation) = &found.invitation else {
            // Somebody whose first answer was lost.
            let member = members.membership(caller.user).await?.ok_or_else(void)?;
            let welcome = self.welcome(&found.scope, tenant, member.role).await;
            return Ok(Some(welcome));
        };
        let now = self.clock.now();
        if invitation.is_expired(now) {
            return Err(expired());
        }
        self.must_have_proven(caller, invitation).await?;
        self.must_have_room(caller).await?;
        // An inviter who is no member any more, has less, or is kept out by now, gives nothing any more.
        let system = self.table.system();
        let inviter = system.member(invitation.invited_by, tenant.id).await?;
        let inviter = inviter.filter(|inviter| !inviter.standing.lacks_second_factor);
        let inviter = inviter.ok_or_else(void)?;
        let granted = members
            .standing_of(invitation.role, &invitation.limit)
            .await?
            .ok_or_else(void)?;
        let action = Action::Grant(&granted.rights);
        authorize(&inviter.standing.rights, action, Relation::OwnTenant).map_err(|_| void())?;
        let membership = Membership {
            tenant: tenant.id,
            user: caller.user,
            role: invitation.role,
            limit: invitation.limit.clone(),
            version: 1,
            created_at: now,
        };
        let admission = Admission {
            membership: &membership,
            members_max: tenant.limits.members,
            held: &[&inviter.standing, &granted],
            invitation: Some(invitation),
        };
        let act = Act {
            actor: caller.actor(),
            at: now,
        };
        match members.admit_member(&admission, &act).await? {
            Admitted::Done => {
                let welcome = self.welcome(&found.scope, tenant, membership.role).await;
                Ok(Some(welcome))
            }
            // By this very invitation, where a request of theirs was quicker: then it is there no more.
            Admitted::Already => match members.invitation(invitation.id).await? {
                Some(_) => Err(already_member()),
                None => Ok(None),
            },
            Admitted::Stale => Ok(None),
        }
    }

    async fn welcome(&self, scope: &TenantScope, tenant: Tenant, role: AssignedRole) -> Welcome {
        let used = self.table.tenant(scope).members_used().await;
        let headroom = Headroom::after(Quota::Members, tenant.limits.members, used);
        let accepted = Accepted {
            tenant_id: tenant.id,
            tenant_name: tenant.name,
            role,
        };
        (headroom, Json(accepted))
    }

    /// About so many: two that are accepted at once may be one too many, which harms nobody.
    async fn must_have_room(&self, caller: &SignedIn) -> Result<()> {
        let most = self.limits.memberships;
        let system = self.table.system();
        if system.has_memberships(caller.user, most).await? {
            return Err(Error::conflict(
                "too_many_memberships",
                format!(
                    "you are a member of {most} workspaces, as many as one person can be: leave one first, or accept with \
                     another account"
                ),
            ));
        }
        Ok(())
    }

    async fn must_have_proven(&self, caller: &SignedIn, invitation: &Invitation) -> Result<()> {
        let user = self.table.system().user(caller.user).await?;
        let has_address = user.is_some_and(|user| {
            user.email_verified && user.email.normalized() == invitation.email.normalized()
        });
        if has_address {
            return Ok(());
        }
        Err(Error::Forbidden {
            code: "another_address",
            detail: "the invitation is for another address: sign in, or register, with the one that got the mail"
                .to_owned(),
        })
    }
}
