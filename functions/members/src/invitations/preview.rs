//! `POST /v1/invitations/preview`

use api::{Json, Secret};
use axum::extract::State;
use domain::membership::{AssignedRole, Invitation};
use domain::tenant::TenantState;
use domain::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::TenantScope;
use utoipa::ToSchema;

use crate::Ctx;

/// What a link of an invitation carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationToken {
    /// What the link in the mail has after `token=`.
    pub(super) token: String,
}

/// What somebody is invited to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationPreview {
    tenant_name: String,
    /// The address that it is for.
    email: String,
    /// `owner`, `admin`, `editor`, `author`, `viewer`, or the id of a role of the tenant.
    #[schema(value_type = String, example = "editor")]
    role: AssignedRole,
    /// The name of whoever invites; `null` where they are gone.
    invited_by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Shows what a link leads to, to whoever has it; nothing happens.
#[utoipa::path(
    post,
    path = "/v1/invitations/preview",
    tag = "members",
    request_body = InvitationToken,
    responses(
        (status = OK, description = "What it is for", body = InvitationPreview),
        (status = GONE, description = "`invitation_void` or `token_expired`"),
    )
)]
pub(crate) async fn preview_invitation(
    State(ctx): State<Ctx>,
    Json(body): Json<InvitationToken>,
) -> api::Result<Json<InvitationPreview>> {
    let (scope, invitation) = ctx.opened(&body).await?;
    let tenant = ctx.table.tenant(&scope).head().await?;
    let inviter = ctx.table.system().user(invitation.invited_by).await?;
    Ok(Json(InvitationPreview {
        tenant_name: tenant.name,
        email: invitation.email.as_str().to_owned(),
        role: invitation.role,
        invited_by: inviter.map(|inviter| inviter.name),
        expires_at: invitation.expires_at,
    }))
}

impl Ctx {
    /// The invitation of a link that works, in a tenant that lives. A link that never was is answered like one that is void.
    async fn opened(&self, body: &InvitationToken) -> Result<(TenantScope, Invitation)> {
        let secret = Secret::parse(&body.token).ok_or_else(void)?;
        let found = self.table.system().find_invitation(&secret.hash()).await?;
        let found = found.ok_or_else(void)?;
        let invitation = found.invitation.ok_or_else(void)?;
        if invitation.is_expired(self.clock.now()) {
            return Err(expired());
        }
        match self.table.tenant(&found.scope).head().await?.state {
            TenantState::Active | TenantState::Suspended => Ok((found.scope, invitation)),
            TenantState::Deleted | TenantState::Erased => Err(void()),
        }
    }
}

pub(super) fn void() -> Error {
    Error::Gone {
        code: "invitation_void",
        detail: "there is no such invitation any more: it was accepted or withdrawn, or a later mail has another link: ask for a new one",
    }
}

pub(super) fn expired() -> Error {
    Error::Gone {
        code: "token_expired",
        detail: "the link is too old: ask for a new one",
    }
}
