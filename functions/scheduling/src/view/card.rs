//! A post as lists and the calendar show it.

use domain::post::PostState;
use domain::{AccountId, DeliveryId, PostId};
use jiff::Timestamp;
use serde::Serialize;
use store::{Card, CardTarget};
use utoipa::ToSchema;

use super::post::WhenView;
use super::words;

/// A post in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Card)]
pub(crate) struct CardView {
    /// Its id.
    #[schema(value_type = String)]
    id: PostId,
    /// How far it is as a whole, as far as it has settled: what is being sent shows as scheduled.
    #[schema(value_type = words::PostState)]
    state: PostState,
    /// When it is meant to be out.
    when: WhenView,
    /// Begin of its text.
    snippet: String,
    /// What people sort it by.
    tags: Vec<String>,
    /// The accounts that it goes to.
    targets: Vec<CardTargetView>,
    /// When a person last changed it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A target in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CardTarget)]
pub(crate) struct CardTargetView {
    /// Its id.
    #[schema(value_type = String)]
    id: DeliveryId,
    /// The account.
    #[schema(value_type = String)]
    account_id: AccountId,
    /// The account's network.
    network: String,
    /// How far it is, as far as it has settled.
    #[schema(value_type = words::TargetState)]
    state: domain::delivery::VisibleState,
    /// When it is meant to be out.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Where people see it.
    permalink: Option<String>,
}

impl From<Card> for CardView {
    fn from(card: Card) -> Self {
        Self {
            id: card.post,
            state: card.state(),
            when: card.schedule.as_ref().into(),
            snippet: card.snippet,
            tags: card.tags,
            targets: card.targets.into_iter().map(CardTargetView::from).collect(),
            updated_at: card.updated_at,
        }
    }
}

impl From<CardTarget> for CardTargetView {
    fn from(target: CardTarget) -> Self {
        Self {
            id: target.delivery,
            account_id: target.account,
            network: target.network.into(),
            state: target.state,
            due_at: target.due,
            permalink: target.permalink,
        }
    }
}
