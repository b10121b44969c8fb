//! What must be true at the end of every life, wherever a process died.

use domain::delivery::State;
use store::{StoredPost, Timeline};

use crate::life::{NEW_TEXT, new_due};
use crate::world::{AUTHOR, World};

/// Where a story is played without a fault.
pub(crate) const UNDISTURBED: &str = "undisturbed";

/// How a target may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Published,
    Failed,
    Cancelled,
    /// It waits for its account.
    Held,
    /// A person is asked whether it is out.
    Asking,
}

/// Looks at the table and at what readers see.
pub(crate) fn check(
    world: &World,
    post: &StoredPost,
    timeline: &Timeline,
    endings: &[Ending],
    place: &str,
) {
    for delivery in &post.deliveries {
        let visible: Vec<_> = world
            .network
            .visible()
            .into_iter()
            .filter(|seen| seen.delivery == delivery.id)
            .collect();
        assert!(
            visible.len() <= 1,
            "{place}: {} posts are visible",
            visible.len()
        );
        let ending = match delivery.state {
            State::Published => {
                assert_eq!(
                    visible.len(),
                    1,
                    "{place}: published, but nothing is visible"
                );
                assert!(
                    delivery.evidence.is_some(),
                    "{place}: published without evidence"
                );
                Ending::Published
            }
            State::Failed => Ending::Failed,
            State::Cancelled => Ending::Cancelled,
            State::Held => Ending::Held,
            State::Asking => Ending::Asking,
            other => panic!("{place}: ended as {}", other.name()),
        };
        assert!(
            endings.contains(&ending),
            "{place}: ended as {ending:?}: {:?}",
            delivery.fault
        );
        let told = match ending {
            Ending::Published | Ending::Cancelled => None,
            Ending::Failed => Some("target.failed"),
            Ending::Held => Some("target.held"),
            Ending::Asking => Some("target.outcome_unknown"),
        };
        let events = &timeline.events;
        let count = |kind| events.iter().filter(|event| event.kind == kind).count();
        assert!(
            told.is_none_or(|kind| count(kind) == 1),
            "{place}: the timeline does not tell once how it ended: {events:?}"
        );
        let mails = world.mailbox.to(AUTHOR).len();
        if told.is_some() {
            assert!(mails >= 1, "{place}: {ending:?}, and nobody was told");
        }
        if place == UNDISTURBED {
            // A process that dies between sending and noting it sends a mail twice, which is better than never.
            assert_eq!(mails, usize::from(told.is_some()), "{place}: mails");
        }
        if matches!(ending, Ending::Failed | Ending::Cancelled | Ending::Held) {
            assert_eq!(visible.len(), 0, "{place}: {ending:?}, but visible");
        }
        if post.body.base.text == NEW_TEXT {
            assert!(
                visible.iter().all(|seen| seen.text == NEW_TEXT),
                "{place}: the old text is visible"
            );
            assert!(
                visible.iter().all(|seen| seen.posted_at >= new_due()),
                "{place}: it was early"
            );
        }
        let is_settled = ending != Ending::Held;
        assert_eq!(
            delivery.attention.is_none(),
            is_settled,
            "{place}: only what is not settled wants attention"
        );
        assert_eq!(
            delivery.deadline.is_none(),
            is_settled,
            "{place}: only what is not settled has a deadline"
        );
    }
}
