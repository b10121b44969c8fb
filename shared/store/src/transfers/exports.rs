//! Exports of tenants: how far each is.

use domain::event::{EventKind, Subject};
use domain::export::{Counts, Export, ExportState, Position, Volume};
use domain::notice::Notice;
use domain::{Error, ExportId, Result, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::head::{Head, Kept, id_taken};
use super::volumes::volume_write;
use crate::attribute::{number, optional_millis, text};
use crate::condition::{Condition, Write};
use crate::events::Act;
use crate::item::{Item, encode};
use crate::key::Key;
use crate::notices::notice_write;
use crate::scope::{TenantScope, TenantTable};
use crate::shard::AttentionKind;
use crate::table::Written;
use crate::transaction::Transacted;

/// Exports of a tenant that are listed: they are few, and leave after a week.
const LISTED_MAX: i32 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredState {
    Running,
    Ready,
    Failed,
}

/// What a further volume does to an export.
#[derive(Debug)]
pub struct ExportAdvance<'a> {
    /// The export as it was read.
    pub seen: &'a Export,
    /// The same with the volume.
    pub next: &'a Export,
    /// The volume, whose bytes are stored.
    pub volume: &'a Volume,
    /// The mail that the last volume owes.
    pub owes: Option<&'a Notice>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ExportItem {
    #[serde(flatten)]
    head: Head<ExportId>,
    state: StoredState,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    ready: Option<Timestamp>,
    place: Position,
    vols: u32,
    bytes: u64,
    #[serde(default)]
    last: Option<String>,
    counts: Counts,
}

impl Item for ExportItem {
    const TYPE: &'static str = "export";

    fn key(&self) -> Key {
        Key::export(&TenantScope::of_own_item(self.head.ten), self.head.id)
    }

    /// It wants attention while it is being made.
    fn index_keys(&self) -> Vec<(&'static str, String)> {
        self.head.index_keys(match self.state {
            StoredState::Running => true,
            StoredState::Ready | StoredState::Failed => false,
        })
    }
}

impl Kept for Export {
    type Item = ExportItem;

    fn expires_at(&self) -> Timestamp {
        self.expires_at()
    }
}

/// Which export is the newest: whoever asks for another one has seen it.
#[derive(Debug, Serialize, Deserialize)]
struct NewestItem {
    ten: TenantId,
    newest: ExportId,
    exp: i64,
}

impl Item for NewestItem {
    const TYPE: &'static str = "newest_export";

    fn key(&self) -> Key {
        Key::newest_export(&TenantScope::of_own_item(self.ten))
    }
}

