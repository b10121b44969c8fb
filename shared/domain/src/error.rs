//! The one error of the product: transport-free, with a stable code and a class that says who can act.

use std::error::Error as StdError;

use jiff::Timestamp;

use crate::id::AccountId;
use crate::wrapping_key::KeyRefusal;

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// The cause below an [`Error`]: kept for logs, never shown to a caller.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field, or the name of a query parameter.
    pub pointer: String,
    /// Stable code, for programs.
    pub code: &'static str,
    /// What to do, for people.
    pub message: String,
}

impl FieldError {
    /// A wrong field at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            message: message.into(),
        }
    }
}

/// What went wrong.
///
/// The texts inside are for the caller; what only we should know is in the cause.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is well-formed, but fields are not acceptable.
    #[error("some fields are not valid")]
    Invalid(Vec<FieldError>),
    /// The request cannot be read.
    #[error("{detail}")]
    Malformed {
        /// `malformed_request`, `invalid_cursor`, …
        code: &'static str,
        /// What could not be read.
        detail: String,
        /// The places that could not be read.
        errors: Vec<FieldError>,
    },
    /// Nobody, or nobody that we know, asks.
    #[error("{detail}")]
    Unauthenticated {
        /// `unauthenticated`, `invalid_credentials`, …
        code: &'static str,
        /// What the caller should do.
        detail: &'static str,
    },
    /// The actor may not do this.
    #[error("{detail}")]
    Forbidden {
        /// `forbidden`, `cross_site_request`, …
        code: &'static str,
        /// What is missing.
        detail: String,
    },
    /// It does not exist, or not in the actor's tenant.
    #[error("{kind} not found")]
    NotFound {
        /// The kind of thing, for people: "post", "account", …
        kind: &'static str,
    },
    /// The request names things that do not exist, or not in the actor's tenant.
    #[error("the request names something that does not exist")]
    UnknownReference(Vec<FieldError>),
    /// What was asked for does not fit the present state.
    #[error("{detail}")]
    Conflict {
        /// `already_publishing`, `already_exists`, `media_in_use`, …
        code: &'static str,
        /// What to do instead.
        detail: String,
    },
    /// A one-time token was used already, or is too old.
    #[error("{detail}")]
    Gone {
        /// `token_used`, `token_expired`.
        code: &'static str,
        /// How to get a new one.
        detail: &'static str,
    },
    /// The idempotency key was used for another command.
    #[error("the idempotency key was used with another request: use a new key for a new command")]
    KeyReused,
    /// Somebody changed it since the caller read it.
    #[error("it was changed since you read it: read it again and repeat your change")]
    StaleVersion,
    /// The call needs an `If-Match` header.
    #[error("send the ETag that you read in an If-Match header")]
    VersionRequired,
    /// A limit of the plan is reached.
    #[error("the plan allows {limit} {what}")]
    QuotaExceeded {
        /// What is counted, for people.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
    },
    /// Too many attempts.
    #[error("too many requests: wait until {retry_at}")]
    RateLimited {
        /// When the next attempt is allowed.
        retry_at: Timestamp,
    },
    /// Too many of something, perhaps by others: this one waits, or goes another way.
    #[error("{detail}")]
    HeldBack {
        /// `sign_ins_held_back`, `tenants_held_back`, …
        code: &'static str,
        /// The other ways, for people.
        detail: String,
        /// When the next attempt may be allowed.
        retry_at: Timestamp,
    },
    /// The body is larger than the route takes.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The largest body that the route takes, in bytes.
        limit: u64,
    },
    /// The body is of a type that the route does not take.
    #[error("send {expected}")]
    UnsupportedMediaType {
        /// The type that the route takes.
        expected: &'static str,
    },
    /// The path exists, the method does not.
    #[error("this path does not take that method")]
    MethodNotAllowed,
    /// The network no longer accepts the account's credentials.
    #[error("the account must be connected again")]
    AccountNeedsReconnect {
        /// The account.
        account: AccountId,
    },
    /// The tenant's own encryption key cannot be used: whoever owns it must act.
    #[error("the workspace's own encryption key cannot be used: {refusal}")]
    OwnKeyRefused {
        /// Why.
        refusal: KeyRefusal,
        /// What the key service said.
        #[source]
        cause: Option<Cause>,
    },
    /// A social network refused what a person asked for.
    #[error("{detail}")]
    NetworkRefused {
        /// Stable code of ours: `invalid_credentials`, `network_unreachable`, …
        code: &'static str,
        /// What the network said and what to do, for people.
        detail: String,
    },
    /// What was uploaded cannot be used.
    #[error("{detail}")]
    Unusable {
        /// `type_mismatch`, `corrupt_image`, …
        code: &'static str,
        /// What is wrong with it, for people.
        detail: String,
    },
    /// Something that we depend on does not answer; trying again later may help.
    #[error("{dependency} is not available")]
    Unavailable {
        /// What does not answer.
        dependency: &'static str,
        /// Why.
        #[source]
        cause: Option<Cause>,
    },
    /// Stored data that we cannot read: a fault of ours.
    #[error("stored {what} cannot be read")]
    Corrupt {
        /// What cannot be read.
        what: &'static str,
        /// Why.
        #[source]
        cause: Option<Cause>,
    },
    /// A fault of ours.
    #[error("{what}")]
    Internal {
        /// What failed.
        what: &'static str,
        /// Why.
        #[source]
        cause: Option<Cause>,
    },
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

