//! `GET /v1/members/{id}/avatar`

use api::permission::ReadMembers;
use api::{AvatarImage, AvatarQuery, Can, Path, Query};
use axum::extract::State;
use domain::{Error, UserId};

use crate::Ctx;
use crate::asker::Asker;

/// The picture of a member.
#[utoipa::path(
    get,
    path = "/v1/members/{id}/avatar",
    tag = "members",
    params(
        ("id" = String, Path, description = "The member's user"),
        AvatarQuery,
    ),
    responses((
        status = OK,
        description = "A square of 256 pixels a side",
        content_type = "image/jpeg",
        body = String,
    ))
)]
pub(crate) async fn get_member_avatar(
    State(ctx): State<Ctx>,
    caller: Can<ReadMembers>,
    Path(id): Path<UserId>,
    Query(query): Query<AvatarQuery>,
) -> api::Result<AvatarImage> {
    let found = match ctx.tenant(&Asker::from(caller)).membership(id).await? {
        Some(_) => ctx.table.system().avatar(id).await?,
        None => None,
    };
    let avatar = found.ok_or(Error::NotFound { kind: "picture" })?;
    Ok(AvatarImage::new(avatar, &query))
}
