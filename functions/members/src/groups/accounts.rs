//! Which accounts a group gets.

use std::collections::BTreeSet;

use domain::account::AccountState;
use domain::membership::GROUP_ACCOUNTS_MAX;
use domain::{AccountId, Error, FieldError, Result};

use crate::Ctx;
use crate::asker::Asker;

impl Ctx {
    /// The accounts of a group that is to have those that are `wanted`. They must be connected, and exist for the caller;
    /// what it had `before` and is disconnected by now leaves it.
    pub(super) async fn group_accounts(
        &self,
        asker: &Asker,
        wanted: &BTreeSet<AccountId>,
        before: &BTreeSet<AccountId>,
    ) -> Result<BTreeSet<AccountId>> {
        // However many are named, no more are read.
        if wanted.difference(before).count() > GROUP_ACCOUNTS_MAX {
            return Err(too_many());
        }
        let ids: Vec<AccountId> = wanted.iter().copied().collect();
        let found = self.tenant(asker).accounts(&ids).await?.into_iter();
        let connected = found
            .filter(|account| account.state != AccountState::Disconnected)
            .map(|account| account.id);
        settled(wanted, before, connected.collect())
    }
}

fn settled(
    wanted: &BTreeSet<AccountId>,
    before: &BTreeSet<AccountId>,
    connected: BTreeSet<AccountId>,
) -> Result<BTreeSet<AccountId>> {
    let missing: Vec<FieldError> = wanted
        .iter()
        .enumerate()
        .filter(|(_, id)| !connected.contains(id) && !before.contains(id))
        .map(|(place, _)| {
            FieldError::new(
                format!("/account_ids/{place}"),
                "not_found",
                "there is no such account",
            )
        })
        .collect();
    if !missing.is_empty() {
        Err(Error::UnknownReference(missing))
    } else if connected.len() > GROUP_ACCOUNTS_MAX {
        Err(too_many())
    } else {
        Ok(connected)
    }
}

fn too_many() -> Error {
    Error::field(
        "/account_ids",
        "too_many",
        format!("name at most {GROUP_ACCOUNTS_MAX} accounts"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(numbers: std::ops::Range<u32>) -> BTreeSet<AccountId> {
        let ids = numbers.map(|number| format!("acc_{number:026}"));
        ids.map(|id| id.parse().unwrap()).collect()
    }

    #[test]
    fn group_that_is_full_gets_no_account_beside_those_that_it_has() {
        let full = accounts(0..500);
        let more = accounts(0..501);

        assert_eq!(settled(&full, &full, full.clone()).unwrap(), full);
        let refused = settled(&more, &full, more.clone()).unwrap_err();
        assert_eq!(refused.code(), "invalid_request");
    }

    #[test]
    fn group_gives_the_places_of_disconnected_accounts_to_others() {
        let (before, wanted) = (accounts(0..500), accounts(0..510));
        let connected = accounts(10..510);

        let settled = settled(&wanted, &before, connected.clone());

        assert_eq!(settled.unwrap(), connected);
    }

    #[test]
    fn account_that_is_new_in_a_group_must_be_connected() {
        let (before, wanted) = (accounts(0..2), accounts(0..4));

        let refused = settled(&wanted, &before, accounts(1..3)).unwrap_err();

        let Error::UnknownReference(missing) = refused else {
            panic!("{refused}");
        };
        assert_eq!(missing.len(), 1);
        assert_eq!(missing[0].pointer, "/account_ids/3");
    }
}
