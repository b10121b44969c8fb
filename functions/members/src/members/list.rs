//! `GET /v1/members`, `GET /v1/members/{id}`

use api::permission::ReadMembers;
use api::{Can, Json, ListQuery, Page, PageQuery, Path, Query, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::{Error, UserId};

use super::view::MemberView;
use crate::Ctx;
use crate::asker::Asker;

/// Lists the members of the tenant.
#[utoipa::path(
    get,
    path = "/v1/members",
    tag = "members",
    params(PageQuery),
    responses((status = OK, description = "Members", body = Page<MemberView>))
)]
pub(crate) async fn list_members(
    State(ctx): State<Ctx>,
    caller: Can<ReadMembers>,
    Query(query): Query<PageQuery>,
) -> api::Result<Json<Page<MemberView>>> {
    let asker = Asker::from(caller);
    let list = ListQuery {
        tenant: asker.tenant,
        kind: "members",
        filters: "",
    };
    let start = query.start::<UserId>(&ctx.gate, list).await?;
    let page = ctx.tenant(&asker).member_page(start, query.limit()).await?;
    let ids: Vec<UserId> = page.members.iter().map(|member| member.user).collect();
    let users = ctx.table.system().users(&ids).await?;
    let views = page
        .members
        .iter()
        .map(|member| {
            let user = users.iter().find(|user| user.id == member.user);
            MemberView::new(member, user)
        })
        .collect();
    Ok(Json(ctx.gate.page(list, views, page.next).await?))
}

/// One member.
#[utoipa::path(
    get,
    path = "/v1/members/{id}",
    tag = "members",
    params(("id" = String, Path, description = "The member's user")),
    responses((status = OK, description = "The member", body = MemberView))
)]
pub(crate) async fn get_member(
    State(ctx): State<Ctx>,
    caller: Can<ReadMembers>,
    Path(id): Path<UserId>,
) -> api::Result<impl IntoResponse> {
    let member = ctx.tenant(&Asker::from(caller)).membership(id).await?;
    let member = member.ok_or(Error::NotFound { kind: "member" })?;
    let user = ctx.table.system().user(id).await?;
    let view = MemberView::new(&member, user.as_ref());
    Ok((etag(member.version), Json(view)))
}