/// Who can act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The caller, by another request.
    Caller,
    /// Nobody: it passes.
    Transient,
    /// A person, at the network or in the dashboard.
    Person,
    /// We, by a repair.
    Fault,
}

impl Error {
    /// One wrong field.
    pub fn field(
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        FieldError::new(pointer, code, message).into()
    }

    /// A request that cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed {
            code: "malformed_request",
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// A state that does not allow what was asked for.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            detail: detail.into(),
        }
    }

    /// No, or no valid, credential.
    pub fn unauthenticated() -> Self {
        Self::Unauthenticated {
            code: "unauthenticated",
            detail: "sign in, or send a valid access token",
        }
    }

    /// A dependency that does not answer.
    pub fn unavailable(dependency: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Unavailable {
            dependency,
            cause: Some(cause.into()),
        }
    }

    /// Stored data that cannot be read.
    pub fn corrupt(what: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Corrupt {
            what,
            cause: Some(cause.into()),
        }
    }

    /// A fault of ours.
    pub fn internal(what: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Internal {
            what,
            cause: Some(cause.into()),
        }
    }

    /// The stable code that programs branch on; each is explained in `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_request",
            Self::Malformed { code, .. }
            | Self::Unauthenticated { code, .. }
            | Self::Forbidden { code, .. }
            | Self::Conflict { code, .. }
            | Self::Gone { code, .. }
            | Self::HeldBack { code, .. }
            | Self::NetworkRefused { code, .. }
            | Self::Unusable { code, .. } => code,
            Self::NotFound { .. } | Self::UnknownReference(_) => "not_found",
            Self::KeyReused => "idempotency_key_reused",
            Self::StaleVersion => "stale_version",
            Self::VersionRequired => "version_required",
            Self::QuotaExceeded { .. } => "plan_limit",
            Self::RateLimited { .. } => "rate_limited",
            Self::TooLarge { .. } => "body_too_large",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::AccountNeedsReconnect { .. } => "account_reconnect_required",
            Self::OwnKeyRefused { .. } => "encryption_key_refused",
            Self::Unavailable { .. } => "unavailable",
            Self::Corrupt { .. } | Self::Internal { .. } => "internal",
        }
    }

    /// Who can act on it.
    pub fn class(&self) -> Class {
        match self {
            Self::Invalid(_)
            | Self::Malformed { .. }
            | Self::Unauthenticated { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::UnknownReference(_)
            | Self::Conflict { .. }
            | Self::Gone { .. }
            | Self::KeyReused
            | Self::StaleVersion
            | Self::VersionRequired
            | Self::QuotaExceeded { .. }
            | Self::HeldBack { .. }
            | Self::TooLarge { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::Unusable { .. }
            | Self::MethodNotAllowed => Class::Caller,
            Self::RateLimited { .. } | Self::Unavailable { .. } => Class::Transient,
            Self::AccountNeedsReconnect { .. }
            | Self::OwnKeyRefused { .. }
            | Self::NetworkRefused { .. } => Class::Person,
            Self::Corrupt { .. } | Self::Internal { .. } => Class::Fault,
        }
    }
}
