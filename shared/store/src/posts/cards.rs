//! Cards: what lists and the calendar show of a post, read from two indexes without touching the posts themselves.

use domain::delivery::VisibleState;
use domain::network::NetworkId;
use domain::post::PostState;
use domain::schedule::Schedule;
use domain::{AccountId, DeliveryId, Error, PostId, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::attribute::{Attributes, millis, optional_millis, text_of};
use crate::item::TYPE;
use crate::key::{calendar_partition, tenant_partition, time_text};
use crate::schema::{BY_CALENDAR, BY_CREATED};
use crate::scope::TenantTable;
use crate::table::{Query, Range};

/// A post as lists and the calendar show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The post.
    pub post: PostId,
    /// When it is meant to be out.
    pub schedule: Option<Schedule>,
    /// Begin of its text.
    pub snippet: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// When a person last changed it.
    pub updated_at: Timestamp,
    /// Its targets.
    pub targets: Vec<CardTarget>,
    /// How many targets it has.
    size: usize,
}

/// A target as lists and the calendar show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardTarget {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The account.
    pub account: AccountId,
    /// The account's network.
    pub network: NetworkId,
    /// What has settled; a target that is in the queue or being sent still shows as scheduled, unless the search asked for
    /// such.
    pub state: VisibleState,
    /// When it is meant to be out.
    pub due: Option<Timestamp>,
    /// Where people see it.
    pub permalink: Option<String>,
}

impl Card {
    /// How far the post is as a whole.
    pub fn state(&self) -> PostState {
        PostState::of_targets(self.targets.iter().map(|target| target.state))
    }
}

/// Which cards, and how much work may be spent on them. Reads stop when there are enough cards or after `queries`
/// queries, so a page can be short although there is more.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Only in this state.
    pub state: Option<PostState>,
    /// Only with this account.
    pub account: Option<AccountId>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Most cards.
    pub limit: usize,
    /// Most queries.
    pub queries: usize,
    /// What is due after this time cannot be in the queue yet.
    pub soon: Timestamp,
}

impl Search {
    /// Whether the card is wanted, whatever its state.
    fn fits(&self, card: &Card) -> bool {
        self.account
            .is_none_or(|account| card.targets.iter().any(|target| target.account == account))
            && self.tag.as_ref().is_none_or(|tag| card.tags.contains(tag))
    }

    /// Whether the card can be in the wanted state although it does not show it: indexes are not written for each step
    /// of a delivery, so a target shows as scheduled until it has settled.
    fn may_have_moved(&self, card: &Card) -> bool {
        let is_short_lived = matches!(self.state, Some(PostState::Queued | PostState::Publishing));
        is_short_lived
            && card.targets.iter().any(|target| {
                target.state == VisibleState::Scheduled
                    && target.due.is_some_and(|due| due <= self.soon)
            })
    }

    /// Index entries to read for this many more cards: most posts have one target, further queries serve the others, and
    /// the largest post must fit.
    fn entries(&self, found: usize) -> i32 {
        let wanted = self.limit.saturating_sub(found).saturating_mul(2);
        i32::try_from(wanted.clamp(LARGEST_POST * 2, PAGE)).unwrap_or(i32::MAX)
    }
}

/// Index entries that about fill the largest page of the table, 1 MB.
const PAGE: usize = 2_500;
/// Index entries of a post with the most targets: its head and its deliveries.
const LARGEST_POST: usize = domain::post::TARGETS_MAX + 1;

/// Some cards, newest first.
#[derive(Clone, Debug, Default)]
pub struct CreatedPage {
    /// The cards.
    pub cards: Vec<Card>,
    /// The last post that was looked at, where there are more.
    pub next: Option<PostId>,
}

/// A place in the calendar: before everything at `due`, or behind one post there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarPosition {
    /// A due time.
    pub due: Timestamp,
    /// The post that was looked at last.
    pub post: Option<PostId>,
}

/// Some cards, by due time.
#[derive(Clone, Debug, Default)]
pub struct CalendarPage {
    /// The cards.
    pub cards: Vec<Card>,
    /// Where to go on, where there may be more.
    pub next: Option<CalendarPosition>,
}

