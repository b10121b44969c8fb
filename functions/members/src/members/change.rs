//! `PATCH /v1/members/{id}`

use std::collections::BTreeSet;

use api::permission::ManageMembers;
use api::{Can, IfMatch, Json, Path, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::membership::{AccountLimit, Action, AssignedRole, Membership, Relation, authorize};
use domain::{AccountGroupId, Error, FieldError, Result, UserId};
use serde::Deserialize;
use store::{MemberSaved, Standing, TenantTable};
use utoipa::ToSchema;

use super::remove::last_owner;
use super::view::MemberView;
use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::fields::{limit, present};
use crate::{Ctx, ROUNDS};

/// A merge patch (RFC 7396): what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::option_option,
    reason = "left out, null and a list are three wishes"
)]
pub(crate) struct ChangeMember {
    /// `owner`, `admin`, `editor`, `author`, `viewer`, or the id of a role of the tenant.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String)]
    role: Option<AssignedRole>,
    /// The groups whose accounts they can use; `null` for all accounts.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    account_groups: Option<Option<BTreeSet<AccountGroupId>>>,
}

/// Gives a member another role or other accounts. It acts at their next request. Nobody can give what they lack, or
/// change who has more than they; the last owner stays one.
#[utoipa::path(
    patch,
    path = "/v1/members/{id}",
    tag = "members",
    params(
        ("id" = String, Path, description = "The member's user"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body = ChangeMember,
    responses(
        (status = OK, description = "The member after it", body = MemberView),
        (status = FORBIDDEN, description = "`beyond_own_rights` or `outranked`"),
        (status = CONFLICT, description = "`last_owner`"),
    )
)]
pub(crate) async fn change_member(
    State(ctx): State<Ctx>,
    caller: Can<ManageMembers>,
    Path(id): Path<UserId>,
    if_match: IfMatch,
    Json(body): Json<ChangeMember>,
) -> api::Result<impl IntoResponse> {
    let changed = ctx.change(caller.into(), id, &if_match, &body).await?;
    let user = ctx.table.system().user(id).await?;
    let view = MemberView::new(&changed, user.as_ref());
    Ok((etag(changed.version), Json(view)))
}

impl Ctx {
    async fn change(
        &self,
        mut asker: Asker,
        id: UserId,
        if_match: &IfMatch,
        body: &ChangeMember,
    ) -> Result<Membership> {
        for _ in 0..ROUNDS {
            let members = self.tenant(&asker);
            let found = members.membership(id).await?;
            let found = found.ok_or(Error::NotFound { kind: "member" })?;
            if_match.check(found.version)?;
            let changed = changed(&found, body)?;
            if changed == found {
                return Ok(found);
            }
            match self.try_change(&asker, &found, &changed).await? {
                MemberSaved::Done => return Ok(changed),
                MemberSaved::LastOwner => return Err(last_owner()),
                MemberSaved::Stale => asker = self.once_more::<ManageMembers>(&asker).await?,
            }
        }
        Err(too_busy())
    }

    async fn try_change(
        &self,
        asker: &Asker,
        found: &Membership,
        changed: &Membership,
    ) -> Result<MemberSaved> {
        let members = self.tenant(asker);
        let granted = granted(&members, changed.role, &changed.limit).await?;
        let present = members.standing_of_member(found).await?;
        let relation = if found.user == asker.user {
            Relation::Oneself
        } else {
            Relation::Holder(&present.rights)
        };
        authorize(asker.rights(), Action::Grant(&granted.rights), relation)
            .map_err(|denial| denied(denial, "member"))?;
        let held = [&asker.standing, &granted, &present];
        members
            .change_member(found, changed, &held, &self.act(asker))
            .await
    }
}

fn changed(found: &Membership, body: &ChangeMember) -> Result<Membership> {
    let mut changed = found.clone();
    if let Some(role) = body.role {
        changed.role = role;
    }
    if let Some(groups) = &body.account_groups {
        changed.limit = limit(groups.as_ref()).map_err(|error| Error::Invalid(vec![error]))?;
    }
    must_not_limit_owner(changed.role, &changed.limit)?;
    if changed != *found {
        changed.version = changed.version.saturating_add(1);
    }
    Ok(changed)
}

/// An owner has everything: one with some accounts only could neither be removed by another nor see what they own.
pub(crate) fn must_not_limit_owner(role: AssignedRole, limit: &AccountLimit) -> Result<()> {
    match limit {
        AccountLimit::Groups(_) if role.is_owner() => Err(Error::field(
            "/account_groups",
            "owner_unlimited",
            "owners have all accounts: send null, or choose another role",
        )),
        AccountLimit::Groups(_) | AccountLimit::Unlimited => Ok(()),
    }
}

/// What somebody would have with this role at these accounts. A role or a group that does not exist is named.
pub(crate) async fn granted(
    members: &TenantTable<'_>,
    role: AssignedRole,
    limit: &AccountLimit,
) -> Result<Standing> {
    if let Some(standing) = members.standing_of(role, limit).await? {
        return Ok(standing);
    }
    let has_role = match role {
        AssignedRole::BuiltIn(_) => true,
        AssignedRole::Custom(id) => members.role(id).await?.is_some(),
    };
    let missing = if has_role {
        FieldError::new("/account_groups", "not_found", "a group does not exist")
    } else {
        FieldError::new("/role", "not_found", "there is no such role")
    };
    Err(Error::UnknownReference(vec![missing]))
}
