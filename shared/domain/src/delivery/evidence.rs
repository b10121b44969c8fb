//! What proves that a post is out, and what explains that it is not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How we know that a post is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofKind {
    /// The network answered our publishing call with the post's id.
    Response,
    /// The answer was lost or late; we found the post by reading our own posts or its record.
    ReadBack,
    /// A person looked and told us.
    Person,
}

/// Proof of a publication. Nothing can be `published` without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The network's id of the post; `None` only where a person vouches.
    pub remote_id: Option<String>,
    /// Where people see it.
    pub permalink: Option<String>,
    /// How we know.
    pub proof: ProofKind,
    /// When it went out, as the network says or else as we saw.
    pub published_at: Timestamp,
}

/// Who must act on a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultActor {
    /// The person who wrote the post, or who owns the account.
    User,
    /// The social network.
    Network,
    /// We.
    Us,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCategory {
    /// The content is not acceptable to the network.
    Content,
    /// The account's credentials do not work.
    Authentication,
    /// The account may not do this at the network.
    Permission,
    /// Too many calls.
    RateLimit,
    /// The network does not work.
    NetworkUnavailable,
    /// Whether the post went out is not known.
    OutcomeUnknown,
    /// It is too late.
    Expired,
    /// A fault of ours.
    Internal,
}

/// Why a delivery did not go out, or has not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Stable code; each is explained in `docs/errors.md`.
    pub code: String,
    /// What kind it is.
    pub category: FaultCategory,
    /// Who must act.
    pub actor: FaultActor,
    /// What happened, for people; the network's words where it gave some.
    pub message: String,
    /// What to do now, for people.
    pub remedy: String,
}

impl Fault {
    /// A fault with all its parts.
    pub fn new(
        code: impl Into<String>,
        category: FaultCategory,
        actor: FaultActor,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            category,
            actor,
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

impl Fault {
    /// Code of [`Fault::paced`].
    const PACED: &'static str = "account_paced";

    /// The account may not post this often; the delivery has a turn of its own.
    pub fn paced() -> Self {
        Self::new(
            Self::PACED,
            FaultCategory::RateLimit,
            FaultActor::Network,
            "the network allows this account only so many posts",
            "nothing to do: it goes out at the next time that the network allows",
        )
    }

    /// The same fault when there will be no further try: what now helps is for a person to decide.
    #[must_use]
    pub fn given_up(self) -> Self {
        Self {
            remedy:
                "we tried until it was too late: publish it now with retry, or schedule it again"
                    .to_owned(),
            ..self
        }
    }

    /// Whether it is [`Fault::paced`].
    pub fn is_paced(&self) -> bool {
        self.code == Self::PACED
    }
}

/// A publication that the network works on by itself after it took our call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteJob {
    /// The network's id of the job.
    pub id: String,
    /// When to look first.
    pub poll_at: Timestamp,
}
