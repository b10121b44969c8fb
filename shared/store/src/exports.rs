//! Exports of tenants: how far each is, and its volumes.

use domain::event::{EventKind, Subject};
use domain::export::{Counts, Export, ExportState, Position, Volume};
use domain::notice::Notice;
use domain::{Error, ExportId, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attribute::{Attributes, millis, number, optional_millis, text};
use crate::condition::{Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode, is};
use crate::key::{Key, exports_partition};
use crate::notices::notice_write;
use crate::schema::BY_ATTENTION;
use crate::scope::{TenantScope, TenantTable};
use crate::shard::{AttentionKind, TRANSFERS_PARTITION, attention_at};
use crate::table::{Query, Range};
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
struct ExportItem {
    id: ExportId,
    ten: TenantId,
    by: UserId,
    #[serde(with = "millis")]
    ca: Timestamp,
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
    #[serde(default)]
    fails: u32,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    next: Option<Timestamp>,
    kind: AttentionKind,
    exp: i64,
}

impl Item for ExportItem {
    const TYPE: &'static str = "export";

    fn key(&self) -> Key {
        Key::export(&TenantScope::of_own_item(self.ten), self.id)
    }

    /// It wants attention while it is being made.
    fn index_keys(&self) -> Vec<(&'static str, String)> {
        match self.state {
            StoredState::Running => vec![
                (BY_ATTENTION.partition, TRANSFERS_PARTITION.to_owned()),
                (
                    BY_ATTENTION.sort,
                    attention_at(self.next.unwrap_or(self.ca), self.id),
                ),
            ],
            StoredState::Ready | StoredState::Failed => Vec::new(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct VolumeItem {
    ten: TenantId,
    export: ExportId,
    number: u32,
    bytes: u64,
    sha256: String,
    exp: i64,
}

impl Item for VolumeItem {
    const TYPE: &'static str = "export_volume";

    fn key(&self) -> Key {
        let scope = TenantScope::of_own_item(self.ten);
        Key::export_volume(&scope, self.export, self.number)
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
            exp: item.exp,
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
            Transacted::Refused(_) => {
                Err(Error::internal("an export is not new", "its id is taken"))
            }
        }
    }

    /// An export that can still be downloaded, or is being made.
    pub async fn export(&self, id: ExportId, now: Timestamp) -> Result<Option<Export>> {
        let found: Option<ExportItem> = self.table.get(&Key::export(&self.scope, id)).await?;
        let export = found.map(Export::try_from).transpose()?;
        Ok(export.filter(|export| now < export.expires_at()))
    }

    /// All of them, newest first.
    pub async fn exports(&self, now: Timestamp) -> Result<Vec<Export>> {
        let partition = exports_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::Prefix("HEAD#".to_owned()))
            .descending()
            .limit(LISTED_MAX);
        let page = self.table.query(&query, None).await?;
        let mut exports = Vec::with_capacity(page.items.len());
        for item in page.items {
            let export = Export::try_from(decode::<ExportItem>(item)?)?;
            exports.extend((now < export.expires_at()).then_some(export));
        }
        Ok(exports)
    }

    /// The volumes of an export so far, in their order.
    pub async fn export_volumes(&self, id: ExportId) -> Result<Vec<Volume>> {
        let partition = exports_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::Prefix(format!("VOL#{id}#")));
        let items = self.table.query_all(&query).await?.into_iter();
        items
            .map(|item| decode::<VolumeItem>(item).map(Volume::from))
            .collect()
    }

    /// A further volume is made. Answers whether it counts: if not, somebody else was faster, or the export has ended.
    pub async fn advance_export(&self, advance: &ExportAdvance<'_>) -> Result<bool> {
        let ExportAdvance {
            seen,
            next,
            volume,
            owes,
        } = *advance;
        let head = ExportItem::from(next);
        let volume = VolumeItem {
            ten: next.tenant,
            export: next.id,
            number: volume.number,
            bytes: volume.bytes,
            sha256: volume.sha256.clone(),
            exp: head.exp,
        };
        let mut writes = vec![
            Write::put(head.key(), encode(&head)?).when(is_as_read(seen)),
            Write::put(volume.key(), encode(&volume)?).when(Condition::item_absent()),
        ];
        if let Some(notice) = owes {
            writes.push(notice_write(self.table.settings.shards, notice)?);
        }
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Puts the next step of an export off, as `next` says. Does nothing where it was changed since it was read.
    pub async fn put_export_off(&self, seen: &Export, next: &Export) -> Result<()> {
        let item = ExportItem::from(next);
        let write = Write::put(item.key(), encode(&item)?).when(is_as_read(seen));
        self.table.write(write).await?;
        Ok(())
    }

    /// Gives an export up. Does nothing where it was changed since it was read.
    pub async fn give_up_export(&self, seen: &Export) -> Result<()> {
        let item = ExportItem::from(&Export {
            state: ExportState::Failed,
            ..seen.clone()
        });
        let write = Write::put(item.key(), encode(&item)?).when(is_as_read(seen));
        self.table.write(write).await?;
        Ok(())
    }
}

/// The volume that an item is, if it is one.
pub(crate) fn volume_in(item: &Attributes) -> Result<Option<(ExportId, Volume)>> {
    if !is::<VolumeItem>(item) {
        return Ok(None);
    }
    let item: VolumeItem = decode(item.clone())?;
    Ok(Some((item.export, item.into())))
}

/// Nobody made a volume, or ended the export, since it was read.
fn is_as_read(seen: &Export) -> Condition {
    Condition::All(vec![
        Condition::Equals("vols", number(seen.volumes)),
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
            failures,
            next_at,
        } = export.clone();
        let (state, ready) = match state {
            ExportState::Running => (StoredState::Running, None),
            ExportState::Ready { since } => (StoredState::Ready, Some(since)),
            ExportState::Failed => (StoredState::Failed, None),
        };
        Self {
            id,
            ten: tenant,
            by: requested_by,
            ca: requested_at,
            state,
            ready,
            place: position,
            vols: volumes,
            bytes,
            last: last_sha256,
            counts,
            fails: failures,
            next: Some(next_at),
            kind: AttentionKind::Export,
            exp,
        }
    }
}

impl TryFrom<ExportItem> for Export {
    type Error = Error;

    fn try_from(item: ExportItem) -> Result<Self> {
        let ExportItem {
            id,
            ten,
            by,
            ca,
            state,
            ready,
            place,
            vols,
            bytes,
            last,
            counts,
            fails,
            next,
            kind: _,
            exp: _,
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
            id,
            tenant: ten,
            requested_by: by,
            requested_at: ca,
            state,
            position: place,
            volumes: vols,
            bytes,
            last_sha256: last,
            counts,
            failures: fails,
            next_at: next.unwrap_or(ca),
        })
    }
}

impl From<VolumeItem> for Volume {
    fn from(item: VolumeItem) -> Self {
        let VolumeItem {
            ten: _,
            export: _,
            number,
            bytes,
            sha256,
            exp: _,
        } = item;
        Self {
            number,
            bytes,
            sha256,
        }
    }
}
