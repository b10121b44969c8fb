//! `GET /v1/me/passkeys`, `PATCH` and `DELETE /v1/me/passkeys/{id}`

use api::{Client, Json, Page, Path, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::EventKind;
use domain::{Error, PasskeyId, Result};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::json;
use store::{FactorChange, FactorChanged, SecretHash, UserAct};
use utoipa::ToSchema;

use super::{PasskeyView, name};
use crate::Ctx;
use crate::second_factor::TRIES;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenamePasskey {
    /// 1 to 100 characters.
    name: String,
}

/// The caller's passkeys, the oldest first.
#[utoipa::path(
    get,
    path = "/v1/me/passkeys",
    tag = "identity",
    responses((status = OK, description = "All of them", body = Page<PasskeyView>))
)]
pub(crate) async fn list_passkeys(
    State(ctx): State<Ctx>,
    caller: SignedIn,
) -> api::Result<Json<Page<PasskeyView>>> {
    let passkeys = ctx.table.system().passkeys(caller.user).await?;
    let items = passkeys.iter().map(PasskeyView::from).collect();
    Ok(Json(Page { items, next: None }))
}

/// Calls a passkey something else.
#[utoipa::path(
    patch,
    path = "/v1/me/passkeys/{id}",
    tag = "identity",
    params(("id" = String, Path)),
    request_body = RenamePasskey,
    responses((status = NO_CONTENT, description = "It has the new name"))
)]
pub(crate) async fn rename_passkey(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Path(id): Path<PasskeyId>,
    Json(body): Json<RenamePasskey>,
) -> api::Result<StatusCode> {
    let name = name(&body.name).map_err(|error| Error::Invalid(vec![error]))?;
    let act = UserAct {
        at: ctx.clock.now(),
        kind: EventKind::UserPasskeyRenamed,
        origin: client.origin(),
        detail: json!({ "passkey": id, "name": name }),
    };
    let system = ctx.table.system();
    if system.rename_passkey(caller.user, id, &name, &act).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found().into())
    }
}

/// Removes a passkey. All other sign-ins end; with the last thing that guards the account its recovery codes go, too.
#[utoipa::path(
    delete,
    path = "/v1/me/passkeys/{id}",
    tag = "identity",
    params(("id" = String, Path)),
    responses(
        (status = NO_CONTENT, description = "It signs nobody in any more"),
        (status = CONFLICT, description = "`last_second_factor`"),
    )
)]
pub(crate) async fn remove_passkey(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
    Path(id): Path<PasskeyId>,
) -> api::Result<Response> {
    for _ in 0..TRIES {
        if let Some(removed) = ctx.try_remove_passkey(&caller, &client, id).await? {
            return Ok(removed);
        }
    }
    Err(Error::StaleVersion.into())
}

impl Ctx {
    /// The answer to a removal; `None` where the person's second factors changed meanwhile.
    async fn try_remove_passkey(
        &self,
        caller: &SignedIn,
        client: &Client,
        id: PasskeyId,
    ) -> Result<Option<Response>> {
        let person = self.counted_person(caller.user).await?;
        let user = &person.user;
        let factors = self.factors(user.id).await?;
        let removed = factors.passkeys.iter().find(|passkey| passkey.id == id);
        let removed = removed.ok_or_else(not_found)?;
        self.check_last_factor(user.id, &factors).await?;
        let codes: Option<&[SecretHash]> = (factors.number() == 1).then_some(&[]);
        let outgoing = self
            .passkey_removed_mail(user, &removed.name, &client.origin())
            .await?;
        let renewed = self.renewed(&caller.credential);
        let change = FactorChange {
            credential: &caller.credential,
            session: renewed.as_ref().map(|renewed| &renewed.session),
            mail: &outgoing.owed,
            act: UserAct {
                at: self.clock.now(),
                kind: EventKind::UserPasskeyRemoved,
                origin: client.origin(),
                detail: json!({ "passkey": id, "name": removed.name }),
            },
        };
        let system = self.table.system();
        match system.remove_passkey(&person, id, codes, change).await? {
            FactorChanged::Done => {}
            FactorChanged::Overtaken => return Ok(None),
            FactorChanged::SignedOut => return Err(Error::unauthenticated()),
            FactorChanged::NotThere => return Err(not_found()),
        }
        self.send(&outgoing).await;
        let cookie = renewed.map(|renewed| [(SET_COOKIE, renewed.set_cookie)]);
        Ok(Some((StatusCode::NO_CONTENT, cookie, ()).into_response()))
    }
}

fn not_found() -> Error {
    Error::NotFound { kind: "passkey" }
}
