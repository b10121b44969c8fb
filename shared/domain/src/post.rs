//! Posts: what people write, for which accounts, and how far it is as a whole.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::delivery::{State, VisibleState};
use crate::id::{AccountId, DeliveryId, MediaId, PostId, TenantId, UserId};
use crate::network::NetworkId;
use crate::schedule::Schedule;

/// Most targets of a post: what one transaction can hold.
pub const TARGETS_MAX: usize = 40;
/// Most media of a post, over its base and all overrides.
pub const MEDIA_MAX: usize = 20;
/// Most tags of a post.
pub const TAGS_MAX: usize = 20;
/// Longest tag, in grapheme clusters.
pub const TAG_MAX: usize = 50;
/// Longest text of one part, in bytes; networks take far less.
pub const TEXT_BYTES_MAX: usize = 20_000;
/// Most parts of a thread after the first.
pub const THREAD_MAX: usize = 24;
/// Grapheme clusters of the text that lists show.
pub const SNIPPET_MAX: usize = 80;

/// What a post says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The text.
    pub text: String,
    /// Images or videos, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaId>,
    /// Further parts, each an answer to the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thread: Vec<ThreadPart>,
}

/// A further part of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadPart {
    /// The text.
    pub text: String,
    /// Images or videos, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaId>,
}

/// What one target says differently; what is absent is inherited from the base.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Another text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Other media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Vec<MediaId>>,
    /// Other further parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Vec<ThreadPart>>,
}

impl Override {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.text.is_none() && self.media.is_none() && self.thread.is_none()
    }
}

/// One target with what is special to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetContent {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The account.
    pub account: AccountId,
    /// The account's network.
    pub network: NetworkId,
    /// What it says differently.
    #[serde(
        default,
        rename = "override",
        skip_serializing_if = "Override::is_empty"
    )]
    pub overridden: Override,
    /// The network's own options.
    #[serde(default)]
    pub options: Value,
}

/// The content of a post at one revision. Never changed: a worker reads exactly the revision that it claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Its number; the first is 1.
    pub revision: u32,
    /// What all targets say.
    pub base: Content,
    /// The targets.
    pub targets: Vec<TargetContent>,
}

impl Body {
    /// What one target says: the base with its overrides.
    pub fn content_of(&self, target: &TargetContent) -> Content {
        let Override {
            text,
            media,
            thread,
        } = target.overridden.clone();
        Content {
            text: text.unwrap_or_else(|| self.base.text.clone()),
            media: media.unwrap_or_else(|| self.base.media.clone()),
            thread: thread.unwrap_or_else(|| self.base.thread.clone()),
        }
    }

    /// Every medium that any part of any target uses, each once, in order of first use.
    pub fn media(&self) -> Vec<MediaId> {
        let parts_of = |media: &[MediaId], thread: &[ThreadPart]| {
            media
                .iter()
                .chain(thread.iter().flat_map(|part| &part.media))
                .copied()
                .collect::<Vec<_>>()
        };
        let mut used = parts_of(&self.base.media, &self.base.thread);
        for target in &self.targets {
            let Override {
                text: _,
                media,
                thread,
            } = &target.overridden;
            used.extend(parts_of(
                media.as_deref().unwrap_or_default(),
                thread.as_deref().unwrap_or_default(),
            ));
        }
        let mut once = Vec::new();
        for media in used {
            if !once.contains(&media) {
                once.push(media);
            }
        }
        once
    }
}

/// The head of a post: what is needed without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Version of what people edit; delivery progress does not change it.
    pub version: u64,
    /// The present revision of the body.
    pub body: u32,
    /// When it is meant to be out; `None` for a draft.
    pub schedule: Option<Schedule>,
    /// What people sort it by.
    pub tags: Vec<String>,
    /// Begin of the text, for lists.
    pub snippet: String,
    /// Who wrote it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When a person last changed it.
    pub updated_at: Timestamp,
}

/// How far a post is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// Written, not scheduled.
    Draft,
    /// Waits for an approval.
    InReview,
    /// An approver asked for changes.
    ChangesRequested,
    /// Waits for its time.
    Scheduled,
    /// A person must act before it can go out.
    Held,
    /// Its turn is near.
    Queued,
    /// It is going out now.
    Publishing,
    /// A network works on it.
    Processing,
    /// It is out everywhere.
    Published,
    /// A person must finish it at a network.
    HandedOver,
    /// It is out at some targets and will not be at others.
    Partial,
    /// A person must tell whether it is out.
    NeedsAttention,
    /// It is out nowhere.
    Failed,
    /// A person cancelled it.
    Cancelled,
    /// Its time passed.
    Missed,
    /// It was out and was removed.
    RemovedRemotely,
}

impl PostState {
    /// The state of a post with targets in these states: first what needs a person, then what moves, then how it ended.
    pub fn of_targets(targets: impl IntoIterator<Item = VisibleState>) -> Self {
        let targets: Vec<VisibleState> = targets.into_iter().collect();
        let has = |state| targets.contains(&state);
        let is_out = has(VisibleState::Published) || has(VisibleState::HandedOver);
        let waits = has(VisibleState::Scheduled) || has(VisibleState::Queued);
        let went_wrong = has(VisibleState::Failed) || has(VisibleState::Missed);
        if has(VisibleState::OutcomeUnknown) {
            Self::NeedsAttention
        } else if has(VisibleState::Publishing) || (waits && is_out) {
            Self::Publishing
        } else if has(VisibleState::Processing) {
            Self::Processing
        } else if has(VisibleState::Queued) {
            Self::Queued
        } else if has(VisibleState::Scheduled) {
            Self::Scheduled
        } else if has(VisibleState::Held) {
            Self::Held
        } else if has(VisibleState::InReview) {
            Self::InReview
        } else if is_out && went_wrong {
            Self::Partial
        } else if has(VisibleState::Published) {
            Self::Published
        } else if has(VisibleState::HandedOver) {
            Self::HandedOver
        } else if has(VisibleState::RemovedRemotely) {
            Self::RemovedRemotely
        } else if has(VisibleState::Failed) {
            Self::Failed
        } else if has(VisibleState::Missed) {
            Self::Missed
        } else if has(VisibleState::Draft) {
            Self::Draft
        } else {
            Self::Cancelled
        }
    }
}

