//! `GET /v1/me/avatar`, `PUT /v1/me/avatar`, `DELETE /v1/me/avatar`
//!
//! The image comes within the body, in place of an address to upload it to: a picture is small once a browser has made
//! it small, and so nothing of it is ever stored but what was drawn anew.

use api::{AvatarImage, AvatarQuery, Client, Json, Query, SignedIn};
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::event::EventKind;
use domain::user::User;
use domain::{Error, Result, UserId};
use http::StatusCode;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Avatar, RateLimit, UserAct};
use utoipa::ToSchema;

use crate::Ctx;

/// Images that a person may have drawn at once, and again in every [`DRAWN_PERIOD`]: more than anybody tries, few enough
/// for a processor.
const DRAWN: u32 = 30;
const DRAWN_PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// A picture of the caller.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAvatar {
    /// The bytes of a JPEG, PNG, WebP or GIF image, in base64: at most 190 kB, and 4,096 pixels a side.
    #[schema(
        example = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mMwTpsJAAICATNoejH4AAAAAElFTkSuQmCC"
    )]
    image: String,
}

/// Where the caller's picture is.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnAvatar {
    /// Its address on the API, another one for another picture.
    avatar_url: Option<String>,
}

/// The caller's own picture.
#[utoipa::path(
    get,
    path = "/v1/me/avatar",
    tag = "identity",
    params(AvatarQuery),
    responses((
        status = OK,
        description = "A square of 256 pixels a side",
        content_type = "image/jpeg",
        body = String,
    ))
)]
pub(crate) async fn get_own_avatar(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    Query(query): Query<AvatarQuery>,
) -> api::Result<AvatarImage> {
    let found = ctx.table.system().avatar(caller.user).await?;
    let avatar = found.ok_or(Error::NotFound { kind: "picture" })?;
    Ok(AvatarImage::new(avatar, &query))
}

/// Gives the caller a picture, which members of their tenants see: the middle of the image, as a square of 256 pixels a
/// side. Nothing else of the image is kept, such as where it was taken. May be repeated.
#[utoipa::path(
    put,
    path = "/v1/me/avatar",
    tag = "identity",
    request_body = NewAvatar,
    responses(
        (status = OK, description = "The caller has it", body = OwnAvatar),
        (status = UNPROCESSABLE_ENTITY, description = "`unsupported_type`, `image_too_large` or `corrupt_image`"),
    )
)]
pub(crate) async fn put_avatar(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Json(body): Json<NewAvatar>,
) -> api::Result<Json<OwnAvatar>> {
    let image = STANDARD
        .decode(body.image)
        .map_err(|_| Error::field("/image", "invalid_value", "send the image in base64"))?;
    ctx.admit_image(caller.user).await?;
    let bytes = ctx.decoded(move || pictures::avatar(&image)).await?;
    let avatar = Avatar::new(bytes);
    let mut user = ctx.person(caller.user).await?;
    if user.avatar.as_ref() != Some(&avatar.tag) {
        let act = ctx.act_of_person(EventKind::UserAvatarChanged, &client);
        let system = ctx.table.system();
        system.put_avatar(user.id, &avatar, &act).await?;
        user.avatar = Some(avatar.tag);
    }
    Ok(Json(OwnAvatar {
        avatar_url: api::own_avatar_url(&user),
    }))
}

/// Takes the caller's picture away. May be repeated.
#[utoipa::path(
    delete,
    path = "/v1/me/avatar",
    tag = "identity",
    responses((status = NO_CONTENT, description = "The caller has none"))
)]
pub(crate) async fn delete_avatar(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
) -> api::Result<StatusCode> {
    let act = ctx.act_of_person(EventKind::UserAvatarRemoved, &client);
    ctx.table.system().remove_avatar(caller.user, &act).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Ctx {
    /// Counts an image that is to be drawn.
    async fn admit_image(&self, user: UserId) -> Result<()> {
        let limit = RateLimit::per(DRAWN, DRAWN_PERIOD);
        let now = self.clock.now();
        let system = self.table.system();
        system.admit("avatar", &user.to_string(), limit, now).await
    }

    /// The person behind a valid credential.
    async fn person(&self, user: UserId) -> Result<User> {
        let found = self.table.system().users(&[user]).await?.pop();
        found.ok_or_else(|| Error::corrupt("credential", "its user does not exist"))
    }

    fn act_of_person(&self, kind: EventKind, client: &Client) -> UserAct {
        UserAct {
            at: self.clock.now(),
            kind,
            origin: client.origin(),
            detail: Value::Null,
        }
    }
}
