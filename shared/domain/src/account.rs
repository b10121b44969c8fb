//! Accounts at social networks that a tenant has connected.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, TenantId, UserId};
use crate::network::NetworkId;

/// Who an account is at its network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteIdentity {
    /// The network's own stable id of the account (a DID at Bluesky); handles change, this does not.
    pub remote_id: String,
    /// The name that people type, such as `alice.example`.
    pub handle: String,
    /// The name that people see.
    pub name: String,
    /// A picture.
    pub avatar_url: Option<String>,
}

/// Whether we can publish as an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// The credentials worked when last checked.
    Connected,
    /// The network refused the credentials: a person must connect it again. Its posts are held.
    ReconnectNeeded,
    /// A person disconnected it; its waiting posts are being cancelled.
    Disconnected,
}

/// A connected account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it lives.
    pub network: NetworkId,
    /// Who it is there.
    pub identity: RemoteIdentity,
    /// Whether we can publish as it.
    pub state: AccountState,
    /// Number of the stored credential; each new one is one higher.
    pub credential_version: u32,
    /// When the credentials last worked.
    pub checked_at: Timestamp,
    /// Who connected it.
    pub connected_by: UserId,
    /// When it was first connected.
    pub created_at: Timestamp,
}
