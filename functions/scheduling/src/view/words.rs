//! The words of states and actions in the OpenAPI document; the domain, which knows no transport, owns them.

use std::borrow::Cow;

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = [$($word:literal),+ $(,)?];)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl $name {
            #[cfg(test)]
            pub(crate) const WORDS: &[&str] = &[$($word),+];
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = [$($word),+];
                RefOr::T(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into())
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

words! {
    /// How far a target is.
    TargetState = [
        "draft", "in_review", "scheduled", "held", "queued", "publishing", "processing", "published", "handed_over",
        "failed", "outcome_unknown", "cancelled", "missed", "removed_remotely",
    ];
    /// How far a post is as a whole.
    PostState = [
        "draft", "in_review", "changes_requested", "scheduled", "held", "queued", "publishing", "processing",
        "published", "handed_over", "partial", "needs_attention", "failed", "cancelled", "missed", "removed_remotely",
    ];
    /// What a person may do.
    Action = [
        "edit", "schedule", "unschedule", "cancel", "hold", "resume", "retry", "resolve", "duplicate", "delete",
    ];
    /// Who must act on an error.
    ErrorActor = ["user", "network", "us"];
    /// What kind of error it is.
    ErrorCategory = [
        "content", "authentication", "permission", "rate_limit", "network_unavailable", "outcome_unknown", "expired",
        "internal",
    ];
    /// How we know that a post is out.
    ProofKind = ["response", "read_back", "person"];
    /// Why a target is held.
    HoldReason = ["user", "account", "tenant"];
}

#[cfg(test)]
mod tests {
    use domain::delivery::State;
    use domain::post::target_actions;
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_the_document_are_those_of_the_domain() {
        for state in State::ALL {
            let word = json!(state.visible());
            assert!(TargetState::WORDS.contains(&word.as_str().unwrap()));
            for action in target_actions(state) {
                assert!(Action::WORDS.contains(&json!(action).as_str().unwrap()));
            }
        }
        for word in TargetState::WORDS {
            assert!(serde_json::from_value::<domain::delivery::VisibleState>(json!(word)).is_ok());
        }
        for word in PostState::WORDS {
            assert!(serde_json::from_value::<domain::post::PostState>(json!(word)).is_ok());
        }
        for word in Action::WORDS {
            assert!(serde_json::from_value::<domain::post::Action>(json!(word)).is_ok());
        }
        for word in ErrorActor::WORDS {
            assert!(serde_json::from_value::<domain::delivery::FaultActor>(json!(word)).is_ok());
        }
        for word in ErrorCategory::WORDS {
            assert!(serde_json::from_value::<domain::delivery::FaultCategory>(json!(word)).is_ok());
        }
        for word in ProofKind::WORDS {
            assert!(serde_json::from_value::<domain::delivery::ProofKind>(json!(word)).is_ok());
        }
        for word in HoldReason::WORDS {
            assert!(serde_json::from_value::<domain::delivery::HoldReason>(json!(word)).is_ok());
        }
    }
}
