//! Connecting and disconnecting.

use std::fmt;
use std::str::FromStr;

use domain::account::{Account, AccountState, RemoteIdentity};
use domain::event::{EventKind, Subject};
use domain::network::NetworkId;
use domain::{AccountId, Error, Result, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Saved;
use super::credential::SealedCredential;
use super::item::{AccountItem, proven, turned, unchanged};
use crate::attribute::{number, text};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::idempotency::IdempotencyClaim;
use crate::item::{Item, encode};
use crate::key::{Counter, Key};
use crate::scope::TenantTable;
use crate::table::Written;
use crate::transaction::Transacted;
use crate::usage::{Demand, release};

/// Before the account that a key gave another credential.
const AGAIN: &str = "again ";

/// Keeps a remote account in one tenant, as one account.
#[derive(Debug, Serialize, Deserialize)]
struct GuardItem {
    net: NetworkId,
    rid: String,
    ten: TenantId,
    acc: AccountId,
}

impl Item for GuardItem {
    const TYPE: &'static str = "remote_account";

    fn key(&self) -> Key {
        Key::remote_account(&self.net, &self.rid)
    }
}

/// Where a remote account is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteOwner {
    /// Nowhere.
    Nobody,
    /// In this tenant, as this account.
    Ours(AccountId),
    /// In another tenant.
    Another,
}

/// What an idempotency key of a connection stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectedBy {
    /// The key's request connected the account.
    First(AccountId),
    /// It was connected, and got the credential of the key's request.
    Again(AccountId),
}

/// An account that is to be connected for the first time.
#[derive(Debug)]
pub struct Connection<'a> {
    /// The account.
    pub account: &'a Account,
    /// Its credential, of version 1.
    pub credential: &'a SealedCredential,
    /// The most accounts that the tenant may have.
    pub limit: u64,
    /// The caller's idempotency key.
    pub claim: Option<&'a IdempotencyClaim>,
}

impl fmt::Display for ConnectedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First(account) => write!(f, "{account}"),
            Self::Again(account) => write!(f, "{AGAIN}{account}"),
        }
    }
}

impl FromStr for ConnectedBy {
    type Err = <AccountId as FromStr>::Err;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.strip_prefix(AGAIN) {
            Some(account) => account.parse().map(Self::Again),
            None => text.parse().map(Self::First),
        }
    }
}

