//! `DELETE /v1/roles/{id}`

use api::permission::ManageRoles;
use api::{Can, IfMatch, Path, Query};
use axum::extract::State;
use domain::membership::{
    Action, AssignedRole, CustomRole, Membership, Permission, Relation, authorize,
};
use domain::{Error, Result, RoleId};
use http::StatusCode;
use serde::Deserialize;
use store::{Defined, MemberSaved, Standing};
use utoipa::IntoParams;

use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::members::change::{granted, must_not_limit_owner};
use crate::{Ctx, ROUNDS};

/// Members that are looked at in one read.
const PAGE: i32 = 100;

/// What becomes of the members who have it.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteRole {
    /// The role that they get instead, by its word or its id; without it, a role that somebody has stays.
    #[param(value_type = Option<String>)]
    replacement: Option<AssignedRole>,
}

/// Deletes a role that nobody has, or gives whoever has it another one before. Invitations to it cannot be accepted any
/// more.
#[utoipa::path(
    delete,
    path = "/v1/roles/{id}",
    tag = "members",
    params(
        ("id" = String, Path, description = "The role"),
        DeleteRole,
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    responses(
        (status = NO_CONTENT, description = "It is gone"),
        (status = FORBIDDEN, description = "`beyond_own_rights` or `outranked`"),
        (status = CONFLICT, description = "`in_use`"),
    )
)]
pub(crate) async fn delete_role(
    State(ctx): State<Ctx>,
    caller: Can<ManageRoles>,
    Path(id): Path<RoleId>,
    Query(options): Query<DeleteRole>,
    if_match: IfMatch,
) -> api::Result<StatusCode> {
    let mut asker = Asker::from(caller);
    if options.replacement == Some(AssignedRole::Custom(id)) {
        return Err(Error::field("replacement", "same_role", "name another role").into());
    }
    for _ in 0..ROUNDS {
        let found = ctx.role(&asker, id).await?;
        if_match.check(found.version)?;
        let define = async || {
            ctx.may_define_role(&asker, &found, &found.permissions)
                .await
        };
        let mut held = define().await?;
        if let Some(replacement) = options.replacement {
            ctx.must_know(&asker, replacement).await?;
            ctx.replace_role(&asker, &found, replacement).await?;
            held = define().await?;
        }
        let act = ctx.act(&asker);
        match ctx.tenant(&asker).delete_role(&found, &held, &act).await? {
            Defined::Done => return Ok(StatusCode::NO_CONTENT),
            // Somebody got it meanwhile; without a replacement it stays theirs.
            Defined::InUse if options.replacement.is_none() => return Err(in_use().into()),
            Defined::InUse | Defined::NameTaken | Defined::Stale => {
                asker = ctx.once_more::<ManageRoles>(&asker).await?;
            }
        }
    }
    Err(too_busy().into())
}

impl Ctx {
    /// Refuses a replacement that does not exist also where nobody would get it: whoever names a foreign one is noted.
    async fn must_know(&self, asker: &Asker, replacement: AssignedRole) -> Result<()> {
        match replacement {
            AssignedRole::BuiltIn(_) => Ok(()),
            AssignedRole::Custom(id) => self.role(asker, id).await.map(drop),
        }
    }

    /// Gives everybody who has the role another one, one by one: each is an act of its own, so whatever stops this half way
    /// leaves nothing half done, and a repeat goes on. A refusal changes nobody: all are judged before the first gets it.
    async fn replace_role(
        &self,
        asker: &Asker,
        role: &CustomRole,
        replacement: AssignedRole,
    ) -> Result<()> {
        if !asker
            .rights()
            .permissions
            .contains(Permission::ManageMembers)
        {
            return Err(denied(
                domain::membership::Denial::Lacks(Permission::ManageMembers),
                "member",
            ));
        }
        let holders = self.holders(asker, role).await?;
        for member in &holders {
            let [granted, _] = self.judge(asker, member, replacement).await?;
            let keeps = |permission| granted.rights.permissions.contains(permission);
            if member.user == asker.user && !role.permissions.iter().all(keeps) {
                return Err(in_use_by_oneself());
            }
        }
        for member in &holders {
            self.give(asker, member, replacement).await?;
        }
        Ok(())
    }

    async fn holders(&self, asker: &Asker, role: &CustomRole) -> Result<Vec<Membership>> {
        let (mut holders, mut after) = (Vec::new(), None);
        loop {
            let page = self.tenant(asker).member_page(after, PAGE).await?;
            let members = page.members.into_iter();
            holders.extend(members.filter(|member| member.role == AssignedRole::Custom(role.id)));
            after = page.next;
            if after.is_none() {
                return Ok(holders);
            }
        }
    }

    /// What a member would have with the role, and has now; refused where the caller may not change the one to the other.
    async fn judge(
        &self,
        asker: &Asker,
        member: &Membership,
        role: AssignedRole,
    ) -> Result<[Standing; 2]> {
        must_not_limit_owner(role, &member.limit)?;
        let members = self.tenant(asker);
        let granted = granted(&members, role, &member.limit).await?;
        let present = members.standing_of_member(member).await?;
        let relation = if member.user == asker.user {
            Relation::Oneself
        } else {
            Relation::Holder(&present.rights)
        };
        authorize(asker.rights(), Action::Grant(&granted.rights), relation)
            .map_err(|denial| denied(denial, "member"))?;
        Ok([granted, present])
    }

    /// Whoever changed meanwhile is met again in the next round, if they still have the role.
    async fn give(&self, asker: &Asker, member: &Membership, role: AssignedRole) -> Result<()> {
        let [granted, present] = self.judge(asker, member, role).await?;
        let changed = Membership {
            role,
            version: member.version.saturating_add(1),
            ..member.clone()
        };
        let held = [&asker.standing, &granted, &present];
        let _: MemberSaved = self
            .tenant(asker)
            .change_member(member, &changed, &held, &self.act(asker))
            .await?;
        Ok(())
    }
}

/// The caller has what is to be deleted, and could not go on without it.
fn in_use_by_oneself() -> Error {
    Error::conflict(
        "in_use",
        "you have it yourself: let somebody else delete it, or give yourself another role first",
    )
}

/// Members still have what is to be deleted.
pub(crate) fn in_use() -> Error {
    Error::conflict(
        "in_use",
        "members still have it: give them something else first",
    )
}