impl TenantTable<'_> {
    /// Cards of posts that are older than `before`, drafts too, newest first.
    pub async fn newest_cards(
        &self,
        search: &Search,
        before: Option<PostId>,
    ) -> Result<CreatedPage> {
        let mut page = CreatedPage {
            cards: Vec::new(),
            next: before,
        };
        for _ in 0..search.queries {
            // A head's key is a prefix of its deliveries' keys, so everything of the post is at or above it.
            let range = page
                .next
                .map_or(Range::All, |before| Range::Below(before.to_string()));
            let query = Query::of_index(BY_CREATED, tenant_partition(self.scope.tenant()), range)
                .descending()
                .without_keys()
                .limit(search.entries(page.cards.len()));
            let found = self.table.query(&query, None).await?;
            let mut targets = Vec::new();
            for entry in found.items {
                match Entry::read(entry)? {
                    Entry::Target(_, target) => targets.push(target),
                    Entry::Head(mut card) => {
                        card.targets = std::mem::take(&mut targets);
                        card.targets.reverse();
                        page.next = Some(card.post);
                        page.cards.extend(self.wanted(search, card).await?);
                        if page.cards.len() >= search.limit {
                            return Ok(page);
                        }
                    }
                    Entry::Unknown => {}
                }
            }
            if found.next.is_none() {
                page.next = None;
                break;
            }
        }
        Ok(page)
    }

    /// Ids of posts that were made after `after`, oldest first, from one query; and where to go on, where there are more.
    pub async fn post_ids(
        &self,
        after: Option<PostId>,
        entries: i32,
    ) -> Result<(Vec<PostId>, Option<PostId>)> {
        // `~` sorts after `#`: behind everything of the post.
        let range = after.map_or(Range::All, |post| Range::Above(format!("{post}~")));
        let query = Query::of_index(BY_CREATED, tenant_partition(self.scope.tenant()), range)
            .without_keys()
            .limit(entries);
        let page = self.table.query(&query, None).await?;
        let mut posts = Vec::new();
        let mut last = None;
        for entry in page.items {
            match Entry::read(entry)? {
                Entry::Head(card) => {
                    posts.push(card.post);
                    last = Some(card.post);
                }
                // The head stands right before its deliveries.
                Entry::Target(post, _) => last = Some(post),
                Entry::Unknown => {}
            }
        }
        Ok((posts, page.next.and(last)))
    }

    /// Cards of posts that are due at or after `from` and before `until`, in that order. Both on whole seconds.
    pub async fn calendar_cards(
        &self,
        search: &Search,
        from: CalendarPosition,
        until: Timestamp,
    ) -> Result<CalendarPage> {
        let mut page = CalendarPage {
            cards: Vec::new(),
            next: (from.due < until).then_some(from),
        };
        for _ in 0..search.queries {
            let Some(position) = page.next else {
                return Ok(page);
            };
            let partition = calendar_partition(self.scope.tenant(), position.due);
            let range = Range::Between(sort_key(position), time_text(until));
            let query = Query::of_index(BY_CALENDAR, partition, range)
                .without_keys()
                .limit(search.entries(page.cards.len()));
            let found = self.table.query(&query, None).await?;
            let last = found.next.as_ref().map(position_of).transpose()?;
            let cards = self.whole_cards(found.items).await?;
            for card in cards {
                let Some(card) = self.wanted(search, card).await? else {
                    continue;
                };
                let due = card.schedule.as_ref().map(|schedule| schedule.due);
                let post = Some(card.post);
                page.cards.push(card);
                if page.cards.len() >= search.limit
                    && let Some(due) = due
                {
                    page.next = Some(CalendarPosition { due, post });
                    return Ok(page);
                }
            }
            page.next = last.or_else(|| {
                next_month(position.due)
                    .filter(|month| *month < until)
                    .map(|due| CalendarPosition { due, post: None })
            });
        }
        Ok(page)
    }

    /// The card, if the search wants it; with what is true of its targets where the index cannot tell.
    async fn wanted(&self, search: &Search, mut card: Card) -> Result<Option<Card>> {
        let is_visible = self
            .scope
            .sees(card.targets.iter().map(|target| target.account));
        if !is_visible || !search.fits(&card) {
            return Ok(None);
        }
        if search.may_have_moved(&card) {
            let now = self.deliveries_of(card.post).await?;
            for target in &mut card.targets {
                let delivery = now.iter().find(|delivery| delivery.id == target.delivery);
                if let Some(delivery) = delivery {
                    target.state = delivery.state.visible();
                }
            }
        }
        let has_state = search.state.is_none_or(|state| card.state() == state);
        Ok(has_state.then_some(card))
    }

    /// The cards whose heads are among the entries. A target that was tried again is due at another time than its post,
    /// and a page can end within a post: what is missing is read by post.
    async fn whole_cards(&self, entries: Vec<Attributes>) -> Result<Vec<Card>> {
        let mut cards: Vec<Card> = Vec::new();
        for entry in entries {
            match Entry::read(entry)? {
                Entry::Head(card) => cards.push(card),
                Entry::Target(post, target) => {
                    // The head stands right before its deliveries.
                    if let Some(card) = cards.last_mut().filter(|card| card.post == post) {
                        card.targets.push(target);
                    }
                }
                Entry::Unknown => {}
            }
        }
        let incomplete = cards
            .iter_mut()
            .filter(|card| card.targets.len() != card.size);
        futures::future::try_join_all(incomplete.map(async |card| {
            card.targets = self.card_targets(card.post).await?;
            Ok::<(), Error>(())
        }))
        .await?;
        Ok(cards)
    }

    async fn card_targets(&self, post: PostId) -> Result<Vec<CardTarget>> {
        let query = Query::of_index(
            BY_CREATED,
            tenant_partition(self.scope.tenant()),
            Range::Prefix(format!("{post}#")),
        )
        .without_keys();
        let mut targets = Vec::new();
        for entry in self.table.query_all(&query).await? {
            if let Entry::Target(_, target) = Entry::read(entry)? {
                targets.push(target);
            }
        }
        Ok(targets)
    }
}

