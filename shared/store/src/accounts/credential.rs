//! The sealed credential of an account.

use domain::account::{Account, AccountState, RemoteIdentity};
use domain::event::{EventKind, Subject};
use domain::notice::{Notice, NoticeCause};
use domain::{AccountId, Result, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Saved;
use super::item::{proven, turned, unchanged};
use crate::attribute::{base64_bytes, instant, number, optional_millis, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, encode};
use crate::key::Key;
use crate::notices::{notice, notice_write};
use crate::scope::{TenantScope, TenantTable};
use crate::table::Written;
use crate::transaction::Transacted;

/// Longer than a refresh can take (two calls of 30 s, where a server first names a nonce), so that whoever is still at it
/// is alone.
const REFRESH_RESERVED: SignedDuration = SignedDuration::from_secs(90);

/// A credential as it is stored: sealed for this account and this version, so that it opens nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCredential {
    /// Counts from 1; equal to the account's `credential_version`.
    pub version: u32,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// Somebody's right to refresh a credential, alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshReservation {
    /// Of the credential of this version.
    version: u32,
    /// Until when; nobody else's is until then.
    until: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CredentialItem {
    ten: TenantId,
    acc: AccountId,
    ver: u32,
    #[serde(with = "base64_bytes")]
    sealed: Vec<u8>,
    /// When its account was disconnected: it is of no use from then on but to tell the network so.
    #[serde(default, with = "optional_millis")]
    pub(super) since: Option<Timestamp>,
    /// When the network may be told next.
    #[serde(default, with = "optional_millis")]
    pub(super) nb: Option<Timestamp>,
    /// How often somebody began to tell it.
    #[serde(default)]
    pub(super) tries: Option<u32>,
}

impl Item for CredentialItem {
    const TYPE: &'static str = "credential";

    fn key(&self) -> Key {
        Key::credential(&TenantScope::of_own_item(self.ten), self.acc)
    }
}

impl CredentialItem {
    pub(crate) fn account(&self) -> AccountId {
        self.acc
    }

    /// What acts as the account; `None` once it is disconnected.
    pub(crate) fn in_use(self) -> Option<SealedCredential> {
        self.since.is_none().then(|| self.into())
    }
}

impl From<CredentialItem> for SealedCredential {
    fn from(item: CredentialItem) -> Self {
        Self {
            version: item.ver,
            sealed: item.sealed,
        }
    }
}

impl TenantTable<'_> {
    /// The account's credential; `None` once it is disconnected.
    pub async fn load_credential(&self, account: AccountId) -> Result<Option<SealedCredential>> {
        let key = Key::credential(&self.scope, account);
        let found: Option<CredentialItem> = self.table.get(&key).await?;
        Ok(found.and_then(CredentialItem::in_use))
    }

    /// Reserves the refresh of the account's credential, as it was read, until then: where a refresh token is good for
    /// one use, nobody else may use it meanwhile. The next credential ends the reservation; whose use the network refuses
    /// gives it back. `None` where somebody else has it, or the account has another credential by now.
    pub async fn reserve_refresh(
        &self,
        account: AccountId,
        version: u32,
        now: Timestamp,
    ) -> Result<Option<RefreshReservation>> {
        let until = now.saturating_add(REFRESH_RESERVED).unwrap_or(now);
        let is_free = Condition::All(vec![
            Condition::Equals("ver", number(version)),
            Condition::Any(vec![
                Condition::Absent("refresh"),
                Condition::AtMost("refresh", instant(now)),
            ]),
        ]);
        let key = Key::credential(&self.scope, account);
        let write = Write::update(key, vec![Action::Set("refresh", instant(until))]).when(is_free);
        Ok(match self.table.write(write).await? {
            Written::Applied(_) => Some(RefreshReservation { version, until }),
            Written::Refused(_) => None,
        })
    }

    /// Gives a reservation back, of a refresh that the network refused: whoever asks next need not wait. Does nothing
    /// where it was over, and somebody else has reserved or made the refresh by now.
    pub async fn release_refresh(
        &self,
        account: AccountId,
        RefreshReservation { version, until }: RefreshReservation,
    ) -> Result<()> {
        let key = Key::credential(&self.scope, account);
        let is_ours = Condition::All(vec![
            Condition::Equals("ver", number(version)),
            Condition::Equals("refresh", instant(until)),
        ]);
        let write = Write::update(key, vec![Action::Remove("refresh")]).when(is_ours);
        self.table.write(write).await.map(drop)
    }

    /// Stores a credential that the network refreshed, one version above that of `account`. [`Saved::Stale`] where
    /// another refresh was first: load that one and go on with it; and where the account is disconnected.
    pub async fn save_refreshed_credential(
        &self,
        account: &Account,
        credential: &SealedCredential,
    ) -> Result<Saved> {
        if account.state == AccountState::Disconnected {
            return Ok(Saved::Stale);
        }
        let update = Write::update(
            Key::account(&self.scope, account.id),
            vec![Action::Set("cv", number(credential.version))],
        )
        .when(unchanged(account)?);
        self.saved(vec![update, self.put_credential(account.id, credential)?])
            .await
    }

    /// The credential works, as `identity`. A credential that came back changed is stored with it; a working credential
    /// of an account that needed one resumes the account and must come with the next version.
    pub async fn save_check(
        &self,
        account: &Account,
        identity: &RemoteIdentity,
        changed: Option<&SealedCredential>,
        act: &Act,
    ) -> Result<Saved> {
        let mut actions = proven(identity, act.at);
        let mut writes = Vec::new();
        if let Some(credential) = changed {
            actions.push(Action::Set("cv", number(credential.version)));
            writes.push(self.put_credential(account.id, credential)?);
        }
        let kind = if account.state == AccountState::ReconnectNeeded {
            actions.extend(turned(
                account.id,
                AccountState::Connected,
                act.at,
                self.table.settings.shards,
            )?);
            EventKind::AccountReconnected
        } else {
            EventKind::AccountChecked
        };
        let subject = Subject::Account(account.id);
        let detail = json!({ "handle": identity.handle });
        writes.push(self.event_write(act, kind, subject, detail)?);
        let update =
            Write::update(Key::account(&self.scope, account.id), actions).when(unchanged(account)?);
        writes.push(update);
        self.saved(writes).await
    }

    /// The network refused the credential of this version: a person must connect the account again, is told so once,
    /// and the account's posts are held until then. Answers with the mail that is owed because of it; with none where the
    /// account has another credential by now, needs one already, or was disconnected.
    pub async fn mark_reconnect_needed(
        &self,
        account: AccountId,
        credential_version: u32,
        act: &Act,
    ) -> Result<Option<Notice>> {
        let Some(owner) = self.account(account).await? else {
            return Ok(None);
        };
        let is_this_credential = Condition::All(vec![
            Condition::Equals("cv", number(credential_version)),
            Condition::Equals("st", value(&AccountState::Connected)?),
        ]);
        let shards = self.table.settings.shards;
        let update = Write::update(
            Key::account(&self.scope, account),
            turned(account, AccountState::ReconnectNeeded, act.at, shards)?,
        )
        .when(is_this_credential);
        let cause = NoticeCause::ReconnectNeeded {
            account,
            credential_version,
        };
        let tenant = self.scope.tenant();
        let notice = notice(Some(tenant), owner.connected_by, cause, act.at)?;
        let detail = json!({ "credential_version": credential_version });
        let subject = Subject::Account(account);
        let writes = vec![
            update,
            notice_write(shards, &notice)?,
            self.event_write(act, EventKind::AccountReconnectNeeded, subject, detail)?,
        ];
        Ok(match self.saved(writes).await? {
            Saved::Done => Some(notice),
            // Somebody else has marked it.
            Saved::Stale => None,
        })
    }

    pub(super) fn put_credential(
        &self,
        account: AccountId,
        credential: &SealedCredential,
    ) -> Result<Write> {
        let item = CredentialItem {
            ten: self.scope.tenant(),
            acc: account,
            ver: credential.version,
            sealed: credential.sealed.clone(),
            since: None,
            nb: None,
            tries: None,
        };
        Ok(Write::put(item.key(), encode(&item)?))
    }

    pub(super) async fn saved(&self, writes: Vec<Write>) -> Result<Saved> {
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => Saved::Done,
            Transacted::Refused(_) => Saved::Stale,
        })
    }
}
