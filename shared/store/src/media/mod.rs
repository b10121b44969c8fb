//! Media: what is known of the bytes; the bytes themselves are in the object store.

mod removal;

use std::collections::BTreeSet;

use domain::delivery::timing::after;
use domain::event::{EventKind, Subject};
use domain::media::{Media, MediaFacts, MediaState};
use domain::{Error, MediaId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::attribute::{instant, millis, number, text, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::idempotency::IdempotencyClaim;
use crate::item::{Item, decode, encode};
use crate::key::{Counter, Key, media_partition};
use crate::schema::BY_ATTENTION;
use crate::scope::{TenantScope, TenantTable};
use crate::shard::{AttentionKind, attention_at, attention_shard};
use crate::table::{Query, Range, key_attributes};
use crate::transaction::Transacted;
use crate::usage::Demand;

pub use removal::DeletedMedium;

/// The attribute that says how far a medium is. Posts that use a medium raise [`USES`] under the condition that this
/// says [`READY`], so that nothing in use is ever deleted.
pub(crate) const STATE: &str = "state";
/// The bytes are stored and probed.
pub(crate) const READY: &str = "ready";
/// The bytes are awaited.
const UPLOADING: &str = "uploading";
/// It was deleted; the bytes are being removed.
const DELETING: &str = "deleting";
/// How long announced bytes are awaited: much longer than the address for their upload works.
const AWAITED: SignedDuration = SignedDuration::from_hours(24);
/// How many posts use it.
pub(crate) const USES: &str = "uses";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredState {
    Uploading,
    Ready,
    Deleting,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MediaItem {
    id: MediaId,
    ten: TenantId,
    file: String,
    ct: String,
    bytes: u64,
    alt: String,
    state: StoredState,
    #[serde(default)]
    facts: Option<MediaFacts>,
    #[serde(default)]
    uses: u64,
    by: UserId,
    ver: u64,
    #[serde(with = "millis")]
    ca: Timestamp,
    #[serde(with = "millis")]
    ua: Timestamp,
}

impl Item for MediaItem {
    const TYPE: &'static str = "media";

    fn key(&self) -> Key {
        Key::media(&TenantScope::of_own_item(self.ten), self.id)
    }
}

/// A medium with the version of what people edit.
#[derive(Clone, Debug)]
pub struct VersionedMedia {
    /// The medium.
    pub media: Media,
    /// Raised by every edit.
    pub version: u64,
}

/// A medium as it is stored.
#[derive(Clone, Debug)]
pub enum StoredMedia {
    /// It can be used, or its bytes are awaited.
    Live(VersionedMedia),
    /// It was deleted; its bytes may still be there, which the sweeper removes.
    Deleting(Media),
}

impl StoredMedia {
    /// The medium, unless it was deleted.
    pub fn live(self) -> Option<VersionedMedia> {
        match self {
            Self::Live(media) => Some(media),
            Self::Deleting(_) => None,
        }
    }
}

/// Some media of a list.
#[derive(Debug)]
pub struct MediaPage {
    /// The media, newest first.
    pub media: Vec<VersionedMedia>,
    /// The last medium that was looked at, where there are more.
    pub next: Option<MediaId>,
}

/// A medium whose bytes are about to be uploaded.
#[derive(Debug)]
pub struct NewMedia<'a> {
    /// The medium.
    pub media: &'a Media,
    /// The most bytes of media that the tenant may have.
    pub limit: u64,
    /// The caller's idempotency key.
    pub claim: Option<&'a IdempotencyClaim>,
}

/// How the creation of a medium ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaCreated {
    /// It is there.
    Done,
    /// An earlier or concurrent request has the idempotency key.
    KeyTaken,
}

/// What people may change of a medium.
#[derive(Clone, Debug, Default)]
pub struct MediaEdit {
    /// Another name.
    pub file_name: Option<String>,
    /// Another alternative text.
    pub alt_text: Option<String>,
}

impl TenantTable<'_> {
    /// Stores a medium whose bytes are awaited, and counts them.
    pub async fn create_media(&self, new: &NewMedia<'_>, act: &Act) -> Result<MediaCreated> {
        let demand = Demand {
            counter: Counter::MediaBytes,
            amount: new.media.bytes,
            limit: new.limit,
        };
        let item = MediaItem::new(new.media);
        let detail = json!({ "content_type": item.ct, "bytes": item.bytes });
        let mut attributes = encode(&item)?;
        let shard = attention_shard(item.id.as_uuid(), self.table.settings.shards);
        let at = attention_at(after(act.at, AWAITED), item.id);
        attributes.insert("kind".to_owned(), value(&AttentionKind::Upload)?);
        attributes.insert(BY_ATTENTION.partition.to_owned(), text(shard));
        attributes.insert(BY_ATTENTION.sort.to_owned(), text(at));
        let mut writes = vec![
            demand.write(&self.scope)?,
            Write::put(item.key(), attributes).when(Condition::item_absent()),
            self.event_write(
                act,
                EventKind::MediaCreated,
                Subject::Media(item.id),
                detail,
            )?,
        ];
        if let Some(claim) = new.claim {
            writes.push(self.claim(claim, &item.id, act.at)?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(MediaCreated::Done),
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == 0) => {
                Err(demand.refusal())
            }
            Transacted::Refused(_) => Ok(MediaCreated::KeyTaken),
        }
    }

    /// Stores a medium of an import, which awaits the bytes that are stored next, and counts them: bytes that no item
    /// names would outlive an erasure. No sweeper gives it up, for it may be that its bytes are there. May be repeated:
    /// then nothing is counted twice.
    pub async fn import_media(&self, media: &Media, limit: u64, act: &Act) -> Result<()> {
        let demand = Demand {
            counter: Counter::MediaBytes,
            amount: media.bytes,
            limit,
        };
        let item = MediaItem::new(media);
        let detail = json!({ "content_type": item.ct, "bytes": item.bytes });
        let subject = Subject::Media(item.id);
        let writes = vec![
            demand.write(&self.scope)?,
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(act, EventKind::MediaCreated, subject, detail)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == 0) => {
                Err(demand.refusal())
            }
            // Refused where it was stored before.
            Transacted::Done | Transacted::Refused(_) => Ok(()),
        }
    }

    /// A medium.
    pub async fn media(&self, media: MediaId) -> Result<Option<StoredMedia>> {
        let found: Option<MediaItem> = self.table.get(&Key::media(&self.scope, media)).await?;
        Ok(found.map(StoredMedia::from))
    }

    /// The media with these ids that are not deleted; absent ones are left out, the order is not kept.
    pub async fn media_of_ids(&self, media: &[MediaId]) -> Result<Vec<Media>> {
        let distinct: BTreeSet<&MediaId> = media.iter().collect();
        let keys: Vec<Key> = distinct
            .into_iter()
            .map(|media| Key::media(&self.scope, *media))
            .collect();
        let found = self.table.batch_get(&keys).await?;
        let stored = found
            .into_iter()
            .map(|item| decode::<MediaItem>(item).map(StoredMedia::from))
            .collect::<Result<Vec<_>>>()?;
        Ok(stored
            .into_iter()
            .filter_map(StoredMedia::live)
            .map(|live| live.media)
            .collect())
    }

    /// Up to `limit` media before `before`, newest first. A page may be short while there are more.
    pub async fn media_page(&self, before: Option<MediaId>, limit: i32) -> Result<MediaPage> {
        let query = Query::of_table(media_partition(self.scope.tenant()), Range::All)
            .descending()
            .limit(limit);
        let start = before.map(|media| key_attributes(&Key::media(&self.scope, media)));
        let page = self.table.query(&query, start).await?;
        let items = page
            .items
            .into_iter()
            .map(decode::<MediaItem>)
            .collect::<Result<Vec<_>>>()?;
        let last = items.last().map(|item| item.id);
        Ok(MediaPage {
            next: page.next.and(last),
            media: items
                .into_iter()
                .map(StoredMedia::from)
                .filter_map(StoredMedia::live)
                .collect(),
        })
    }

    /// The bytes are stored and probed. `None` where the medium does not await them: read it again.
    pub async fn complete_media(
        &self,
        media: MediaId,
        facts: &MediaFacts,
        act: &Act,
    ) -> Result<Option<VersionedMedia>> {
        let actions = vec![
            Action::Set(STATE, text(READY)),
            Action::Set("facts", value(facts)?),
            Action::Set("ua", instant(act.at)),
            Action::Remove(BY_ATTENTION.partition),
            Action::Remove(BY_ATTENTION.sort),
        ];
        let awaits_bytes = Condition::Equals(STATE, text(UPLOADING));
        let key = Key::media(&self.scope, media);
        let detail = json!({ "content_type": facts.content_type });
        let writes = vec![
            Write::update(key, actions).when(awaits_bytes),
            self.event_write(
                act,
                EventKind::MediaCompleted,
                Subject::Media(media),
                detail,
            )?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(self.media(media).await?.and_then(StoredMedia::live)),
            Transacted::Refused(_) => Ok(None),
        }
    }

    /// Changes the name or the alternative text of a medium of this version.
    pub async fn edit_media(
        &self,
        media: &VersionedMedia,
        edit: &MediaEdit,
        act: &Act,
    ) -> Result<VersionedMedia> {
        let mut actions = vec![
            Action::Add("ver", number(1)),
            Action::Set("ua", instant(act.at)),
        ];
        actions.extend(
            edit.file_name
                .iter()
                .map(|name| Action::Set("file", text(name))),
        );
        actions.extend(
            edit.alt_text
                .iter()
                .map(|alt| Action::Set("alt", text(alt))),
        );
        let is_as_read = Condition::All(vec![
            Condition::Equals("ver", number(media.version)),
            Condition::In(STATE, vec![text(UPLOADING), text(READY)]),
        ]);
        let id = media.media.id;
        let detail = json!({ "file_name": edit.file_name, "alt_text": edit.alt_text });
        let writes = vec![
            Write::update(Key::media(&self.scope, id), actions).when(is_as_read),
            self.event_write(act, EventKind::MediaEdited, Subject::Media(id), detail)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => {
                let edited = self.media(id).await?.and_then(StoredMedia::live);
                edited.ok_or(Error::NotFound { kind: "media" })
            }
            Transacted::Refused(_) => Err(Error::StaleVersion),
        }
    }
}

