//! `GET`, `POST` and `DELETE /v1/tenants/{id}/encryption-key`: whoever may take all secrets from the tenant may name the
//! key without which they are gone.

use api::permission::DeleteTenant;
use api::{CanIn, Json, Path};
use axum::extract::State;
use domain::{Error, KeyRefusal, KmsKeyArn, Result, TenantId, WrappingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Act, KeyRotation, Member, Saved};
use utoipa::ToSchema;

use crate::fields::present;
use crate::{Ctx, TRIES};

const FIELD: &str = "/kms_key_arn";

/// What wraps the tenant's keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EncryptionKey)]
pub(crate) struct EncryptionKeyView {
    /// The tenant's own key; `null` for the product's.
    #[schema(value_type = Option<String>)]
    kms_key_arn: Option<KmsKeyArn>,
    /// `active`, or `pending` while something is still sealed under keys that another key wraps.
    #[schema(value_type = String, example = "active")]
    state: WrappingState,
    /// How many secrets that is; `null` until they were counted.
    remaining: Option<u32>,
    /// Why the tenant's own key cannot be used now: `key_access_denied`, `key_disabled`, …; `null` where it can.
    #[schema(value_type = Option<String>, example = "key_disabled")]
    problem: Option<&'static str>,
    /// The statement that the policy of a key of the tenant's own must have.
    #[schema(value_type = Object)]
    key_policy_statement: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum WrappingState {
    Active,
    Pending,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameEncryptionKey {
    /// The ARN of a symmetric key of AWS KMS, not of an alias.
    // Whoever may not name a key hears that first, whatever they send.
    #[serde(default, deserialize_with = "present")]
    #[schema(
        required = true,
        value_type = String,
        example = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    )]
    kms_key_arn: Option<String>,
}

/// What wraps the tenant's keys, and whether it can be used now. For owners.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}/encryption-key",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses((status = OK, description = "The key", body = EncryptionKeyView))
)]
pub(crate) async fn get_encryption_key(
    State(ctx): State<Ctx>,
    caller: CanIn<DeleteTenant>,
    Path(id): Path<TenantId>,
) -> api::Result<Json<EncryptionKeyView>> {
    let member = ctx.member(&caller, id).await?;
    Ok(Json(ctx.view_key(&member).await?))
}

/// Wraps the tenant's keys by a key of its own from now on, once it is proven that it can be used. What is stored is
/// sealed anew within half an hour, and nothing waits for it. Whoever then disables that key, or takes the right away,
/// holds up everything that needs the tenant's credentials until it is back.
#[utoipa::path(
    post,
    path = "/v1/tenants/{id}/encryption-key",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    request_body = NameEncryptionKey,
    responses((status = OK, description = "The key", body = EncryptionKeyView))
)]
pub(crate) async fn name_encryption_key(
    State(ctx): State<Ctx>,
    caller: CanIn<DeleteTenant>,
    Path(id): Path<TenantId>,
    Json(body): Json<NameEncryptionKey>,
) -> api::Result<Json<EncryptionKeyView>> {
    ctx.member(&caller, id).await?;
    let missing = || Error::field(FIELD, "missing_field", "missing field `kms_key_arn`");
    let arn = body.kms_key_arn.ok_or_else(missing)?.parse::<KmsKeyArn>();
    let arn = arn.map_err(|error| Error::field(FIELD, "invalid_key_arn", error.to_string()))?;
    ctx.prove_key(id, &arn).await?;
    Ok(Json(ctx.name_key(&caller, id, Some(&arn)).await?))
}

/// Wraps the tenant's keys by the product's key again. The tenant's own is needed until nothing rests on it any more.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{id}/encryption-key",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses((status = OK, description = "The key", body = EncryptionKeyView))
)]
pub(crate) async fn remove_encryption_key(
    State(ctx): State<Ctx>,
    caller: CanIn<DeleteTenant>,
    Path(id): Path<TenantId>,
) -> api::Result<Json<EncryptionKeyView>> {
    Ok(Json(ctx.name_key(&caller, id, None).await?))
}

impl Ctx {
    async fn prove_key(&self, tenant: TenantId, arn: &KmsKeyArn) -> Result<()> {
        match self.own_keys.prove(tenant, arn).await {
            Err(Error::OwnKeyRefused { refusal, .. }) => {
                let message = match refusal {
                    KeyRefusal::AccessDenied => {
                        let statement = self.own_keys.statement(tenant);
                        format!("add this statement to the policy of the key: {statement}")
                    }
                    other => other.to_string(),
                };
                Err(Error::field(FIELD, refusal.code(), message))
            }
            other => other,
        }
    }

    /// What is wrong with the key, as far as the key service says now.
    async fn problem_of_key(
        &self,
        tenant: TenantId,
        arn: &KmsKeyArn,
    ) -> Result<Option<&'static str>> {
        match self.own_keys.prove(tenant, arn).await {
            Ok(()) | Err(Error::Unavailable { .. }) => Ok(None),
            Err(Error::OwnKeyRefused { refusal, .. }) => Ok(Some(refusal.code())),
            Err(error) => Err(error),
        }
    }

    async fn name_key(
        &self,
        caller: &CanIn<DeleteTenant>,
        id: TenantId,
        own: Option<&KmsKeyArn>,
    ) -> Result<EncryptionKeyView> {
        for _ in 0..TRIES {
            let member = self.member(caller, id).await?;
            let table = self.table.tenant(&member.scope);
            let seen = table.named_key().await?;
            if seen.own.as_ref() == own {
                return self.view_key(&member).await;
            }
            let keys = self.table.system().key_rotation(id).await?;
            let act = Act {
                actor: caller.person.actor(),
                at: self.clock.now(),
            };
            let named = table
                .name_key(&seen, own.cloned(), keys.as_ref(), &member.standing, &act)
                .await?;
            if named == Saved::Done {
                // It was proven right before, and a look that fails now would deny what was done.
                return Ok(self.key_view(id, own.cloned(), keys.as_ref(), None));
            }
        }
        Err(Error::StaleVersion)
    }

    async fn view_key(&self, member: &Member) -> Result<EncryptionKeyView> {
        let id = member.tenant.id;
        let own = self.table.tenant(&member.scope).named_key().await?.own;
        let keys = self.table.system().key_rotation(id).await?;
        let problem = match &own {
            None => None,
            Some(arn) => self.problem_of_key(id, arn).await?,
        };
        Ok(self.key_view(id, own, keys.as_ref(), problem))
    }

    fn key_view(
        &self,
        id: TenantId,
        own: Option<KmsKeyArn>,
        keys: Option<&KeyRotation>,
        problem: Option<&'static str>,
    ) -> EncryptionKeyView {
        let wrapping = WrappingKey::from(own.clone());
        let pending = keys.filter(|keys| !keys.is_wrapped_by(&wrapping));
        let (state, remaining) = match pending {
            None => (WrappingState::Active, Some(0)),
            Some(keys) if keys.newest.wrapped_by == wrapping => (WrappingState::Pending, keys.left),
            Some(_) => (WrappingState::Pending, None),
        };
        EncryptionKeyView {
            kms_key_arn: own,
            state,
            remaining,
            problem,
            key_policy_statement: self.own_keys.statement(id),
        }
    }
}
