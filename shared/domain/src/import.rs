//! Imports: what another tenant had, of the volumes of its export. Checked as a whole first, then made record by record.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::export::Counts;
use crate::id::{AccountId, ExportId, ImportId, TenantId, UserId};
use crate::network::NetworkId;
use crate::transfer::{Pace, expires_at};

/// Most volumes of an import: more than the largest tenant has.
pub const VOLUMES_MAX: usize = 1_000;
/// Most bytes of a volume: no volume of an export has as many.
pub const VOLUME_BYTES_MAX: u64 = 64 << 20;
/// Problems that an import remembers.
pub const PROBLEMS_MAX: usize = 100;
/// Steps in a row that may fail; the pauses behind them take five hours together.
pub const FAILURES_MAX: u32 = 10;

/// An import into a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Into which tenant.
    pub tenant: TenantId,
    /// Who asked for it; what is made is theirs.
    pub requested_by: UserId,
    /// When.
    pub requested_at: Timestamp,
    /// How far it is.
    pub state: ImportState,
    /// The volumes, in their order.
    pub volumes: Vec<VolumeTerms>,
    /// The next record that is read.
    pub place: Place,
    /// The volume that was read to its end last.
    pub behind: Option<ReadVolume>,
    /// Which accounts take the places of those of the export.
    pub accounts: BTreeMap<AccountId, TakenAccount>,
    /// What would be made, or was made.
    pub counts: Counts,
    /// Of its posts, those that were planned: they are drafts, and their time is left out.
    pub unscheduled_posts: u64,
    /// The bytes of its media.
    pub media_bytes: u64,
    /// What is not taken, and why: the first of it.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more_problems: u64,
    /// Why it could not go on; of one that is checked, why it would not.
    pub fault: Option<String>,
    /// When its steps are made.
    pub pace: Pace,
    /// Raised by every change.
    pub version: u64,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// The volumes are awaited.
    Uploading,
    /// The volumes are read, and nothing is made.
    Checking,
    /// All of them are in order.
    Checked,
    /// What they have is made.
    Importing,
    /// All of it is made.
    Done,
    /// It cannot go on; `fault` says why.
    Failed,
}

/// What a volume must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeTerms {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

/// A record of a volume; both from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The volume.
    pub volume: u32,
    /// The record in it.
    pub record: u32,
}

/// The account that takes the place of one of the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenAccount {
    /// Its id.
    pub id: AccountId,
    /// Where it lives: a target that is for another network is none of it.
    pub network: NetworkId,
}

/// What must be known of a volume to tell whether another one follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadVolume {
    /// The export.
    pub export: ExportId,
    /// Whose it was.
    pub tenant: TenantId,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// The volume's number, from 1.
    pub number: u32,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Whether no further one follows.
    pub is_last: bool,
    /// How many of each there are up to here.
    pub counts: Counts,
}

/// A record that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The volume's number, from 1.
    pub volume: u32,
    /// The record's line in it, from 1.
    pub line: u32,
    /// Why, for programs.
    pub code: String,
}

impl Import {
    /// An import whose volumes are awaited.
    pub fn new(
        id: ImportId,
        tenant: TenantId,
        by: UserId,
        at: Timestamp,
        volumes: Vec<VolumeTerms>,
    ) -> Self {
        Self {
            id,
            tenant,
            requested_by: by,
            requested_at: at,
            state: ImportState::Uploading,
            volumes,
            place: Place::default(),
            behind: None,
            accounts: BTreeMap::new(),
            counts: Counts::default(),
            unscheduled_posts: 0,
            media_bytes: 0,
            problems: Vec::new(),
            more_problems: 0,
            fault: None,
            pace: Pace::due_at(at),
            version: 1,
        }
    }

    /// The same from its first record on, in another state.
    #[must_use]
    pub fn begun(&self, state: ImportState) -> Self {
        Self {
            state,
            place: Place::default(),
            behind: None,
            accounts: BTreeMap::new(),
            counts: Counts::default(),
            unscheduled_posts: 0,
            media_bytes: 0,
            problems: Vec::new(),
            more_problems: 0,
            fault: None,
            pace: Pace {
                failures: 0,
                ..self.pace
            },
            ..self.clone()
        }
    }

