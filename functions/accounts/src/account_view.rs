//! How callers see an account.

use domain::account::{Account, AccountState};
use serde::Serialize;
use utoipa::ToSchema;

/// A connected account.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountView {
    /// Its id.
    #[schema(example = "acc_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// The network.
    #[schema(example = "bluesky")]
    network: String,
    /// The network's own stable id of it.
    remote_id: String,
    /// The name that people type.
    handle: String,
    /// The name that people see.
    name: String,
    /// A picture.
    avatar_url: Option<String>,
    /// `connected`, or `reconnect_needed` once the network refused the credentials: its posts are held until then;
    /// `disconnected` only where a connecting call is repeated after the account was disconnected.
    #[schema(value_type = String, example = "connected")]
    state: AccountState,
    /// When the credentials last worked.
    #[schema(value_type = String, format = DateTime)]
    checked_at: jiff::Timestamp,
    /// Who connected it.
    connected_by: String,
    /// When it was first connected.
    #[schema(value_type = String, format = DateTime)]
    created_at: jiff::Timestamp,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let Account {
            id,
            tenant: _,
            network,
            identity,
            state,
            credential_version: _,
            checked_at,
            connected_by,
            created_at,
        } = account;
        Self {
            id: id.to_string(),
            network: network.into(),
            remote_id: identity.remote_id,
            handle: identity.handle,
            name: identity.name,
            avatar_url: identity.avatar_url,
            state,
            checked_at,
            connected_by: connected_by.to_string(),
            created_at,
        }
    }
}