/// `~` sorts after `#`: behind everything of the post.
fn sort_key(position: CalendarPosition) -> String {
    let due = time_text(position.due);
    match position.post {
        None => due,
        Some(post) => format!("{due}#{post}~"),
    }
}

/// Where the last entry of a page stands, by its keys.
pub(super) fn position_of(entry: &Attributes) -> Result<CalendarPosition> {
    let key = text_of(entry, BY_CALENDAR.sort).unwrap_or_default();
    let mut parts = key.split('#');
    let due = parts.next().and_then(|due| due.parse().ok());
    let post = parts.next().and_then(|post| post.parse().ok());
    due.map(|due| CalendarPosition { due, post })
        .ok_or_else(|| Error::corrupt("index entry", BY_CALENDAR.sort))
}

/// The first instant of the month after the one that `instant` is in.
fn next_month(instant: Timestamp) -> Option<Timestamp> {
    let first = instant.to_zoned(TimeZone::UTC).first_of_month().ok()?;
    let next = first.checked_add(jiff::Span::new().months(1)).ok()?;
    Some(next.start_of_day().ok()?.timestamp())
}

pub(super) enum Entry {
    Head(Card),
    Target(PostId, CardTarget),
    /// Newer code wrote it.
    Unknown,
}

#[derive(Deserialize)]
struct HeadEntry {
    id: PostId,
    #[serde(default)]
    when: Option<Schedule>,
    #[serde(default)]
    tags: Vec<String>,
    snip: String,
    #[serde(default)]
    n: usize,
    #[serde(with = "millis")]
    ua: Timestamp,
}

#[derive(Deserialize)]
struct TargetEntry {
    id: DeliveryId,
    post: PostId,
    acc: AccountId,
    net: NetworkId,
    vis: VisibleState,
    #[serde(default, with = "optional_millis")]
    due: Option<Timestamp>,
    #[serde(default)]
    link: Option<String>,
}

impl Entry {
    pub(super) fn read(entry: Attributes) -> Result<Self> {
        let unreadable = |error| Error::corrupt("index entry", error);
        match text_of(&entry, TYPE) {
            Some("post") => {
                let head: HeadEntry = serde_dynamo::from_item(entry).map_err(unreadable)?;
                Ok(Self::Head(Card {
                    post: head.id,
                    schedule: head.when,
                    snippet: head.snip,
                    tags: head.tags,
                    updated_at: head.ua,
                    targets: Vec::new(),
                    size: head.n,
                }))
            }
            Some("delivery") => {
                let target: TargetEntry = serde_dynamo::from_item(entry).map_err(unreadable)?;
                Ok(Self::Target(
                    target.post,
                    CardTarget {
                        delivery: target.id,
                        account: target.acc,
                        network: target.net,
                        state: target.vis,
                        due: target.due,
                        permalink: target.link,
                    },
                ))
            }
            _ => Ok(Self::Unknown),
        }
    }
}
