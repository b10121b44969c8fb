//! `DELETE /v1/members/{id}`

use api::permission::{ManageMembers, PermissionType};
use api::{Can, IfMatch, Path};
use axum::extract::State;
use domain::membership::{Action, Relation, authorize};
use domain::{Error, Result, UserId};
use http::StatusCode;
use store::MemberSaved;

use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::{Ctx, ROUNDS};

/// Takes a member out of the tenant: their next request there is refused. Nobody can remove who has more than they; the
/// last owner stays.
#[utoipa::path(
    delete,
    path = "/v1/members/{id}",
    tag = "members",
    params(
        ("id" = String, Path, description = "The member's user"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    responses(
        (status = NO_CONTENT, description = "They are no member any more"),
        (status = FORBIDDEN, description = "`outranked`"),
        (status = CONFLICT, description = "`last_owner`"),
    )
)]
pub(crate) async fn remove_member(
    State(ctx): State<Ctx>,
    caller: Can<ManageMembers>,
    Path(id): Path<UserId>,
    if_match: IfMatch,
) -> api::Result<StatusCode> {
    ctx.remove::<ManageMembers>(&caller.into(), id, &if_match)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Ctx {
    /// Removes a member; `P` is what the route asks for.
    pub(crate) async fn remove<P: PermissionType>(
        &self,
        asker: &Asker,
        id: UserId,
        if_match: &IfMatch,
    ) -> Result<()> {
        let mut fresh = None;
        for _ in 0..ROUNDS {
            let asker = fresh.as_ref().unwrap_or(asker);
            match self.try_remove(asker, id, if_match).await? {
                MemberSaved::Done => return Ok(()),
                MemberSaved::LastOwner => return Err(last_owner()),
                MemberSaved::Stale => fresh = Some(self.once_more::<P>(asker).await?),
            }
        }
        Err(too_busy())
    }

    async fn try_remove(
        &self,
        asker: &Asker,
        id: UserId,
        if_match: &IfMatch,
    ) -> Result<MemberSaved> {
        let members = self.tenant(asker);
        let found = members.membership(id).await?;
        let found = found.ok_or(Error::NotFound { kind: "member" })?;
        if_match.check(found.version)?;
        let present = members.standing_of_member(&found).await?;
        let relation = if id == asker.user {
            Relation::Oneself
        } else {
            Relation::Holder(&present.rights)
        };
        authorize(asker.rights(), Action::Revoke, relation)
            .map_err(|denial| denied(denial, "member"))?;
        let held = [&asker.standing, &present];
        members.remove_member(&found, &held, &self.act(asker)).await
    }
}

pub(crate) fn last_owner() -> Error {
    Error::conflict(
        "last_owner",
        "a tenant keeps an owner: make somebody else one first, or delete the tenant",
    )
}
