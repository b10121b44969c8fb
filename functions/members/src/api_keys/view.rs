//! How people see a key.

use std::collections::BTreeSet;

use domain::address::AddressRange;
use domain::api_key::{ApiKey, ApiKeyState};
use domain::membership::{AccountLimit, Permission};
use domain::{AccountGroupId, ApiKeyId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A key of a program.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct ApiKeyView {
    /// Its id.
    #[schema(value_type = String, example = "key_01jd8mz0000000000000000000")]
    id: ApiKeyId,
    /// What people call it.
    name: String,
    /// What it may do, as far as its maker still may.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Permission>,
    /// The groups whose accounts it can use, as far as its maker can; `null` for all of its maker's.
    #[schema(value_type = Option<Vec<String>>)]
    account_groups: Option<BTreeSet<AccountGroupId>>,
    /// The only addresses that it is taken from; from all where there are none.
    #[schema(value_type = Vec<String>)]
    addresses: Vec<AddressRange>,
    /// `active`, `expired` or `revoked`.
    #[schema(value_type = String, example = "active")]
    state: ApiKeyState,
    /// Who made it: it ends with their membership.
    #[schema(value_type = String)]
    created_by: UserId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was used last, to within five minutes.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// The key that takes its place; it works beside it until it expires.
    #[schema(value_type = Option<String>)]
    replaced_by: Option<ApiKeyId>,
}

/// A key with its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedApiKey {
    #[serde(flatten)]
    key: ApiKeyView,
    /// Send it as `Authorization: Bearer …`. It is shown this once.
    #[schema(example = "m1_live_…")]
    secret: String,
}

/// All keys of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyList {
    /// The keys, newest first. Those that were revoked or replaced are listed for 30 days more.
    pub(crate) items: Vec<ApiKeyView>,
    /// Always `null`: the list is complete.
    pub(crate) next: Option<String>,
}

impl ApiKeyView {
    pub(crate) fn new(key: &ApiKey, now: Timestamp) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            scopes: key.scopes.iter().collect(),
            account_groups: match &key.limit {
                AccountLimit::Unlimited => None,
                AccountLimit::Groups(groups) => Some(groups.clone()),
            },
            addresses: key.addresses.clone(),
            state: key.state(now),
            created_by: key.created_by,
            created_at: key.created_at,
            expires_at: key.ends_at,
            last_used_at: key.used_at,
            replaced_by: key.replaced_by,
        }
    }
}

impl CreatedApiKey {
    pub(crate) fn new(key: &ApiKey, secret: String) -> Self {
        Self {
            key: ApiKeyView::new(key, key.created_at),
            secret,
        }
    }
}
