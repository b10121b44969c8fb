//! Imports into tenants: how far each is.

use std::collections::BTreeMap;

use domain::event::{EventKind, Subject};
use domain::export::Counts;
use domain::import::{Import, ImportState, Place, Problem, ReadVolume, TakenAccount, VolumeTerms};
use domain::{AccountId, Error, ImportId, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::head::{Head, Kept, id_taken};
use super::turn::{ImportTurn, take_turn};
use crate::attribute::{Attributes, number};
use crate::condition::{Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode, is};
use crate::key::Key;
use crate::scope::{TenantScope, TenantTable};
use crate::shard::AttentionKind;
use crate::table::Written;
use crate::transaction::Transacted;

/// Imports of a tenant that are listed: at most ten at once, and ten more in every day, are announced, and they leave after
/// a week.
const LISTED_MAX: i32 = 100;

/// How the beginning of an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportBegun {
    /// It has begun.
    Done,
    /// It was changed since it was read.
    Changed,
    /// Somebody announced or began another one since the turn was read.
    TurnTaken,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ImportItem {
    #[serde(flatten)]
    head: Head<ImportId>,
    state: ImportState,
    vols: Vec<VolumeTerms>,
    place: Place,
    #[serde(default)]
    behind: Option<ReadVolume>,
    accs: BTreeMap<AccountId, TakenAccount>,
    counts: Counts,
    #[serde(default, skip_serializing_if = "is_zero")]
    unsched: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    media: u64,
    problems: Vec<Problem>,
    more: u64,
    #[serde(default)]
    fault: Option<String>,
    ver: u64,
}

impl Item for ImportItem {
    const TYPE: &'static str = "import";

    fn key(&self) -> Key {
        Key::import(&TenantScope::of_own_item(self.head.ten), self.head.id)
    }

    /// It wants attention while somebody must work on it.
    fn index_keys(&self) -> Vec<(&'static str, String)> {
        self.head.index_keys(match self.state {
            ImportState::Checking | ImportState::Importing => true,
            ImportState::Uploading
            | ImportState::Checked
            | ImportState::Done
            | ImportState::Failed => false,
        })
    }
}

impl Kept for Import {
    type Item = ImportItem;

    fn expires_at(&self) -> Timestamp {
        self.expires_at()
    }
}

impl TenantTable<'_> {
    /// Stores a new import, which takes the turn. Answers whether it did: if not, somebody took it since it was read.
    pub async fn create_import(
        &self,
        import: &Import,
        turn: &ImportTurn,
        act: &Act,
    ) -> Result<bool> {
        let item = ImportItem::from(import);
        let subject = Subject::Import(import.id);
        let writes = vec![
            take_turn(import, turn)?,
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(act, EventKind::ImportRequested, subject, Value::Null)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == 0) => {
                Ok(false)
            }
            Transacted::Refused(_) => Err(id_taken()),
        }
    }

    /// An import that is still shown.
    pub async fn import(&self, id: ImportId, now: Timestamp) -> Result<Option<Import>> {
        self.kept(&Key::import(&self.scope, id), now).await
    }

    /// All of them, newest first.
    pub async fn imports(&self, now: Timestamp) -> Result<Vec<Import>> {
        self.newest_kept("IMP#", LISTED_MAX, now).await
    }

    /// Begins the check or the making of an import, by a person: it takes the turn, and is as it was read.
    pub async fn begin_import(
        &self,
        next: &Import,
        turn: &ImportTurn,
        kind: EventKind,
        act: &Act,
    ) -> Result<ImportBegun> {
        let subject = Subject::Import(next.id);
        let writes = vec![
            replacement(next)?,
            take_turn(next, turn)?,
            self.event_write(act, kind, subject, Value::Null)?,
        ];
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => ImportBegun::Done,
            Transacted::Refused(refused) if refused.iter().any(|write| write.index == 0) => {
                ImportBegun::Changed
            }
            Transacted::Refused(_) => ImportBegun::TurnTaken,
        })
    }

    /// Stops an import, by a person. Answers whether it did: if not, it was changed since it was read.
    pub async fn cancel_import(&self, next: &Import, act: &Act) -> Result<bool> {
        let subject = Subject::Import(next.id);
        let writes = vec![
            replacement(next)?,
            self.event_write(act, EventKind::ImportCancelled, subject, Value::Null)?,
        ];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Somebody makes a step of an import, or has made one. The import as it is stored then; `None` where somebody else was
    /// faster.
    pub async fn advance_import(&self, next: Import) -> Result<Option<Import>> {
        let written = self.table.write(replacement(&next)?).await?;
        Ok(match written {
            Written::Applied(_) => Some(Import {
                version: next.version.saturating_add(1),
                ..next
            }),
            Written::Refused(_) => None,
        })
    }
}

/// The import that an item is, if it is one, with the number of its files.
pub(super) fn uploads_in(item: &Attributes) -> Result<Option<(ImportId, u32)>> {
    if !is::<ImportItem>(item) {
        return Ok(None);
    }
    let item: ImportItem = decode(item.clone())?;
    let files = u32::try_from(item.vols.len()).unwrap_or(u32::MAX);
    Ok(Some((item.head.id, files)))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference to the field"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The write that stores an import of the next version.
fn replacement(next: &Import) -> Result<Write> {
    let seen = next.version;
    let item = ImportItem {
        ver: seen.saturating_add(1),
        ..ImportItem::from(next)
    };
    let is_as_read = Condition::Equals("ver", number(seen));
    Ok(Write::put(item.key(), encode(&item)?).when(is_as_read))
}

impl From<&Import> for ImportItem {
    fn from(import: &Import) -> Self {
        let exp = import.expires_at().as_second();
        let Import {
            id,
            tenant,
            requested_by,
            requested_at,
            state,
            volumes,
            place,
            behind,
            accounts,
            counts,
            unscheduled_posts,
            media_bytes,
            problems,
            more_problems,
            fault,
            pace,
            version,
        } = import.clone();
        Self {
            head: Head {
                id,
                ten: tenant,
                by: requested_by,
                ca: requested_at,
                fails: pace.failures,
                next: Some(pace.next_at),
                kind: AttentionKind::Import,
                exp,
            },
            state,
            vols: volumes,
            place,
            behind,
            accs: accounts,
            counts,
            unsched: unscheduled_posts,
            media: media_bytes,
            problems,
            more: more_problems,
            fault,
            ver: version,
        }
    }
}

impl TryFrom<ImportItem> for Import {
    type Error = Error;

    fn try_from(item: ImportItem) -> Result<Self> {
        let ImportItem {
            head,
            state,
            vols,
            place,
            behind,
            accs,
            counts,
            unsched,
            media,
            problems,
            more,
            fault,
            ver,
        } = item;
        Ok(Self {
            id: head.id,
            tenant: head.ten,
            requested_by: head.by,
            requested_at: head.ca,
            state,
            volumes: vols,
            place,
            behind,
            accounts: accs,
            counts,
            unscheduled_posts: unsched,
            media_bytes: media,
            problems,
            more_problems: more,
            fault,
            pace: head.pace(),
            version: ver,
        })
    }
}
