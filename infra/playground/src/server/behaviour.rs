//! How the network treats an account's calls.

use serde::{Deserialize, Serialize};

/// A way to (mis)behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Accepts.
    #[default]
    Ok,
    /// Waits, then accepts.
    Slow,
    /// Posts and answers 500.
    ErrorAfterAccept,
    /// Posts and closes the connection without an answer.
    LostAnswer,
    /// Answers 429 with `Retry-After`.
    RateLimited,
    /// Answers 422.
    Rejected,
    /// Accepts; the post is visible later and must be polled.
    Processing,
    /// Answers 401 to every call until the account is connected again.
    Revoked,
}

impl Mode {
    pub(crate) const ALL: [Self; 8] = [
        Self::Ok,
        Self::Slow,
        Self::ErrorAfterAccept,
        Self::LostAnswer,
        Self::RateLimited,
        Self::Rejected,
        Self::Processing,
        Self::Revoked,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Slow => "slow",
            Self::ErrorAfterAccept => "error_after_accept",
            Self::LostAnswer => "lost_answer",
            Self::RateLimited => "rate_limited",
            Self::Rejected => "rejected",
            Self::Processing => "processing",
            Self::Revoked => "revoked",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// What people read beside the name.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Ok => "accepts",
            Self::Slow => "waits, then accepts",
            Self::ErrorAfterAccept => "posts, then answers 500",
            Self::LostAnswer => "posts, then closes the connection",
            Self::RateLimited => "answers 429 with Retry-After",
            Self::Rejected => "answers 422",
            Self::Processing => "accepts, visible later",
            Self::Revoked => "answers 401 until connected again",
        }
    }

    /// The delay where none is given.
    pub(crate) const fn default_delay_ms(self) -> u64 {
        match self {
            // The pause that `Retry-After` names.
            Self::RateLimited => 2_000,
            Self::Slow | Self::Processing => 3_000,
            Self::Ok
            | Self::ErrorAfterAccept
            | Self::LostAnswer
            | Self::Rejected
            | Self::Revoked => 0,
        }
    }
}

/// A mode with its delay and how long it lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Behaviour {
    pub(crate) mode: Mode,
    pub(crate) delay_ms: u64,
    /// For how many more calls, then [`Mode::Ok`]; `None` until changed.
    pub(crate) times: Option<u64>,
}

/// Which calls use up a behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// The call that publishes.
    Publish,
    /// Every other call of an account.
    Other,
}

impl Behaviour {
    /// The mode that this call meets, and the behaviour after it. All modes but `revoked` leave other calls alone.
    pub(crate) fn take(self, kind: CallKind) -> (Self, Self) {
        let met = match (kind, self.mode) {
            (CallKind::Publish, _) | (CallKind::Other, Mode::Revoked) => self,
            (CallKind::Other, _) => return (Self::default(), self),
        };
        let left = match self.times {
            None => self,
            Some(0 | 1) => Self::default(),
            Some(times) => Self {
                times: Some(times - 1),
                ..self
            },
        };
        (met, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_counts_publishing_calls_only() {
        let twice = Behaviour {
            mode: Mode::Rejected,
            delay_ms: 0,
            times: Some(2),
        };

        let (met, left) = twice.take(CallKind::Other);
        assert_eq!((met.mode, left), (Mode::Ok, twice));
        let (met, left) = twice.take(CallKind::Publish);
        assert_eq!((met.mode, left.times), (Mode::Rejected, Some(1)));
        let (met, left) = left.take(CallKind::Publish);
        assert_eq!((met.mode, left), (Mode::Rejected, Behaviour::default()));
    }

    #[test]
    fn revoked_counts_every_call() {
        let once = Behaviour {
            mode: Mode::Revoked,
            delay_ms: 0,
            times: Some(1),
        };

        let (met, left) = once.take(CallKind::Other);
        assert_eq!((met.mode, left), (Mode::Revoked, Behaviour::default()));
    }

    #[test]
    fn mode_without_times_stays() {
        let always = Behaviour {
            mode: Mode::Slow,
            delay_ms: 5,
            times: None,
        };

        assert_eq!(always.take(CallKind::Publish), (always, always));
    }

    #[test]
    fn mode_is_found_by_its_name() {
        for mode in Mode::ALL {
            assert_eq!(Mode::of_name(mode.name()), Some(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.name());
        }
    }
}
