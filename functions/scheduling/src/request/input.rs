//! Bodies of requests, as they are written.

use domain::schedule::Fold;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A post to be made.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePost {
    /// When it is meant to be out.
    pub(crate) when: WhenInput,
    /// What all targets say.
    pub(crate) base: ContentInput,
    /// 1 to 40 accounts, none twice.
    pub(crate) targets: Vec<TargetInput>,
    /// What people sort it by.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
}

/// Exactly one of `draft`, `now` and `at`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = When)]
pub(crate) struct WhenInput {
    /// `true`: not scheduled yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) draft: Option<bool>,
    /// `true`: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<bool>,
    /// A date and clock time; with an offset or `Z`, or else in `zone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-12-01T09:00:00")]
    pub(crate) at: Option<String>,
    /// The name of an IANA time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    pub(crate) zone: Option<String>,
    /// Which of two times is meant where the clock shows it twice: `earlier` (else) or `later`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "earlier")]
    pub(crate) fold: Option<Fold>,
}

/// What a post says.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Content)]
pub(crate) struct ContentInput {
    /// The text.
    #[serde(default)]
    pub(crate) text: String,
    /// Ids of images or videos, in order.
    #[serde(default)]
    pub(crate) media: Vec<String>,
    /// Further parts, each an answer to the one before.
    #[serde(default)]
    pub(crate) thread: Vec<ThreadPartInput>,
}

/// A further part of a thread.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ThreadPart)]
pub(crate) struct ThreadPartInput {
    /// The text.
    #[serde(default)]
    pub(crate) text: String,
    /// Ids of images or videos, in order.
    #[serde(default)]
    pub(crate) media: Vec<String>,
}

/// One account that the post goes to.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTarget)]
pub(crate) struct TargetInput {
    /// The account.
    pub(crate) account_id: String,
    /// What it says differently there.
    #[serde(default, rename = "override")]
    pub(crate) overridden: Option<OverrideInput>,
    /// The network's own options; without them, those that the tenant has set for the network.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) options: Option<Map<String, Value>>,
}

/// What one target says differently; what is absent is inherited.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Override)]
pub(crate) struct OverrideInput {
    /// Another text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// Other media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media: Option<Vec<String>>,
    /// Other further parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thread: Option<Vec<ThreadPartInput>>,
}

/// Which targets an action is for.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TargetAction)]
pub(crate) struct ActOnPost {
    /// Only these; without it, all that allow it.
    #[serde(default)]
    pub(crate) targets: Option<Vec<String>>,
}

/// A time for a draft, or for what failed or was missed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleAction)]
pub(crate) struct ScheduleInput {
    /// When it is meant to be out.
    pub(crate) when: WhenInput,
    /// Only these; without it, all that allow it.
    #[serde(default)]
    pub(crate) targets: Option<Vec<String>>,
}

/// What a person found at the network.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Resolve)]
pub(crate) struct ResolveTarget {
    /// Whether it is out.
    pub(crate) outcome: FoundOutcome,
    /// Where people see it, if it is out.
    #[serde(default)]
    pub(crate) permalink: Option<String>,
}

/// Whether a target is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FoundOutcome {
    /// It is out.
    Published,
    /// It is not out; it can be tried again.
    NotPublished,
}
