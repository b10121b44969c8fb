//! How invitations are shown.

use std::collections::BTreeSet;

use domain::membership::{AccountLimit, AssignedRole, Invitation};
use domain::{AccountGroupId, InvitationId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An invitation that was neither accepted nor withdrawn.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationView {
    #[schema(value_type = String, example = "inv_01jd8mz0000000000000000000")]
    id: InvitationId,
    email: String,
    /// `owner`, `admin`, `editor`, `author`, `viewer`, or the id of a role of the tenant.
    #[schema(value_type = String, example = "editor")]
    role: AssignedRole,
    /// The groups whose accounts they can use; `null` for all accounts.
    #[schema(value_type = Option<Vec<String>>)]
    account_groups: Option<BTreeSet<AccountGroupId>>,
    #[schema(value_type = String)]
    invited_by: UserId,
    /// `open` or `expired`; an expired one can be sent again.
    #[schema(value_type = String, example = "open")]
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl InvitationView {
    pub(crate) fn new(invitation: Invitation, now: Timestamp) -> Self {
        Self {
            state: if invitation.is_expired(now) {
                "expired"
            } else {
                "open"
            },
            id: invitation.id,
            email: invitation.email.as_str().to_owned(),
            role: invitation.role,
            account_groups: match invitation.limit {
                AccountLimit::Unlimited => None,
                AccountLimit::Groups(groups) => Some(groups),
            },
            invited_by: invitation.invited_by,
            expires_at: invitation.expires_at,
            created_at: invitation.created_at,
        }
    }
}