/// What a person may do with a post or a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Change content, time or tags.
    Edit,
    /// Give it a time.
    Schedule,
    /// Make it a draft again.
    Unschedule,
    /// Never send it.
    Cancel,
    /// Wait until resumed.
    Hold,
    /// No longer wait.
    Resume,
    /// Try again at once.
    Retry,
    /// Tell whether it is out.
    Resolve,
    /// Copy it as a draft.
    Duplicate,
    /// Remove it.
    Delete,
}

/// What a person may do with a target in this state.
pub fn target_actions(state: State) -> &'static [Action] {
    match state {
        State::Draft => &[Action::Schedule],
        State::Scheduled | State::Queued | State::RetryWait | State::Claimed => {
            &[Action::Unschedule, Action::Cancel, Action::Hold]
        }
        State::Held => &[Action::Unschedule, Action::Cancel, Action::Resume],
        State::Failed | State::Missed => &[Action::Schedule, Action::Retry],
        State::Asking => &[Action::Resolve],
        State::Calling
        | State::Processing
        | State::Uncertain
        | State::Published
        | State::HandedOver
        | State::Cancelled => &[],
    }
}

/// What a person may do with a post whose targets are in these states.
pub fn post_actions(states: &[State]) -> Vec<Action> {
    let mut actions: Vec<Action> = states
        .iter()
        .flat_map(|state| target_actions(*state))
        .copied()
        .filter(|action| *action != Action::Resolve)
        .collect();
    if is_editable(states) {
        actions.push(Action::Edit);
    }
    if is_draft(states) || is_waiting(states) {
        actions.push(Action::Delete);
    }
    actions.push(Action::Duplicate);
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// Whether nothing of the post was ever scheduled, or no longer is.
pub fn is_draft(states: &[State]) -> bool {
    states.iter().all(|state| *state == State::Draft)
}

/// Whether something of the post waits and nothing is out or under way.
pub fn is_waiting(states: &[State]) -> bool {
    let waits = |state: &State| target_actions(*state).contains(&Action::Cancel);
    states.iter().any(waits) && !states.iter().copied().any(is_past_intent)
}

/// Whether the content may still change: nothing is out or under way, and not everything was cancelled.
pub fn is_editable(states: &[State]) -> bool {
    let is_cancelled = |state: &State| *state == State::Cancelled;
    !states.iter().all(is_cancelled) && !states.iter().copied().any(is_past_intent)
}

/// Whether the publishing call of a target in this state was begun, so that something may be visible.
pub fn is_past_intent(state: State) -> bool {
    match state {
        State::Calling
        | State::Processing
        | State::Uncertain
        | State::Asking
        | State::Published
        | State::HandedOver => true,
        State::Draft
        | State::Held
        | State::Scheduled
        | State::Queued
        | State::Claimed
        | State::RetryWait
        | State::Failed
        | State::Cancelled
        | State::Missed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn post_state_tells_first_what_needs_a_person() {
        use VisibleState as V;
        let cases: &[(&[V], PostState)] = &[
            (&[V::Draft, V::Draft], PostState::Draft),
            (&[V::Scheduled, V::Scheduled], PostState::Scheduled),
            (&[V::Queued, V::Scheduled], PostState::Queued),
            (&[V::Published, V::Scheduled], PostState::Publishing),
            (
                &[V::Published, V::OutcomeUnknown],
                PostState::NeedsAttention,
            ),
            (&[V::Published, V::Failed], PostState::Partial),
            (&[V::Published, V::Cancelled], PostState::Published),
            (&[V::Published, V::Held], PostState::Held),
            (&[V::Published, V::HandedOver], PostState::Published),
            (&[V::Failed, V::Missed], PostState::Failed),
            (&[V::Missed, V::Cancelled], PostState::Missed),
            (&[V::Cancelled], PostState::Cancelled),
            (&[V::Processing, V::Published], PostState::Processing),
        ];
        for (targets, expected) in cases {
            assert_eq!(
                PostState::of_targets(targets.iter().copied()),
                *expected,
                "{targets:?}"
            );
        }
    }

    #[test]
    fn post_that_is_publishing_can_neither_be_edited_nor_deleted() {
        assert_eq!(post_actions(&[State::Calling]), [Action::Duplicate]);
    }

    #[test]
    fn post_with_one_cancelled_target_can_still_be_edited() {
        assert!(post_actions(&[State::Cancelled, State::Scheduled]).contains(&Action::Edit));
        assert_eq!(post_actions(&[State::Cancelled]), [Action::Duplicate]);
    }

    #[test]
    fn post_that_failed_can_be_edited_and_not_deleted() {
        let actions = post_actions(&[State::Failed]);

        assert!(actions.contains(&Action::Edit));
        assert!(!actions.contains(&Action::Delete));
    }

    #[test]
    fn post_with_one_target_past_its_intent_can_still_cancel_the_other() {
        let actions = post_actions(&[State::Calling, State::Scheduled]);

        assert!(actions.contains(&Action::Cancel));
        assert!(!actions.contains(&Action::Edit));
    }
}
