//! `PATCH /v1/me`

use api::{Client, Json, SignedIn};
use axum::extract::State;
use domain::event::EventKind;
use domain::user::LOCALES;
use domain::{Error, FieldError};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use store::UserAct;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::Ctx;
use crate::answer::UserView;
use crate::register;

/// What is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditMe {
    /// 1 to 100 characters.
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(schema_with = locales)]
    locale: Option<String>,
    /// Name of an IANA time zone.
    #[serde(default, deserialize_with = "present")]
    time_zone: Option<String>,
}

fn locales() -> utoipa::openapi::schema::Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "How dates and numbers are written (BCP 47): `en` as the browser does it. Texts are English.",
        ))
        .enum_values(Some(LOCALES))
        .build()
}

/// A member that may be absent, but not `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// Changes what the caller is called, and how they are written to.
#[utoipa::path(
    patch,
    path = "/v1/me",
    tag = "identity",
    request_body = EditMe,
    responses((status = OK, description = "The caller", body = UserView))
)]
pub(crate) async fn edit_me(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Json(body): Json<EditMe>,
) -> api::Result<Json<UserView>> {
    let mut user = ctx.person(caller.user).await?;
    let mut errors = Vec::new();
    match body.name.as_deref().map(register::name).transpose() {
        Ok(name) => user.name = name.unwrap_or(user.name),
        Err(error) => errors.push(error),
    }
    match body.locale {
        Some(locale) if !LOCALES.contains(&locale.as_str()) => errors.push(FieldError::new(
            "/locale",
            "invalid_value",
            "use one of the tags that the API's document lists, such as `en` or `de-DE`",
        )),
        locale => user.locale = locale.unwrap_or(user.locale),
    }
    match body.time_zone.map(|zone| zone.parse()).transpose() {
        Ok(zone) => user.time_zone = zone.unwrap_or(user.time_zone),
        Err(error) => {
            let error: domain::tenant::UnknownTimeZone = error;
            let message = error.to_string();
            errors.push(FieldError::new("/time_zone", "unknown_time_zone", message));
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors).into());
    }
    let act = UserAct {
        at: ctx.clock.now(),
        kind: EventKind::UserEdited,
        origin: client.origin(),
        detail: Value::Null,
    };
    if !ctx.table.system().edit_user(&user, &act).await? {
        return Err(Error::StaleVersion.into());
    }
    Ok(Json(UserView::from(&user)))
}
