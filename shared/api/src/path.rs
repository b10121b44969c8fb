//! Ids in paths: a malformed one is answered like one that does not exist.

use axum::extract::{FromRequestParts, RawPathParams};
use domain::{
    AccountGroupId, AccountId, ApiKeyId, DeliveryId, Error, EventId, ExportId, ImportId,
    InvitationId, MediaId, PasskeyId, PostId, RoleId, TenantId, UserId,
};
use http::request::Parts;

use crate::problem::Problem;

/// The ids of a path, in the order of the path: `Path<PostId>`, `Path<(PostId, DeliveryId)>`.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// An id that stands in paths.
pub trait PathId: std::str::FromStr + Send {
    /// What it names, for people.
    const KIND: &'static str;
}

/// The ids of one path.
pub trait PathIds: Sized {
    /// Reads them from the path's parameters, in order.
    fn from_values<'a>(values: impl Iterator<Item = &'a str>) -> Result<Self, Error>;
}

macro_rules! path_ids {
    ($($id:ty = $kind:literal),+ $(,)?) => {$(
        impl PathId for $id {
            const KIND: &'static str = $kind;
        }
    )+};
}

path_ids! {
    AccountGroupId = "account group",
    AccountId = "account",
    ApiKeyId = "API key",
    DeliveryId = "target",
    EventId = "event",
    ExportId = "export",
    ImportId = "import",
    InvitationId = "invitation",
    MediaId = "media",
    PasskeyId = "passkey",
    PostId = "post",
    RoleId = "role",
    TenantId = "tenant",
    UserId = "user",
}

impl<T: PathId> PathIds for T {
    fn from_values<'a>(mut values: impl Iterator<Item = &'a str>) -> Result<Self, Error> {
        one(values.next())
    }
}

impl<A: PathId, B: PathId> PathIds for (A, B) {
    fn from_values<'a>(mut values: impl Iterator<Item = &'a str>) -> Result<Self, Error> {
        Ok((one(values.next())?, one(values.next())?))
    }
}

impl<T: PathIds, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let values = RawPathParams::from_request_parts(parts, state)
            .await
            // Percent-encoded bytes that are not UTF-8: no id has such.
            .map_err(|_| Error::NotFound { kind: "path" })?;
        Ok(Self(T::from_values(values.iter().map(|(_, value)| value))?))
    }
}

fn one<T: PathId>(value: Option<&str>) -> Result<T, Error> {
    value
        .and_then(|value| value.parse().ok())
        .ok_or(Error::NotFound { kind: T::KIND })
}
