//! The name of each transition that exists.

use std::fmt;

/// The names are listed once, so that [`TransitionName::ALL`] cannot leave one out.
macro_rules! names {
    ($($(#[$documentation:meta])* $name:ident = $text:literal;)*) => {
        /// What a transition is called, in logs and in the histories that tests make of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TransitionName {
            $($(#[$documentation])* $name,)*
        }

        impl TransitionName {
            /// Every transition that exists.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in words with underscores.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

names! {
    /// T14: [`super::acts::schedule`].
    Schedule = "schedule";
    /// T14 back: [`super::acts::unschedule`].
    Unschedule = "unschedule";
    /// T10: [`super::acts::edit`].
    Edit = "edit";
    /// T10: [`super::acts::edit_held`].
    EditHeld = "edit_held";
    /// [`super::acts::rewrite`].
    Rewrite = "rewrite";
    /// T11: [`super::acts::cancel`].
    Cancel = "cancel";
    /// T12: [`super::acts::hold`].
    Hold = "hold";
    /// T12 back: [`super::acts::resume`].
    Resume = "resume";
    /// T16: [`super::acts::try_again`].
    TryAgain = "try_again";
    /// T18: [`super::acts::resolve_published`].
    ResolvePublished = "resolve_published";
    /// T18: [`super::acts::resolve_not_published`].
    ResolveNotPublished = "resolve_not_published";
    /// T2: [`super::protocol::queued`].
    Queued = "queued";
    /// T3: [`super::protocol::claim`].
    Claim = "claim";
    /// T4: [`super::protocol::intent`].
    Intent = "intent";
    /// T5: [`super::protocol::published`].
    Published = "published";
    /// T5: [`super::protocol::handed_over`].
    HandedOver = "handed_over";
    /// T6: [`super::protocol::retry`].
    Retry = "retry";
    /// T6: [`super::protocol::postponed`].
    Postponed = "postponed";
    /// T6: [`super::protocol::paced`].
    Paced = "paced";
    /// T6: [`super::protocol::retry_found`].
    RetryFound = "retry_found";
    /// T7: [`super::protocol::failed`].
    Failed = "failed";
    /// T8: [`super::protocol::uncertain`].
    Uncertain = "uncertain";
    /// T8: [`super::protocol::reaping`].
    Reaping = "reaping";
    /// T8: [`super::protocol::reap`].
    Reap = "reap";
    /// T9, T15: [`super::protocol::looking`].
    Looking = "looking";
    /// T9: [`super::protocol::look_again`].
    LookAgain = "look_again";
    /// T9: [`super::protocol::found`].
    Found = "found";
    /// T9: [`super::protocol::found_handed_over`].
    FoundHandedOver = "found_handed_over";
    /// T9: [`super::protocol::found_failed`].
    FoundFailed = "found_failed";
    /// T9: [`super::protocol::absent`].
    Absent = "absent";
    /// T9: [`super::protocol::ask`].
    Ask = "ask";
    /// T11: [`super::protocol::cancelled_by_owner`].
    CancelledByOwner = "cancelled_by_owner";
    /// T12: [`super::protocol::held_by_owner`].
    HeldByOwner = "held_by_owner";
    /// T13: [`super::protocol::missed`].
    Missed = "missed";
    /// T13: [`super::protocol::missed_by_owner`].
    MissedByOwner = "missed_by_owner";
    /// T13: [`super::protocol::overdue_missed`].
    OverdueMissed = "overdue_missed";
    /// T9: [`super::protocol::overdue_ask`].
    OverdueAsk = "overdue_ask";
    /// T15: [`super::protocol::processing`].
    Processing = "processing";
    /// T15: [`super::protocol::processing_found`].
    ProcessingFound = "processing_found";
    /// T15: [`super::protocol::poll_again`].
    PollAgain = "poll_again";
    /// T15: [`super::protocol::processing_uncertain`].
    ProcessingUncertain = "processing_uncertain";
    /// T19: [`super::protocol::lost`].
    Lost = "lost";
    /// T19: [`super::protocol::lost_call`].
    LostCall = "lost_call";
    /// T19: [`super::protocol::lost_content`].
    LostContent = "lost_content";
}

impl fmt::Display for TransitionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
