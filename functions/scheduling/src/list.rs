//! Lists of posts.

use api::permission::ReadPosts;
use api::{Can, Json, ListQuery, Page, PageLimit, Query};
use axum::extract::State;
use domain::clock::whole_second_at_or_after;
use domain::delivery::timing::LOOK_AHEAD;
use domain::post::PostState;
use domain::{AccountId, Error, FieldError, PostId, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{CalendarPosition, Search};
use utoipa::IntoParams;

use crate::view::CardView;
use crate::{Asker, Ctx};

/// Queries of the table that one page may take.
const QUERIES_MAX: usize = 4;
/// Longest range of a list by due time, in months: five years ahead and as many back.
const MONTHS_MAX: i32 = 120;

/// Which posts, and which part of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPosts {
    /// Only in this state. What is in the queue or being sent shows as `scheduled` on a card, and is found by that word
    /// too; asked for `queued` or `publishing`, cards show the state of this moment.
    #[param(value_type = Option<String>)]
    state: Option<PostState>,
    /// Id of an account: only posts with it. One that the caller cannot see is answered with 404.
    #[param(value_type = Option<String>)]
    account: Option<AccountId>,
    /// Only with this tag.
    tag: Option<String>,
    /// Only due at or after this instant; then ordered by due time.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only due before this instant; then ordered by due time.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Most items of the page: 1 to 200, else 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists posts as cards: all of them, drafts too, newest first; or, with `from` or `to`, those that are due then, in
/// that order.
#[utoipa::path(
    get,
    path = "/v1/posts",
    tag = "posts",
    params(ListPosts),
    responses((status = OK, description = "Posts; a page may be short while `next` is set", body = Page<CardView>))
)]
pub(crate) async fn list_posts(
    State(ctx): State<Ctx>,
    caller: Can<ReadPosts>,
    Query(query): Query<ListPosts>,
) -> api::Result<Json<Page<CardView>>> {
    let asker = Asker::from(caller);
    ctx.must_see(&asker, query.account).await?;
    let page = if query.from.is_none() && query.to.is_none() {
        ctx.newest(&asker, query).await?
    } else {
        ctx.due_between(&asker, query).await?
    };
    Ok(Json(page))
}

/// Where a list by due time goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct DuePosition {
    due: Timestamp,
    post: Option<PostId>,
}

impl From<CalendarPosition> for DuePosition {
    fn from(position: CalendarPosition) -> Self {
        Self {
            due: position.due,
            post: position.post,
        }
    }
}

impl From<DuePosition> for CalendarPosition {
    fn from(position: DuePosition) -> Self {
        Self {
            due: position.due,
            post: position.post,
        }
    }
}

impl ListPosts {
    fn search(&self, now: Timestamp) -> Search {
        Search {
            state: self.state,
            account: self.account,
            tag: self.tag.clone(),
            limit: usize::try_from(self.limit.get()).unwrap_or(usize::MAX),
            queries: QUERIES_MAX,
            soon: now.saturating_add(LOOK_AHEAD).unwrap_or(now),
        }
    }

    /// All filters in a fixed form.
    fn filters(&self) -> String {
        let filters = (&self.state, &self.account, &self.tag, &self.from, &self.to);
        serde_json::to_string(&filters).unwrap_or_default()
    }
}

impl Ctx {
    /// Whoever asks for posts of somebody else's account is told what they are told of one that does not exist, and is
    /// noted: an empty list would be neither.
    async fn must_see(&self, asker: &Asker, account: Option<AccountId>) -> Result<()> {
        let Some(account) = account else {
            return Ok(());
        };
        let found = self.posts(asker).account(account).await?;
        found.map(drop).ok_or(Error::NotFound { kind: "account" })
    }

    async fn newest(&self, asker: &Asker, query: ListPosts) -> Result<Page<CardView>> {
        let filters = query.filters();
        let list = ListQuery {
            tenant: asker.tenant.id,
            kind: "posts",
            filters: &filters,
        };
        let before: Option<PostId> = self.gate.start(list, query.cursor.as_deref()).await?;
        let posts = self.posts(asker);
        let page = posts
            .newest_cards(&query.search(self.clock.now()), before)
            .await?;
        let cards = page.cards.into_iter().map(CardView::from).collect();
        self.gate.page(list, cards, page.next).await
    }

    async fn due_between(&self, asker: &Asker, query: ListPosts) -> Result<Page<CardView>> {
        let filters = query.filters();
        let list = ListQuery {
            tenant: asker.tenant.id,
            kind: "posts_by_due",
            filters: &filters,
        };
        let (from, to) = range(query.from, query.to, self.clock.now())?;
        let start: Option<DuePosition> = self.gate.start(list, query.cursor.as_deref()).await?;
        let position = start.unwrap_or(DuePosition {
            due: from,
            post: None,
        });
        let posts = self.posts(asker);
        let page = posts
            .calendar_cards(&query.search(self.clock.now()), position.into(), to)
            .await?;
        let cards = page.cards.into_iter().map(CardView::from).collect();
        let next = page.next.map(DuePosition::from);
        self.gate.page(list, cards, next).await
    }
}

/// The range of due times, which are whole seconds. An open end reaches as far as a range may.
fn range(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp)> {
    let span = jiff::Span::new().months(MONTHS_MAX);
    let utc = |instant: Timestamp| instant.to_zoned(jiff::tz::TimeZone::UTC);
    let from = from.unwrap_or_else(|| {
        let end = to.unwrap_or(now);
        utc(end).saturating_sub(span).timestamp()
    });
    let farthest = utc(from).saturating_add(span).timestamp();
    let to = to.unwrap_or(farthest);
    let wrong =
        |code, message: &str| Err(Error::Invalid(vec![FieldError::new("to", code, message)]));
    if to < from {
        return wrong("invalid_value", "`to` lies before `from`");
    }
    if to > farthest {
        return wrong("range_too_long", "a list by due time reaches over 10 years");
    }
    Ok((whole_second_at_or_after(from), whole_second_at_or_after(to)))
}
