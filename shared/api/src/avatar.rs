//! How pictures of people are named and shown. An address changes with the picture, so that browsers keep what they have.

use axum::response::{IntoResponse, Response};
use domain::user::User;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde::Deserialize;
use store::Avatar;
use utoipa::IntoParams;

/// A day: somebody who lost the right to see a picture does not keep it for long.
const KEPT: &str = "private, max-age=86400, immutable";
/// What was asked for without naming the picture may be another one by the next time.
const NOT_KEPT: &str = "private, no-cache";

/// Where somebody sees their own picture, if they have one: an address on the API.
pub fn own_avatar_url(user: &User) -> Option<String> {
    let tag = user.avatar.as_ref()?;
    Some(format!("/v1/me/avatar?v={tag}"))
}

/// The same for other members of a tenant of theirs.
pub fn member_avatar_url(user: &User) -> Option<String> {
    let tag = user.avatar.as_ref()?;
    Some(format!("/v1/members/{}/avatar?v={tag}", user.id))
}

/// Which picture is meant.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AvatarQuery {
    /// The tag in an `avatar_url`: the answer may then be kept. It is the present picture in any case.
    v: Option<String>,
}

/// A picture as an answer: nothing but that, whatever is in its bytes.
#[derive(Clone, Debug)]
pub struct AvatarImage {
    avatar: Avatar,
    cache_control: &'static str,
}

impl AvatarImage {
    /// The present picture, for whoever asked for this one.
    pub fn new(avatar: Avatar, query: &AvatarQuery) -> Self {
        let is_meant = query.v.as_ref() == Some(&avatar.tag);
        Self {
            avatar,
            cache_control: if is_meant { KEPT } else { NOT_KEPT },
        }
    }
}

impl IntoResponse for AvatarImage {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, "image/jpeg"),
            (CONTENT_DISPOSITION, "inline"),
            (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
            (CACHE_CONTROL, self.cache_control),
        ];
        (headers, self.avatar.bytes).into_response()
    }
}