    /// The same after a step that was made at `now`: others are next.
    #[must_use]
    pub fn stepped(self, now: Timestamp) -> Self {
        Self {
            pace: Pace::due_at(now),
            ..self
        }
    }

    /// The same while somebody makes a step, from `now` on.
    #[must_use]
    pub fn claimed(self, now: Timestamp) -> Self {
        Self {
            pace: self.pace.stepping(now),
            ..self
        }
    }

    /// Whether so many steps in a row have failed that there is no further one.
    pub fn has_failed_repeatedly(&self) -> bool {
        self.pace.failures >= FAILURES_MAX
    }

    /// The same once it cannot go on, because of this.
    #[must_use]
    pub fn stopped(self, fault: &str) -> Self {
        Self {
            state: ImportState::Failed,
            fault: Some(fault.to_owned()),
            ..self
        }
    }

    /// The same once a person has cancelled it at `now`. A step that is made right now has no effect on it any more, but
    /// may still make things until it ends.
    #[must_use]
    pub fn cancelled(self, now: Timestamp) -> Self {
        let pace = self.pace.ended(now);
        Self {
            pace,
            ..self.stopped("cancelled")
        }
    }

    /// Whether nothing else may be imported: it is under way, or was cancelled during a step that may still make things.
    pub fn is_busy(&self, now: Timestamp) -> bool {
        self.is_under_way() || self.pace.may_be_stepping(now)
    }

    /// Whether somebody must work on it.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, ImportState::Checking | ImportState::Importing)
    }

    /// Remembers that a record of the present volume is not taken.
    pub fn note(&mut self, line: u32, code: &str) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem {
                volume: self.place.volume.saturating_add(1),
                line,
                code: code.to_owned(),
            });
        } else {
            self.more_problems = self.more_problems.saturating_add(1);
        }
    }

    /// From when on it is not shown any more.
    pub fn expires_at(&self) -> Timestamp {
        expires_at(self.requested_at)
    }
}

/// The id that something of an export has after an import: always the same one, made at the same millisecond, so that a
/// repeat finds what was made, and lists keep their order. `hash` is over the import and the old id.
pub fn new_id(old: Uuid, hash: u128) -> Uuid {
    const TIME: u128 = 0xffff_ffff_ffff << 80;
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let random = hash & !(TIME | VERSION | VARIANT);
    Uuid::from_u128((old.as_u128() & TIME) | (0x7 << 76) | (0b10 << 62) | random)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn import_whose_steps_fail_waits_longer_each_time_and_ends_after_ten() {
        let now = Timestamp::UNIX_EPOCH;
        let import = Import::new(
            ImportId::from_uuid(Uuid::nil()),
            TenantId::from_uuid(Uuid::nil()),
            UserId::from_uuid(Uuid::nil()),
            now,
            Vec::new(),
        );
        let mut import = import.begun(ImportState::Importing);

        let mut minutes = Vec::new();
        for _ in 0..FAILURES_MAX {
            assert!(!import.has_failed_repeatedly());
            import = import.claimed(now);
            minutes.push(import.pace.next_at.duration_since(now).as_mins());
        }
        let recovered = import.clone().stepped(now);

        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(recovered.pace, Pace::due_at(now));
        assert!(import.has_failed_repeatedly());
        let again = import
            .stopped("failed_repeatedly")
            .begun(ImportState::Checking);
        assert_eq!((again.fault, again.pace.failures), (None, 0));
    }

    proptest! {
        #[test]
        fn new_id_is_of_the_time_of_the_old_one(old: u128, hash: u128) {
            let new = new_id(Uuid::from_u128(old), hash);

            prop_assert_eq!(new.as_u128() >> 80, old >> 80);
            prop_assert_eq!(new.get_version_num(), 7);
            prop_assert_eq!(new, new_id(Uuid::from_u128(old), hash));
        }
    }
}