impl TenantTable<'_> {
    /// Where a remote account is connected.
    pub async fn remote_owner(&self, network: &NetworkId, remote_id: &str) -> Result<RemoteOwner> {
        let key = Key::remote_account(network, remote_id);
        let guard: Option<GuardItem> = self.table.get(&key).await?;
        Ok(match guard {
            None => RemoteOwner::Nobody,
            Some(guard) if guard.ten == self.scope.tenant() => RemoteOwner::Ours(guard.acc),
            Some(_) => RemoteOwner::Another,
        })
    }

    /// Connects an account that is connected nowhere. [`Saved::Stale`] where somebody else connected it meanwhile, or
    /// used the idempotency key.
    pub async fn connect_account(&self, new: &Connection<'_>, act: &Act) -> Result<Saved> {
        let account = new.account;
        let guard = GuardItem {
            net: account.network.clone(),
            rid: account.identity.remote_id.clone(),
            ten: self.scope.tenant(),
            acc: account.id,
        };
        let demand = Demand {
            counter: Counter::Accounts,
            amount: 1,
            limit: new.limit,
        };
        let item = AccountItem::new(account);
        let detail = json!({
            "network": account.network,
            "remote_id": account.identity.remote_id,
            "handle": account.identity.handle,
        });
        let mut writes = vec![
            demand.write(&self.scope)?,
            Write::put(guard.key(), encode(&guard)?).when(Condition::item_absent()),
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.put_credential(account.id, new.credential)?,
            self.event_write(
                act,
                EventKind::AccountConnected,
                Subject::Account(account.id),
                detail,
            )?,
        ];
        if let Some(claim) = new.claim {
            writes.push(self.claim(claim, &ConnectedBy::First(account.id), act.at)?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(Saved::Done),
            // Somebody else's account that counts against the limit may be this very one: look again first.
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == 0) => {
                Err(demand.refusal())
            }
            Transacted::Refused(_) => Ok(Saved::Stale),
        }
    }

    /// Stores an account of another tenant's past, which posts of the past name: it is connected nowhere, and counts for
    /// nothing. May be repeated.
    pub async fn import_account(&self, account: &Account, act: &Act) -> Result<()> {
        let item = AccountItem::new(account);
        let detail = json!({ "network": account.network, "handle": account.identity.handle });
        let subject = Subject::Account(account.id);
        let writes = vec![
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(act, EventKind::AccountImported, subject, detail)?,
        ];
        match self.table.transact(writes).await? {
            // Refused where it was stored before.
            Transacted::Done | Transacted::Refused(_) => Ok(()),
        }
    }

    /// Gives an account, as it was read, a credential of the next version; its held posts resume. [`Saved::Stale`]
    /// where it changed meanwhile, or somebody else used the idempotency key.
    pub async fn reconnect_account(
        &self,
        account: &Account,
        identity: &RemoteIdentity,
        credential: &SealedCredential,
        claim: Option<&IdempotencyClaim>,
        act: &Act,
    ) -> Result<Saved> {
        let mut actions = proven(identity, act.at);
        actions.push(Action::Set("cv", number(credential.version)));
        let shards = self.table.settings.shards;
        actions.extend(turned(account.id, AccountState::Connected, act.at, shards)?);
        let update =
            Write::update(Key::account(&self.scope, account.id), actions).when(unchanged(account)?);
        let subject = Subject::Account(account.id);
        let detail = json!({ "handle": identity.handle });
        let mut writes = vec![
            update,
            self.put_credential(account.id, credential)?,
            self.event_write(act, EventKind::AccountReconnected, subject, detail)?,
        ];
        if let Some(claim) = claim {
            writes.push(self.claim(claim, &ConnectedBy::Again(account.id), act.at)?);
        }
        self.saved(writes).await
    }

    /// Disconnects an account, as it was read: nothing opens its credential any more but to end its session at the
    /// network, which is owed from now on; the remote account is free to be connected elsewhere, and its waiting posts are
    /// cancelled.
    pub async fn disconnect_account(&self, account: &Account, act: &Act) -> Result<Saved> {
        if account.state == AccountState::Disconnected {
            return Err(Error::NotFound { kind: "account" });
        }
        let mut writes = self.disconnection(account, act)?;
        let credential = writes.len();
        writes.push(self.owe_sign_out(account.id, act.at)?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(Saved::Done),
            // Without a credential there is no session to end, and no reason to stay connected.
            Transacted::Refused(refused)
                if refused
                    .iter()
                    .all(|write| write.index == credential && write.old.is_none()) =>
            {
                self.saved(self.disconnection(account, act)?).await
            }
            Transacted::Refused(_) => Ok(Saved::Stale),
        }
    }

    fn disconnection(&self, account: &Account, act: &Act) -> Result<Vec<Write>> {
        let shards = self.table.settings.shards;
        let update = Write::update(
            Key::account(&self.scope, account.id),
            turned(account.id, AccountState::Disconnected, act.at, shards)?,
        )
        .when(unchanged(account)?);
        let subject = Subject::Account(account.id);
        let detail = json!({ "handle": account.identity.handle });
        Ok(vec![
            update,
            self.unguarded(account),
            Write::delete(Key::account_budget(&self.scope, account.id)),
            release(&self.scope, Counter::Accounts, 1),
            self.event_write(act, EventKind::AccountDisconnected, subject, detail)?,
        ])
    }

    /// Frees the remote account of an account that is about to be erased, if it still has it.
    pub(crate) async fn free_remote_account(&self, account: &Account) -> Result<()> {
        let _: Written = self.table.write(self.unguarded(account)).await?;
        Ok(())
    }

    /// Without its guard a remote account can be connected anywhere. The one of another account stays.
    fn unguarded(&self, account: &Account) -> Write {
        let guard = Key::remote_account(&account.network, &account.identity.remote_id);
        Write::delete(guard).when(Condition::All(vec![
            Condition::Equals("ten", text(self.scope.tenant())),
            Condition::Equals("acc", text(account.id)),
        ]))
    }
}
