//! What somebody may do, as pairs of a permission and where it is of use: what two people have can be compared by these
//! alone, where permissions and accounts apart would hide that each has the other's.

use std::collections::{BTreeMap, BTreeSet};

use domain::AccountId;
use domain::membership::Permission;

/// Where a permission is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// In the tenant, for what is about no account.
    Tenant,
    /// On an account.
    Account(AccountId),
    /// On accounts that are connected later.
    Later,
}

/// Somebody's rights.
pub(super) type Pairs = BTreeSet<(Permission, Place)>;

/// Who, or what, has rights.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// A person, by their number.
    Person(usize),
    /// The open invitation of a person: it has what they would get by it now.
    Invitation(usize),
    /// An API key, by its id.
    Key(String),
}

/// The rights of all holders.
pub(super) type Rights = BTreeMap<Holder, Pairs>;

/// Permissions at some accounts, or at all of those that there are and will be.
pub(super) fn pairs(
    permissions: &BTreeSet<Permission>,
    reach: Option<&BTreeSet<AccountId>>,
    all: &BTreeSet<AccountId>,
) -> Pairs {
    let accounts = reach.unwrap_or(all).iter().copied().map(Place::Account);
    let later = reach.is_none().then_some(Place::Later);
    let places: Vec<Place> = accounts.chain([Place::Tenant]).chain(later).collect();
    let each = permissions.iter();
    each.flat_map(|permission| places.iter().map(|place| (*permission, *place)))
        .collect()
}

/// What a holder has; nothing for one that is not there.
pub(super) fn of(rights: &Rights, holder: &Holder) -> Pairs {
    rights.get(holder).cloned().unwrap_or_default()
}
