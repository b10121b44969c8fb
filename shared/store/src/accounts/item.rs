//! The stored form of an account.

use domain::account::{Account, AccountState, RemoteIdentity};
use domain::delivery::timing::after;
use domain::network::NetworkId;
use domain::{AccountId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::{instant, millis, number, optional_millis, text, value};
use crate::condition::{Action, Condition};
use crate::item::Item;
use crate::key::Key;
use crate::schema::BY_ATTENTION;
use crate::scope::TenantScope;
use crate::shard::{AttentionKind, attention_at, attention_shard};

/// The index by account lags behind the table, usually by milliseconds: only a pass that begins this long after the
/// account changed has seen all its deliveries.
const INDEX_LAG: SignedDuration = SignedDuration::from_secs(10);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccountItem {
    id: AccountId,
    ten: TenantId,
    net: NetworkId,
    rid: String,
    handle: String,
    name: String,
    #[serde(default)]
    avatar: Option<String>,
    st: AccountState,
    /// Version of the credential.
    cv: u32,
    #[serde(with = "millis")]
    checked: Timestamp,
    by: UserId,
    #[serde(with = "millis")]
    ca: Timestamp,
    kind: AttentionKind,
    /// Counts the changes of state that deliveries must follow.
    #[serde(default)]
    pub(super) turn: u64,
    /// From when the index by account shows what was there at the last turn.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    from: Option<Timestamp>,
    /// How far the deliveries of this turn are: a sort key of `by_account`.
    #[serde(default)]
    pub(super) pos: Option<String>,
}

impl AccountItem {
    /// A new account.
    pub(super) fn new(account: &Account) -> Self {
        let Account {
            id,
            tenant,
            network,
            identity,
            state,
            credential_version,
            checked_at,
            connected_by,
            created_at,
        } = account.clone();
        Self {
            id,
            ten: tenant,
            net: network,
            rid: identity.remote_id,
            handle: identity.handle,
            name: identity.name,
            avatar: identity.avatar_url,
            st: state,
            cv: credential_version,
            checked: checked_at,
            by: connected_by,
            ca: created_at,
            kind: AttentionKind::Account,
            turn: 0,
            from: None,
            pos: None,
        }
    }
}

impl AccountItem {
    /// Whether a pass over the index by account that begins at `now` sees every delivery that was there when the
    /// account changed.
    pub(super) fn is_index_current(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now)
    }
}

impl Item for AccountItem {
    const TYPE: &'static str = "account";

    fn key(&self) -> Key {
        Key::account(&TenantScope::of_own_item(self.ten), self.id)
    }
}

impl From<AccountItem> for Account {
    fn from(item: AccountItem) -> Self {
        let AccountItem {
            id,
            ten,
            net,
            rid,
            handle,
            name,
            avatar,
            st,
            cv,
            checked,
            by,
            ca,
            kind: _,
            turn: _,
            from: _,
            pos: _,
        } = item;
        Self {
            id,
            tenant: ten,
            network: net,
            identity: RemoteIdentity {
                remote_id: rid,
                handle,
                name,
                avatar_url: avatar,
            },
            state: st,
            credential_version: cv,
            checked_at: checked,
            connected_by: by,
            created_at: ca,
        }
    }
}

/// The account is still as it was read: same state, same credential.
pub(super) fn unchanged(account: &Account) -> Result<Condition> {
    Ok(Condition::All(vec![
        Condition::Equals("st", value(&account.state)?),
        Condition::Equals("cv", number(account.credential_version)),
    ]))
}

/// What a proof of the credential tells about the account.
pub(super) fn proven(identity: &RemoteIdentity, at: Timestamp) -> Vec<Action> {
    let RemoteIdentity {
        remote_id: _,
        handle,
        name,
        avatar_url,
    } = identity;
    vec![
        Action::Set("handle", text(handle)),
        Action::Set("name", text(name)),
        avatar_url.as_ref().map_or(Action::Remove("avatar"), |url| {
            Action::Set("avatar", text(url))
        }),
        Action::Set("checked", instant(at)),
    ]
}

/// Another state, which deliveries must follow from `at` on.
pub(super) fn turned(
    account: AccountId,
    state: AccountState,
    at: Timestamp,
    shards: u32,
) -> Result<Vec<Action>> {
    let from = after(at, INDEX_LAG);
    Ok(vec![
        Action::Set("st", value(&state)?),
        Action::Add("turn", number(1)),
        Action::Set("from", instant(from)),
        Action::Remove("pos"),
        Action::Set(
            BY_ATTENTION.partition,
            text(attention_shard(account.as_uuid(), shards)),
        ),
        Action::Set(BY_ATTENTION.sort, text(attention_at(from, account))),
    ])
}