impl MediaItem {
    fn new(media: &Media) -> Self {
        let Media {
            id,
            tenant,
            file_name,
            content_type,
            bytes,
            alt_text,
            state,
            uses,
            created_by,
            created_at,
            updated_at,
        } = media.clone();
        let (state, facts) = match state {
            MediaState::Uploading => (StoredState::Uploading, None),
            MediaState::Ready(facts) => (StoredState::Ready, Some(facts)),
        };
        Self {
            id,
            ten: tenant,
            file: file_name,
            ct: content_type,
            bytes,
            alt: alt_text,
            state,
            facts,
            uses,
            by: created_by,
            ver: 1,
            ca: created_at,
            ua: updated_at,
        }
    }
}

impl From<MediaItem> for StoredMedia {
    fn from(item: MediaItem) -> Self {
        let MediaItem {
            id,
            ten,
            file,
            ct,
            bytes,
            alt,
            state,
            facts,
            uses,
            by,
            ver,
            ca,
            ua,
        } = item;
        let media = Media {
            id,
            tenant: ten,
            file_name: file,
            content_type: ct,
            bytes,
            alt_text: alt,
            state: facts.map_or(MediaState::Uploading, MediaState::Ready),
            uses,
            created_by: by,
            created_at: ca,
            updated_at: ua,
        };
        match state {
            StoredState::Uploading | StoredState::Ready => Self::Live(VersionedMedia {
                media,
                version: ver,
            }),
            StoredState::Deleting => Self::Deleting(media),
        }
    }
}
