//! Weathers that a test forces on its histories. Each has a name, so that a history that fails can be played again.

use crate::tape::Tape;
use crate::weather::Weather;

/// What weather histories may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Climate {
    /// Any.
    Any,
    /// Some of the workers are a version behind.
    OneBehind,
    /// Some of the workers are two versions behind.
    TwoBehind,
    /// Ten thousand old messages come again.
    Redrive,
    /// Ten thousand old messages come again, and nothing else goes wrong.
    CalmRedrive,
}

const OLD_MESSAGES: u32 = 10_000;

impl Climate {
    const ALL: [Self; 5] = [
        Self::Any,
        Self::OneBehind,
        Self::TwoBehind,
        Self::Redrive,
        Self::CalmRedrive,
    ];

    /// Its name for `make simulate WEATHER=…`; the empty one is any weather.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::OneBehind => "one-behind",
            Self::TwoBehind => "two-behind",
            Self::Redrive => "redrive",
            Self::CalmRedrive => "calm-redrive",
        }
    }

    /// The one of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|climate| climate.name() == name)
    }

    /// A weather of it that the tape chooses.
    pub(crate) fn weather(self, tape: &mut Tape) -> Weather {
        match self {
            Self::Any => Weather::choose(tape),
            Self::OneBehind => Weather {
                versions_behind: 1,
                ..Weather::choose(tape)
            },
            Self::TwoBehind => Weather {
                versions_behind: 2,
                ..Weather::choose(tape)
            },
            Self::Redrive => Weather {
                redrive: OLD_MESSAGES,
                ..Weather::choose(tape)
            },
            Self::CalmRedrive => Weather {
                redrive: OLD_MESSAGES,
                ..Weather::choose(&mut Tape::of_choices(Vec::new()))
            },
        }
    }

    /// What plays the history of a seed again.
    pub(crate) fn command(self, seed: u64) -> String {
        match self {
            Self::Any => format!("make simulate SEED={seed}"),
            other => format!("make simulate SEED={seed} WEATHER={}", other.name()),
        }
    }
}
