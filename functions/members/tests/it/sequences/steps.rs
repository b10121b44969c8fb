//! What somebody tries, and which sequences of it.

use std::collections::BTreeSet;

use domain::AccountId;
use domain::membership::Permission;
use proptest::prelude::*;

use super::model::Position;

/// What kind of thing somebody tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Assign,
    Limit,
    Remove,
    Leave,
    MakeRole,
    ChangeRole,
    DeleteRole,
    MakeGroup,
    ChangeGroup,
    DeleteGroup,
    Invite,
    Resend,
    Withdraw,
    Accept,
    MakeKey,
    RotateKey,
    RevokeKey,
}

/// How often each is tried in a sequence.
pub(super) const TRIED: [(usize, Kind); 17] = [
    (5, Kind::Assign),
    (4, Kind::Limit),
    (4, Kind::Remove),
    (1, Kind::Leave),
    (2, Kind::MakeRole),
    (5, Kind::ChangeRole),
    (2, Kind::DeleteRole),
    (1, Kind::MakeGroup),
    (5, Kind::ChangeGroup),
    (3, Kind::DeleteGroup),
    (4, Kind::Invite),
    (1, Kind::Resend),
    (2, Kind::Withdraw),
    (4, Kind::Accept),
    (2, Kind::MakeKey),
    (2, Kind::RotateKey),
    (1, Kind::RevokeKey),
];

/// A step before it is known what there is: numbers choose among it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) by: usize,
    pub(super) choices: [usize; 3],
}

/// What somebody does. People are numbers; roles, groups and keys are ids.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Assign {
        whom: usize,
        role: String,
    },
    Limit {
        whom: usize,
        groups: Option<BTreeSet<String>>,
    },
    Remove {
        whom: usize,
    },
    Leave,
    MakeRole {
        permissions: BTreeSet<Permission>,
    },
    ChangeRole {
        role: String,
        permissions: BTreeSet<Permission>,
    },
    DeleteRole {
        role: String,
        replacement: Option<String>,
    },
    MakeGroup {
        accounts: BTreeSet<AccountId>,
    },
    ChangeGroup {
        group: String,
        accounts: BTreeSet<AccountId>,
    },
    DeleteGroup {
        group: String,
    },
    Invite {
        whom: usize,
        position: Position,
    },
    Resend {
        whom: usize,
    },
    Withdraw {
        whom: usize,
    },
    Accept {
        whom: usize,
    },
    MakeKey {
        scopes: BTreeSet<Permission>,
        groups: Option<BTreeSet<String>>,
    },
    RotateKey {
        key: String,
    },
    RevokeKey {
        key: String,
    },
}

impl Kind {
    /// The permission without which nobody does it. Everybody may leave; of an invitation that is accepted, whoever
    /// invited must have it.
    pub(super) fn needs(self) -> Option<Permission> {
        match self {
            Self::Leave => None,
            Self::Assign
            | Self::Limit
            | Self::Remove
            | Self::Invite
            | Self::Resend
            | Self::Withdraw
            | Self::Accept => Some(Permission::ManageMembers),
            Self::MakeRole
            | Self::ChangeRole
            | Self::DeleteRole
            | Self::MakeGroup
            | Self::ChangeGroup
            | Self::DeleteGroup => Some(Permission::ManageRoles),
            Self::MakeKey | Self::RotateKey | Self::RevokeKey => Some(Permission::ManageApiKeys),
        }
    }
}

impl Deed {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Assign { .. } => Kind::Assign,
            Self::Limit { .. } => Kind::Limit,
            Self::Remove { .. } => Kind::Remove,
            Self::Leave => Kind::Leave,
            Self::MakeRole { .. } => Kind::MakeRole,
            Self::ChangeRole { .. } => Kind::ChangeRole,
            Self::DeleteRole { .. } => Kind::DeleteRole,
            Self::MakeGroup { .. } => Kind::MakeGroup,
            Self::ChangeGroup { .. } => Kind::ChangeGroup,
            Self::DeleteGroup { .. } => Kind::DeleteGroup,
            Self::Invite { .. } => Kind::Invite,
            Self::Resend { .. } => Kind::Resend,
            Self::Withdraw { .. } => Kind::Withdraw,
            Self::Accept { .. } => Kind::Accept,
            Self::MakeKey { .. } => Kind::MakeKey,
            Self::RotateKey { .. } => Kind::RotateKey,
            Self::RevokeKey { .. } => Kind::RevokeKey,
        }
    }
}

/// Sequences in any order, by whomever, of whatever there is.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tried = TRIED.iter();
    let kinds: Vec<Kind> = tried
        .flat_map(|(times, kind)| std::iter::repeat_n(*kind, *times))
        .collect();
    let number = || 0..10_000_usize;
    let numbers =
        proptest::collection::vec((number(), [number(), number(), number()]), kinds.len());
    (Just(kinds).prop_shuffle(), numbers).prop_map(|(kinds, numbers)| {
        let each = kinds.into_iter().zip(numbers);
        each.map(|(kind, (by, choices))| Step { kind, by, choices })
            .collect()
    })
}