impl TenantTable<'_> {
    /// Which export was asked for last. Read it before the exports that [`Self::request_export`] depends on.
    pub async fn newest_export(&self) -> Result<Option<ExportId>> {
        let found: Option<NewestItem> = self.table.get(&Key::newest_export(&self.scope)).await?;
        Ok(found.map(|item| item.newest))
    }

    /// Makes an export wanted, where `newest` is still the newest one. Answers whether it did: if not, somebody else
    /// asked for one meanwhile.
    pub async fn request_export(
        &self,
        export: &Export,
        newest: Option<ExportId>,
        act: &Act,
    ) -> Result<bool> {
        let item = ExportItem::from(export);
        let subject = Subject::Export(export.id);
        let next = NewestItem {
            ten: export.tenant,
            newest: export.id,
            exp: item.head.exp,
        };
        let is_as_read = match newest {
            Some(newest) => Condition::Equals("newest", text(newest)),
            None => Condition::item_absent(),
        };
        let writes = vec![
            Write::put(next.key(), encode(&next)?).when(is_as_read),
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(act, EventKind::ExportRequested, subject, Value::Null)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == 0) => {
                Ok(false)
            }
            Transacted::Refused(_) => Err(id_taken()),
        }
    }

    /// An export that can still be downloaded, or is being made.
    pub async fn export(&self, id: ExportId, now: Timestamp) -> Result<Option<Export>> {
        self.kept(&Key::export(&self.scope, id), now).await
    }

    /// All of them, newest first.
    pub async fn exports(&self, now: Timestamp) -> Result<Vec<Export>> {
        self.newest_kept("HEAD#", LISTED_MAX, now).await
    }

    /// A further volume is made. Answers whether it counts: if not, somebody else was faster, or the export has ended.
    pub async fn advance_export(&self, advance: &ExportAdvance<'_>) -> Result<bool> {
        let ExportAdvance {
            seen,
            next,
            volume,
            owes,
        } = *advance;
        let mut writes = vec![replacement(seen, next)?, volume_write(next, volume)?];
        if let Some(notice) = owes {
            writes.push(notice_write(self.table.settings.shards, notice)?);
        }
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Somebody makes the next volume of an export. Answers whether it is by this call: if not, somebody else does, or it has
    /// ended.
    pub async fn claim_export(&self, seen: &Export, claimed: &Export) -> Result<bool> {
        let written = self.table.write(replacement(seen, claimed)?).await?;
        Ok(matches!(written, Written::Applied(_)))
    }

    /// Gives an export up. Does nothing where it was changed since it was read.
    pub async fn give_up_export(&self, seen: &Export) -> Result<()> {
        let given_up = Export {
            state: ExportState::Failed,
            ..seen.clone()
        };
        self.table.write(replacement(seen, &given_up)?).await?;
        Ok(())
    }
}

/// The write that stores `next` in the place of an export that nobody has changed since it was read.
fn replacement(seen: &Export, next: &Export) -> Result<Write> {
    let item = ExportItem::from(next);
    Ok(Write::put(item.key(), encode(&item)?).when(is_as_read(seen)))
}

/// Nobody claimed or made a volume, or ended the export, since it was read.
fn is_as_read(seen: &Export) -> Condition {
    let claims = Condition::Equals("fails", number(seen.pace.failures));
    Condition::All(vec![
        Condition::Equals("vols", number(seen.volumes)),
        // Older items do not say it.
        Condition::Any(vec![Condition::Absent("fails"), claims]),
        Condition::Equals("state", text("running")),
    ])
}

impl From<&Export> for ExportItem {
    fn from(export: &Export) -> Self {
        let exp = export.expires_at().as_second();
        let Export {
            id,
            tenant,
            requested_by,
            requested_at,
            state,
            position,
            volumes,
            bytes,
            last_sha256,
            counts,
            pace,
        } = export.clone();
        let (state, ready) = match state {
            ExportState::Running => (StoredState::Running, None),
            ExportState::Ready { since } => (StoredState::Ready, Some(since)),
            ExportState::Failed => (StoredState::Failed, None),
        };
        Self {
            head: Head {
                id,
                ten: tenant,
                by: requested_by,
                ca: requested_at,
                fails: pace.failures,
                next: Some(pace.next_at),
                kind: AttentionKind::Export,
                exp,
            },
            state,
            ready,
            place: position,
            vols: volumes,
            bytes,
            last: last_sha256,
            counts,
        }
    }
}

impl TryFrom<ExportItem> for Export {
    type Error = Error;

    fn try_from(item: ExportItem) -> Result<Self> {
        let ExportItem {
            head,
            state,
            ready,
            place,
            vols,
            bytes,
            last,
            counts,
        } = item;
        let state = match (state, ready) {
            (StoredState::Running, _) => ExportState::Running,
            (StoredState::Ready, Some(since)) => ExportState::Ready { since },
            (StoredState::Ready, None) => {
                return Err(Error::corrupt("export", "it is ready since no time"));
            }
            (StoredState::Failed, _) => ExportState::Failed,
        };
        Ok(Self {
            id: head.id,
            tenant: head.ten,
            requested_by: head.by,
            requested_at: head.ca,
            state,
            position: place,
            volumes: vols,
            bytes,
            last_sha256: last,
            counts,
            pace: head.pace(),
        })
    }
}
