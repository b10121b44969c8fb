//! Reads what a tenant has, page by page, into a volume.

use cloud::objects::{ObjectKey, ObjectStore};
use domain::export::Position;
use domain::media::{IMAGE_BYTES_MAX, ImageType, Media, MediaFacts};
use domain::tenant::Tenant;
use domain::{AccountId, MediaId, PostId, Result, UserId};
use futures::{StreamExt, TryStreamExt, stream};
use store::{StoredPost, Table, TenantTable};

use super::packing::Packing;
use crate::bundle::Record;

/// Accounts, members or media that one query reads.
const PAGE: i32 = 100;
/// Entries of the index of posts that one query reads: the head of each post and its targets.
const POST_ENTRIES: i32 = 200;
/// Posts, or bytes of media, that are read at once.
const AT_ONCE: usize = 16;

/// Reads all that one tenant has.
#[derive(Debug)]
pub(super) struct Collector<'a> {
    pub(super) table: &'a Table,
    pub(super) objects: &'a dyn ObjectStore,
    pub(super) tenant: TenantTable<'a>,
    pub(super) head: &'a Tenant,
}

impl Collector<'_> {
    /// Packs what comes from `position` on until the volume is full or nothing is left; answers where the next begins.
    pub(super) async fn collect(
        &self,
        mut position: Position,
        packing: &mut Packing,
    ) -> Result<Position> {
        while position != Position::End && !packing.is_full() {
            position = self.page(position, packing).await?;
        }
        Ok(position)
    }

    async fn page(&self, position: Position, packing: &mut Packing) -> Result<Position> {
        match position {
            Position::Tenant => {
                packing.record(&Record::from(self.head))?;
                Ok(Position::Accounts(None))
            }
            Position::Accounts(after) => self.accounts(after, packing).await,
            Position::AccountGroups => {
                for group in self.tenant.account_groups().await? {
                    packing.record(&Record::from(group))?;
                }
                Ok(Position::Roles)
            }
            Position::Roles => {
                for role in self.tenant.roles().await? {
                    packing.record(&Record::from(role))?;
                }
                Ok(Position::Members(None))
            }
            Position::Members(after) => self.members(after, packing).await,
            Position::Media(before) => self.media(before, packing).await,
            Position::Posts(after) => self.posts(after, packing).await,
            Position::End => Ok(Position::End),
        }
    }

    async fn accounts(&self, after: Option<AccountId>, packing: &mut Packing) -> Result<Position> {
        let page = self.tenant.account_page(after, PAGE).await?;
        for account in page.accounts {
            packing.record(&Record::from(account))?;
        }
        let next = page.next.map(|last| Position::Accounts(Some(last)));
        Ok(next.unwrap_or(Position::AccountGroups))
    }

    async fn members(&self, after: Option<UserId>, packing: &mut Packing) -> Result<Position> {
        let page = self.tenant.member_page(after, PAGE).await?;
        let ids: Vec<UserId> = page.members.iter().map(|member| member.user).collect();
        let users = self.table.system().users(&ids).await?;
        for member in page.members {
            let user = users.iter().find(|user| user.id == member.user);
            packing.record(&Record::of_member(member, user))?;
        }
        let next = page.next.map(|last| Position::Members(Some(last)));
        Ok(next.unwrap_or(Position::Media(None)))
    }

    /// The next media that there is room for, at least one. Those whose bytes are awaited are not there yet.
    async fn media(&self, before: Option<MediaId>, packing: &mut Packing) -> Result<Position> {
        let page = self.tenant.media_page(before, PAGE).await?;
        let mut room = packing.room();
        let mut chosen: Vec<(&Media, &MediaFacts)> = Vec::new();
        let mut next = page.next.map(|last| Position::Media(Some(last)));
        let mut last = before;
        for versioned in &page.media {
            let media = &versioned.media;
            if let Some(facts) = media.facts() {
                if (facts.bytes > room && !chosen.is_empty()) || chosen.len() == AT_ONCE {
                    next = Some(Position::Media(last));
                    break;
                }
                room = room.saturating_sub(facts.bytes);
                chosen.push((media, facts));
            }
            last = Some(media.id);
        }
        let keys: Vec<ObjectKey> = chosen
            .iter()
            .map(|(media, _)| ObjectKey::new(media.tenant, media.id))
            .collect();
        let read = stream::iter(keys)
            .map(|key| self.objects.get(key, IMAGE_BYTES_MAX))
            .buffered(AT_ONCE);
        let bytes: Vec<_> = read.try_collect().await?;
        for ((media, facts), bytes) in chosen.iter().zip(&bytes) {
            let name = file_name(media.id, facts);
            let file = bytes.as_ref().map(|_| name.clone());
            packing.record(&Record::of_media(media, facts, file))?;
            if let Some(bytes) = bytes {
                packing.file(name, bytes)?;
            } else {
                tracing::error!(media.id = %media.id, "the bytes of a medium are lost");
            }
        }
        Ok(next.unwrap_or(Position::Posts(None)))
    }

    async fn posts(&self, after: Option<PostId>, packing: &mut Packing) -> Result<Position> {
        let (ids, next) = self.tenant.post_ids(after, POST_ENTRIES).await?;
        let read = stream::iter(ids)
            .map(|id| self.tenant.post(id))
            .buffered(AT_ONCE);
        let posts: Vec<Option<StoredPost>> = read.try_collect().await?;
        // Some were deleted meanwhile.
        for post in posts.into_iter().flatten() {
            packing.record(&Record::from(post))?;
        }
        let next = next.map(|last| Position::Posts(Some(last)));
        Ok(next.unwrap_or(Position::End))
    }
}

/// Where the bytes of a medium are in a volume: a name of ours, whatever its file was called.
fn file_name(media: MediaId, facts: &MediaFacts) -> String {
    let ending = match ImageType::of_content_type(&facts.content_type) {
        Some(ImageType::Jpeg) => "jpg",
        Some(ImageType::Png) => "png",
        Some(ImageType::Webp) => "webp",
        Some(ImageType::Gif) => "gif",
        None => "bin",
    };
    format!("media/{media}.{ending}")
}
