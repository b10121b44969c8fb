//! `POST /v1/api-keys/{id}/rotate`

use api::permission::ManageApiKeys;
use api::{ApiKeyText, Can, Json, Path};
use axum::extract::State;
use domain::api_key::ApiKey;
use domain::membership::Denial;
use domain::{ApiKeyId, Error, Result};
use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use store::Standing;
use utoipa::ToSchema;

use super::view::CreatedApiKey;
use super::{fields, must_own};
use crate::asker::{Asker, too_busy};
use crate::denial::denied;
use crate::{Ctx, ROUNDS};

/// How a key is replaced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateApiKey {
    /// Hours in which the old key works on, 0 to 168, else 24.
    #[serde(default)]
    overlap_hours: Option<u16>,
}

/// Makes a key that takes the place of another, with the same name, scopes, groups and addresses, and as long a life from
/// now. It belongs to the caller, who must have all that the old one is for, permissions and accounts. The old one works on
/// for some hours, so that its program can change over.
#[utoipa::path(
    post,
    path = "/v1/api-keys/{id}/rotate",
    tag = "api keys",
    params(("id" = String, Path, description = "The old key")),
    request_body = RotateApiKey,
    responses(
        (status = CREATED, description = "The new key with its secret", body = CreatedApiKey),
        (status = FORBIDDEN, description = "`beyond_own_rights`"),
        (status = CONFLICT, description = "`key_not_in_use`"),
    )
)]
pub(crate) async fn rotate_api_key(
    State(ctx): State<Ctx>,
    caller: Can<ManageApiKeys>,
    Path(id): Path<ApiKeyId>,
    Json(body): Json<RotateApiKey>,
) -> api::Result<(StatusCode, Json<CreatedApiKey>)> {
    let hours = fields::overlap_hours(body.overlap_hours);
    let hours = hours.map_err(|error| Error::Invalid(vec![error]))?;
    let mut asker = Asker::from(caller);
    let old = ctx.api_key(&asker, id).await?;
    let mut needed = ctx.may_replace(&asker, &old).await?;
    ctx.admit_api_key(&asker).await?;
    let now = ctx.clock.now();
    let new = ctx.successor(&asker, &old);
    let overlap = SignedDuration::from_hours(hours.into());
    let old_ends_at = now.saturating_add(overlap).unwrap_or(now).min(old.ends_at);
    let text = ApiKeyText::generate(&*ctx.random, &new);
    let hash = ctx.gate.api_key_hash(&text).await?;
    for _ in 0..ROUNDS {
        let (tenant, act) = (ctx.tenant(&asker), ctx.act(&asker));
        let (new_one, held) = ((&new, hash.clone()), [&asker.standing, &needed]);
        let replaced = tenant.replace_api_key(&old, new_one, old_ends_at, &held, &act);
        if replaced.await? {
            let created = CreatedApiKey::new(&new, text.expose());
            return Ok((StatusCode::CREATED, Json(created)));
        }
        asker = ctx.once_more::<ManageApiKeys>(&asker).await?;
        needed = ctx.may_replace(&asker, &old).await?;
    }
    Err(too_busy().into())
}

impl Ctx {
    /// A successor that belongs to somebody with less would not do what the old key does. What the decision rests on.
    async fn may_replace(&self, asker: &Asker, old: &ApiKey) -> Result<Standing> {
        must_own(asker, &old.scopes)?;
        let needed = self.tenant(asker).standing_of_api_key(old).await?;
        if needed.rights.accounts.is_within(&asker.rights().accounts) {
            Ok(needed)
        } else {
            Err(denied(Denial::BeyondOwnAccounts, "API key"))
        }
    }

    fn successor(&self, asker: &Asker, old: &ApiKey) -> ApiKey {
        let now = self.clock.now();
        let life = old.ends_at.duration_since(old.created_at);
        ApiKey {
            id: ApiKeyId::generate(self.table.ids()),
            created_by: asker.user,
            created_at: now,
            ends_at: now.saturating_add(life).unwrap_or(now),
            used_at: None,
            ..old.clone()
        }
    }
}
