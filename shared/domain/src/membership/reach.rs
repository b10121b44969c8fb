//! The accounts that somebody can see and use.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::id::AccountId;

/// Some or all accounts of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountReach {
    /// All of them.
    All,
    /// These; there is nothing else for whoever has it.
    Only(Arc<BTreeSet<AccountId>>),
}

impl AccountReach {
    /// These accounts.
    pub fn only(accounts: impl IntoIterator<Item = AccountId>) -> Self {
        Self::Only(Arc::new(accounts.into_iter().collect()))
    }

    /// Whether the account is among them.
    pub fn includes(&self, account: AccountId) -> bool {
        match self {
            Self::All => true,
            Self::Only(accounts) => accounts.contains(&account),
        }
    }

    /// Whether all of these accounts are among them.
    pub fn includes_all(&self, accounts: impl IntoIterator<Item = AccountId>) -> bool {
        match self {
            Self::All => true,
            Self::Only(_) => accounts.into_iter().all(|account| self.includes(account)),
        }
    }

    /// Those that are in both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, common) | (common, Self::All) => common.clone(),
            (Self::Only(accounts), Self::Only(others)) => {
                Self::only(accounts.intersection(others).copied())
            }
        }
    }

    /// Whether all of them are in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::All) => true,
            (Self::All, Self::Only(_)) => false,
            (Self::Only(accounts), Self::Only(others)) => accounts.is_subset(others),
        }
    }
}
