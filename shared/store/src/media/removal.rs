//! Media that were deleted, or announced and never completed.
//!
//! Bytes and item cannot change in one transaction. So the item outlives the bytes: from its deletion on it is in the
//! index until the sweeper has removed what is stored for it, once nobody can be storing anything any more. Whoever dies
//! between two steps leaves nothing behind that no item names.

use domain::delivery::timing::after;
use domain::event::{EventKind, Subject};
use domain::media::Media;
use domain::{Error, MediaId, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{DELETING, MediaItem, READY, STATE, StoredMedia, UPLOADING, USES};
use crate::attribute::{Attributes, instant, number, text, text_of, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::key::{Counter, Key, time_text};
use crate::schema::BY_ATTENTION;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::shard::{AttentionKind, attention_at, removal_partition, shard_of};
use crate::table::{Query, Range};
use crate::transaction::Transacted;
use crate::usage::release;

/// Whoever looked at the medium before its deletion, and stores its bytes after it, has ended by then: no function runs
/// for longer than 15 minutes.
const BYTES_MAY_COME: SignedDuration = SignedDuration::from_hours(1);
/// Media of one shard that one look at the index finds.
const PAGE: i32 = 100;
/// The pause after a removal that failed: as long again as the medium has been deleted, but within these.
const PAUSES: (SignedDuration, SignedDuration) =
    (SignedDuration::from_hours(1), SignedDuration::from_hours(6));

/// A medium that was deleted, and for which nobody stores anything any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedMedium {
    /// Whose it was.
    pub scope: TenantScope,
    /// Which.
    pub media: MediaId,
}

impl SystemTable<'_> {
    /// Some media whose bytes are to be removed for good, those that have waited longest first in each shard.
    pub async fn media_to_remove(&self, now: Timestamp) -> Result<Vec<DeletedMedium>> {
        let mut found = Vec::new();
        for shard in 0..self.table.settings.shards {
            let range = Range::Below(format!("{}~", time_text(now)));
            let query = Query::of_index(BY_ATTENTION, removal_partition(shard), range).limit(PAGE);
            let page = self.table.query(&query, None).await?;
            found.extend(page.items.iter().filter_map(deleted));
        }
        Ok(found)
    }
}

impl TenantTable<'_> {
    /// Deletes a medium: no post can use it from now on, it is not shown, and its bytes are not counted. The caller
    /// should remove them; what the caller leaves the sweeper removes. Fails with the conflict `media_in_use` where a
    /// post uses it.
    pub async fn delete_media(&self, media: &Media, act: &Act) -> Result<()> {
        let is_unused = Condition::All(vec![
            Condition::In(STATE, vec![text(UPLOADING), text(READY)]),
            Condition::Any(vec![
                Condition::Absent(USES),
                Condition::AtMost(USES, number(0)),
            ]),
        ]);
        let detail = json!({ "file_name": media.file_name });
        let writes = self.retire(media.id, media.bytes, is_unused, detail, act)?;
        if matches!(self.table.transact(writes).await?, Transacted::Done) {
            return Ok(());
        }
        match self.media(media.id).await?.and_then(StoredMedia::live) {
            Some(_) => Err(Error::conflict(
                "media_in_use",
                "posts use it: remove it from them first",
            )),
            // Somebody else has deleted it meanwhile.
            None => Err(Error::NotFound { kind: "media" }),
        }
    }

    /// Nobody completed what was announced: the medium is deleted. Does nothing to one that was completed or deleted
    /// meanwhile; may be repeated.
    pub async fn abandon_upload(&self, media: MediaId, act: &Act) -> Result<()> {
        let key = Key::media(&self.scope, media);
        let Some(item) = self.table.get::<MediaItem>(&key).await? else {
            return Ok(());
        };
        let still_waits = Condition::All(vec![
            Condition::Equals(STATE, text(UPLOADING)),
            Condition::Exists(BY_ATTENTION.partition),
        ]);
        let detail = json!({ "file_name": item.file, "reason": "never uploaded" });
        let writes = self.retire(media, item.bytes, still_waits, detail, act)?;
        match self.table.transact(writes).await? {
            Transacted::Done | Transacted::Refused(_) => Ok(()),
        }
    }

    /// The last step, after the bytes of a deleted medium were removed for good. Does nothing to one that is not
    /// deleted; may be repeated.
    pub async fn forget_media(&self, media: MediaId) -> Result<()> {
        let is_deleted = Condition::Equals(STATE, text(DELETING));
        let delete = Write::delete(Key::media(&self.scope, media)).when(is_deleted);
        self.table.write(delete).await.map(drop)
    }

    /// The bytes of a deleted medium could not be removed: it waits longer each time, so that the rest of its shard comes
    /// before it. Does nothing to one that is not deleted; may be repeated.
    pub async fn postpone_removal(&self, media: MediaId, now: Timestamp) -> Result<()> {
        let key = Key::media(&self.scope, media);
        let Some(item) = self.table.get::<MediaItem>(&key).await? else {
            return Ok(());
        };
        let (shortest, longest) = PAUSES;
        let pause = now.duration_since(item.ua).clamp(shortest, longest);
        let again = attention_at(after(now, pause), media);
        let is_deleted = Condition::Equals(STATE, text(DELETING));
        let actions = vec![Action::Set(BY_ATTENTION.sort, text(again))];
        let update = Write::update(key, actions).when(is_deleted);
        self.table.write(update).await.map(drop)
    }

    /// What deletes a medium under a condition, and owes the removal of its bytes.
    fn retire(
        &self,
        media: MediaId,
        bytes: u64,
        condition: Condition,
        detail: Value,
        act: &Act,
    ) -> Result<Vec<Write>> {
        let shard = shard_of(media.as_uuid(), self.table.settings.shards);
        let remove_at = attention_at(after(act.at, BYTES_MAY_COME), media);
        let actions = vec![
            Action::Set(STATE, text(DELETING)),
            Action::Set("ua", instant(act.at)),
            Action::Set("kind", value(&AttentionKind::DeletedMedium)?),
            Action::Set(BY_ATTENTION.partition, text(removal_partition(shard))),
            Action::Set(BY_ATTENTION.sort, text(remove_at)),
        ];
        let key = Key::media(&self.scope, media);
        let subject = Subject::Media(media);
        Ok(vec![
            Write::update(key, actions).when(condition),
            release(&self.scope, Counter::MediaBytes, bytes),
            self.event_write(act, EventKind::MediaDeleted, subject, detail)?,
        ])
    }
}

fn deleted(entry: &Attributes) -> Option<DeletedMedium> {
    Some(DeletedMedium {
        scope: TenantScope::of_own_item(text_of(entry, "ten")?.parse().ok()?),
        media: text_of(entry, "id")?.parse().ok()?,
    })
}
