//! The calendar: all posts of a few weeks.

use api::permission::ReadPosts;
use api::{Can, Json, Query};
use axum::extract::State;
use domain::clock::whole_second_at_or_after;
use domain::tenant::TimeZoneName;
use domain::{Error, FieldError, Result};
use jiff::{SignedDuration, Timestamp, civil};
use serde::{Deserialize, Serialize};
use store::{CalendarPosition, Search};
use utoipa::{IntoParams, ToSchema};

use crate::view::CardView;
use crate::{Asker, Ctx};

/// Longest range: a year with the weeks around it.
const RANGE_MAX: SignedDuration = SignedDuration::from_hours(24 * 400);
/// Most cards; nobody sees more at once.
const CARDS_MAX: usize = 2_000;
/// Enough for a year of months and the largest number of cards.
const QUERIES_MAX: usize = 32;

/// Which weeks.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CalendarRange {
    /// Due at or after this: an instant, or a date or wall time in `zone`.
    #[param(example = "2026-12-01")]
    from: String,
    /// Due before this: an instant, or a date or wall time in `zone`.
    #[param(example = "2027-01-01")]
    to: String,
    /// An IANA time zone; else the tenant's.
    zone: Option<String>,
}

/// Posts in the order in which they are due.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Calendar {
    /// The posts.
    items: Vec<CardView>,
    /// Whether there are more than the calendar shows: ask for a shorter range.
    truncated: bool,
}

/// Posts that are due in a range of time.
#[utoipa::path(
    get,
    path = "/v1/calendar",
    tag = "posts",
    params(CalendarRange),
    responses((status = OK, description = "Posts, by due time", body = Calendar))
)]
pub(crate) async fn get_calendar(
    State(ctx): State<Ctx>,
    caller: Can<ReadPosts>,
    Query(query): Query<CalendarRange>,
) -> api::Result<Json<Calendar>> {
    let asker = Asker::from(caller);
    let (from, to) = query.read(&asker.tenant.time_zone)?;
    let search = Search {
        limit: CARDS_MAX,
        queries: QUERIES_MAX,
        ..Search::default()
    };
    let start = CalendarPosition {
        due: from,
        post: None,
    };
    let page = ctx.posts(&asker).calendar_cards(&search, start, to).await?;
    Ok(Json(Calendar {
        items: page.cards.into_iter().map(CardView::from).collect(),
        truncated: page.next.is_some(),
    }))
}

impl CalendarRange {
    fn read(&self, tenant_zone: &TimeZoneName) -> Result<(Timestamp, Timestamp)> {
        let zone = match &self.zone {
            Some(zone) => zone
                .parse::<TimeZoneName>()
                .map_err(|error| wrong("zone", &error.to_string()))?,
            None => tenant_zone.clone(),
        };
        let from = instant(&self.from, &zone).ok_or_else(|| not_a_time("from"))?;
        let to = instant(&self.to, &zone).ok_or_else(|| not_a_time("to"))?;
        if to < from {
            return Err(wrong("to", "`to` lies before `from`"));
        }
        if to.duration_since(from) > RANGE_MAX {
            return Err(Error::field(
                "to",
                "range_too_long",
                "a calendar shows 400 days at most",
            ));
        }
        Ok((whole_second_at_or_after(from), whole_second_at_or_after(to)))
    }
}

fn instant(text: &str, zone: &TimeZoneName) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let local: civil::DateTime = text.parse().ok()?;
    Some(local.to_zoned(zone.time_zone()).ok()?.timestamp())
}

fn not_a_time(name: &'static str) -> Error {
    wrong(
        name,
        "use a date such as 2026-12-01, a date and time, or an instant",
    )
}

fn wrong(name: &'static str, message: &str) -> Error {
    Error::Malformed {
        code: "malformed_request",
        detail: format!("the query parameter `{name}` is not valid: {message}"),
        errors: vec![FieldError::new(name, "invalid_parameter", message)],
    }
}
