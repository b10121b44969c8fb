//! `POST /v1/api-keys`

use std::collections::BTreeSet;

use api::permission::ManageApiKeys;
use api::{ApiKeyText, Can, Json};
use axum::extract::State;
use domain::api_key::ApiKey;
use domain::membership::Permission;
use domain::{AccountGroupId, ApiKeyId, Error, Result};
use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::CreatedApiKey;
use super::{fields, must_own};
use crate::asker::{Asker, too_busy};
use crate::fields::{checked_name, limit};
use crate::{Ctx, ROUNDS};

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApiKey {
    /// 1 to 50 characters.
    #[schema(example = "Newsroom")]
    name: String,
    /// Permissions that the caller has, by the names that the API's document gives as `x-permission`.
    #[schema(value_type = Vec<String>, example = json!(["read_posts", "schedule_posts"]))]
    scopes: Vec<Permission>,
    /// The groups whose accounts it can use; `null`, or left out, for all accounts of its maker.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    account_groups: Option<BTreeSet<AccountGroupId>>,
    /// 1 to 365, else 90.
    #[serde(default)]
    expires_in_days: Option<u16>,
    /// Up to 20 addresses or ranges such as `203.0.113.0/24`: the key is taken from there only.
    #[serde(default)]
    addresses: Vec<String>,
}

/// Makes a key for a program. It acts in the caller's tenant, never does more than the caller may at that time, and ends
/// with the caller's membership. Its secret is shown in this answer only: when it is lost, revoke the key and make
/// another.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "api keys",
    request_body = CreateApiKey,
    responses(
        (status = CREATED, description = "The key with its secret", body = CreatedApiKey),
        (status = PAYMENT_REQUIRED, description = "`plan_limit`: the tenant has 50 keys"),
        (status = FORBIDDEN, description = "`beyond_own_rights`"),
    )
)]
pub(crate) async fn create_api_key(
    State(ctx): State<Ctx>,
    caller: Can<ManageApiKeys>,
    Json(body): Json<CreateApiKey>,
) -> api::Result<(StatusCode, Json<CreatedApiKey>)> {
    let mut asker = Asker::from(caller);
    let key = ctx.wanted_key(&asker, &body)?;
    ctx.may_make(&asker, &key).await?;
    ctx.admit_api_key(&asker).await?;
    let text = ApiKeyText::generate(&*ctx.random, &key);
    let hash = ctx.gate.api_key_hash(&text).await?;
    for _ in 0..ROUNDS {
        let (tenant, act) = (ctx.tenant(&asker), ctx.act(&asker));
        let made = tenant.create_api_key(&key, hash.clone(), &asker.standing, &act);
        if made.await? {
            let created = CreatedApiKey::new(&key, text.expose());
            return Ok((StatusCode::CREATED, Json(created)));
        }
        asker = ctx.once_more::<ManageApiKeys>(&asker).await?;
        ctx.may_make(&asker, &key).await?;
    }
    Err(too_busy().into())
}

impl Ctx {
    async fn may_make(&self, asker: &Asker, key: &ApiKey) -> Result<()> {
        must_own(asker, &key.scopes)?;
        self.must_have_groups(asker, &key.limit).await
    }

    fn wanted_key(&self, asker: &Asker, body: &CreateApiKey) -> Result<ApiKey> {
        let name = checked_name(&body.name);
        let scopes = fields::scopes(&body.scopes);
        let limit = limit(body.account_groups.as_ref());
        let days = fields::days(body.expires_in_days);
        let addresses = fields::addresses(&body.addresses);
        match (name, scopes, limit, days, addresses) {
            (Ok(name), Ok(scopes), Ok(limit), Ok(days), Ok(addresses)) => {
                let now = self.clock.now();
                let life = SignedDuration::from_hours(24 * i64::from(days));
                Ok(ApiKey {
                    id: ApiKeyId::generate(self.table.ids()),
                    tenant: asker.tenant,
                    created_by: asker.user,
                    name,
                    scopes,
                    limit,
                    addresses,
                    created_at: now,
                    ends_at: now.saturating_add(life).unwrap_or(now),
                    used_at: None,
                    revoked_at: None,
                    replaced_by: None,
                })
            }
            (name, scopes, limit, days, addresses) => {
                let errors = [
                    name.err(),
                    scopes.err(),
                    limit.err(),
                    days.err(),
                    addresses.err(),
                ];
                Err(Error::Invalid(errors.into_iter().flatten().collect()))
            }
        }
    }
}
