//! Accounts: the account itself, its sealed credential, the guard that keeps it in one tenant, its pace, and the sign-out
//! that is owed once it is disconnected.
//!
//! Every change of an account that its deliveries must follow sets the account's attention time in the same write;
//! [`deliveries`] brings them into line, from there on or from the dispatcher.

mod budget;
mod connect;
mod credential;
mod deliveries;
mod item;
mod sign_out;

use domain::account::Account;
use domain::{AccountId, Result};

pub use budget::Slot;
pub use connect::{ConnectedBy, Connection, RemoteOwner};
pub(crate) use credential::CredentialItem;
pub use credential::{RefreshReservation, SealedCredential};
pub use deliveries::{Alignment, HeldForAccount};
pub(crate) use item::AccountItem;
pub use sign_out::{OwedSignOut, SignOutEnd};

use crate::item::decode;
use crate::key::{Key, tenant_partition};
use crate::scope::TenantTable;
use crate::table::{Query, Range, key_attributes};

/// How a write that needs an account to be as it was read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It happened.
    Done,
    /// Somebody else changed the account meanwhile: read it again and decide anew.
    Stale,
}

/// Some accounts of a list.
#[derive(Debug)]
pub struct AccountPage {
    /// The accounts, oldest first.
    pub accounts: Vec<Account>,
    /// The last account that was looked at, where there are more.
    pub next: Option<AccountId>,
}

impl TenantTable<'_> {
    /// An account; also one that was disconnected, for posts of the past name it.
    pub async fn account(&self, account: AccountId) -> Result<Option<Account>> {
        if !self.scope.sees([account]) {
            return Ok(None);
        }
        let found: Option<AccountItem> =
            self.table.get(&Key::account(&self.scope, account)).await?;
        Ok(found.map(Account::from))
    }

    /// Several accounts; those that do not exist are left out.
    pub async fn accounts(&self, accounts: &[AccountId]) -> Result<Vec<Account>> {
        let keys: Vec<Key> = accounts
            .iter()
            .filter(|account| self.scope.sees([**account]))
            .map(|account| Key::account(&self.scope, *account))
            .collect();
        let found = self.table.batch_get(&keys).await?;
        found
            .into_iter()
            .map(|item| decode::<AccountItem>(item).map(Account::from))
            .collect()
    }

    /// Up to `limit` accounts after `after`, oldest first, also disconnected ones. Fewer where the scope does not reach
    /// all of them.
    pub async fn account_page(&self, after: Option<AccountId>, limit: i32) -> Result<AccountPage> {
        let partition = tenant_partition(self.scope.tenant());
        let query =
            Query::of_table(partition, Range::Prefix(Key::ACCOUNTS.to_owned())).limit(limit);
        let start = after.map(|account| key_attributes(&Key::account(&self.scope, account)));
        let page = self.table.query(&query, start).await?;
        let mut accounts = page
            .items
            .into_iter()
            .map(|item| decode::<AccountItem>(item).map(Account::from))
            .collect::<Result<Vec<_>>>()?;
        let last = accounts.last().map(|account| account.id);
        accounts.retain(|account| self.scope.sees([account.id]));
        Ok(AccountPage {
            next: page.next.and(last),
            accounts,
        })
    }
}

#[cfg(test)]
mod tests;
