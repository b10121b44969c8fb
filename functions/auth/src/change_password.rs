//! `POST /v1/me/password`

use api::{Client, DeviceCookie, Json, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::Error;
use domain::event::EventKind;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use store::{Device, PasswordChange, SecretHash, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::password::{Password, Words};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    current_password: String,
    /// 15 to 256 characters of any kind.
    new_password: String,
    /// Whether all other sign-ins end.
    #[serde(default = "yes")]
    #[schema(default = true)]
    end_other_sessions: bool,
}

fn yes() -> bool {
    true
}

/// Changes the caller's password. A browser's old session is dead from then on.
#[utoipa::path(
    post,
    path = "/v1/me/password",
    tag = "identity",
    request_body = ChangePassword,
    responses((status = NO_CONTENT, description = "The password is changed"))
)]
pub(crate) async fn change_password(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<ChangePassword>,
) -> api::Result<Response> {
    let mut known = ctx.stored_person(caller.user).await?;
    known.password.version = ctx
        .check_password(&known, &body.current_password, "/current_password")
        .await?;
    let workspaces = ctx.workspace_names(caller.user).await?;
    let words = Words::of(&known.user, &workspaces);
    let password = Password::chosen(&body.new_password, "/new_password", words)
        .map_err(|error| Error::Invalid(vec![error]))?;
    let stored = ctx
        .sealed_password(caller.user, known.password.version + 1, &password)
        .await?;
    let origin = client.origin();
    let outgoing = ctx.password_changed_mail(&known.user, &origin).await?;
    let device = DeviceCookie::of(&headers, ctx.gate.cookie());
    let device = device.filter(|device| device.user() == caller.user);
    let place = Device::place(caller.user, origin.clone(), ctx.clock.now());
    let devices: Vec<SecretHash> = device
        .map(|device| device.mark())
        .into_iter()
        .chain(place.map(|place| place.mark))
        .collect();
    let renewed = ctx.renewed(&caller.credential);
    let change = PasswordChange {
        seen: &known,
        password: stored,
        credential: &caller.credential,
        session: renewed.as_ref().map(|renewed| &renewed.session),
        ends_others: body.end_other_sessions,
        devices: &devices,
        mail: &outgoing.owed,
        act: UserAct {
            at: ctx.clock.now(),
            kind: EventKind::UserPasswordChanged,
            origin,
            detail: json!({ "ended_other_sessions": body.end_other_sessions }),
        },
    };
    ctx.table.system().change_password(change).await?;
    ctx.send(&outgoing).await;
    let cookie = renewed.map(|renewed| [(SET_COOKIE, renewed.set_cookie)]);
    Ok((StatusCode::NO_CONTENT, cookie, ()).into_response())
}
