//! What may go wrong in a history. Each history gets a few of the faults only: where everything fails at once, most
//! faults hide behind others.

use std::fmt;

use domain::network::RepeatRule;
use jiff::SignedDuration;

use crate::tape::Tape;

/// What goes wrong, and how the network is.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// Faults that can hit any awaited effect.
    pub(crate) effects: Vec<EffectFault>,
    /// Messages are delivered more than once.
    pub(crate) duplicates: bool,
    /// Messages overtake each other.
    pub(crate) reordering: bool,
    /// Messages get lost.
    pub(crate) losses: bool,
    /// Clocks are wrong by up to five minutes.
    pub(crate) clocks: bool,
    /// Ticks do not happen.
    pub(crate) missed_ticks: bool,
    /// Ticks happen twice.
    pub(crate) doubled_ticks: bool,
    /// Half of all requests to the table are refused, for ten minutes.
    pub(crate) throttling: bool,
    /// Answers of the table get lost once, and the SDK asks again.
    pub(crate) repeats: bool,
    /// Keys cannot be had, for half an hour.
    pub(crate) key_outage: bool,
    /// The index tells what was true seconds ago.
    pub(crate) stale_index: bool,
    /// How many versions some of the workers are behind: one can be read, two cannot.
    pub(crate) versions_behind: u32,
    /// Old messages come again, this many.
    pub(crate) redrive: u32,
    /// The table is set back by five minutes.
    pub(crate) restore: bool,
    /// Media take long to upload.
    pub(crate) slow_uploads: bool,
    /// All posts have the same text at first.
    pub(crate) twins: bool,
    /// People change their minds.
    pub(crate) people: bool,
    /// The network answers late, not at all, or no.
    pub(crate) network_trouble: bool,
    /// The network.
    pub(crate) network: NetworkKind,
}

/// A fault that can hit any awaited effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EffectFault {
    /// The process dies before.
    CrashBefore,
    /// The process dies after.
    CrashAfter,
    /// The process stands still before, for longer than a lease.
    PauseBefore,
    /// The process stands still after, for longer than a lease.
    PauseAfter,
    /// It has no effect and no answer.
    LostRequest,
    /// It has its effect and no answer.
    LostAnswer,
    /// It takes seconds.
    Slow,
}

/// How the network of a history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NetworkKind {
    pub(crate) repeat: RepeatRule,
    pub(crate) takes: Takes,
    /// Shortest time between two posts of the account; zero where there is none.
    pub(crate) gap: SignedDuration,
    /// Most posts of the account in a day; zero where there is no limit.
    pub(crate) daily: u32,
}

/// What a network does with a call that it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// It posts.
    Posts,
    /// It works on the post by itself.
    Jobs,
    /// It keeps a draft, which a person finishes.
    Drafts,
}

/// Longest time from giving up a call to its effect, where nothing names a shorter one.
const LATE_EFFECT_MAX: SignedDuration = SignedDuration::from_mins(10);
/// Longest time from giving up a call of a network whose records have keys.
const LATE_REPEAT_MAX: SignedDuration = SignedDuration::from_secs(30);
pub(crate) const ABSENCE_AFTER_SECONDS: u32 = 30;

impl NetworkKind {
    /// Longest time from giving up a call to its effect.
    pub(crate) fn late_effect_max(self) -> SignedDuration {
        match self.repeat {
            RepeatRule::ClientKey => LATE_REPEAT_MAX,
            RepeatRule::ReadBack {
                absence_after_seconds: Some(seconds),
            } => SignedDuration::from_secs(i64::from(seconds)),
            RepeatRule::ReadBack {
                absence_after_seconds: None,
            }
            | RepeatRule::Nothing => LATE_EFFECT_MAX,
        }
    }
}

impl Weather {
    /// The weather that the tape chooses.
    pub(crate) fn choose(tape: &mut Tape) -> Self {
        let repeat = tape.pick(&[
            RepeatRule::ReadBack {
                absence_after_seconds: Some(ABSENCE_AFTER_SECONDS),
            },
            RepeatRule::ClientKey,
            RepeatRule::Nothing,
            RepeatRule::ReadBack {
                absence_after_seconds: None,
            },
        ]);
        let network = NetworkKind {
            repeat,
            takes: tape.pick(&[
                Takes::Posts,
                Takes::Posts,
                Takes::Posts,
                Takes::Posts,
                Takes::Jobs,
                Takes::Jobs,
                Takes::Drafts,
            ]),
            gap: tape.pick(&[
                SignedDuration::ZERO,
                SignedDuration::ZERO,
                SignedDuration::from_secs(60),
            ]),
            daily: tape.pick(&[0, 0, 3]),
        };
        let mut effects = Vec::new();
        for fault in [
            EffectFault::CrashBefore,
            EffectFault::CrashAfter,
            EffectFault::PauseBefore,
            EffectFault::PauseAfter,
            EffectFault::LostRequest,
            EffectFault::LostAnswer,
            EffectFault::Slow,
        ] {
            if tape.happens(4) {
                effects.push(fault);
            }
        }
        Self {
            effects,
            duplicates: tape.happens(4),
            reordering: tape.happens(4),
            losses: tape.happens(6),
            clocks: tape.happens(3),
            missed_ticks: tape.happens(4),
            doubled_ticks: tape.happens(6),
            throttling: tape.happens(8),
            repeats: tape.happens(3),
            key_outage: tape.happens(8),
            stale_index: tape.happens(4),
            versions_behind: tape.pick(&[0, 0, 0, 0, 0, 0, 1, 2]),
            redrive: tape.pick(&[0, 0, 0, 0, 0, 0, 0, 40]),
            restore: tape.happens(12),
            slow_uploads: tape.happens(8),
            twins: tape.happens(2) && matches!(repeat, RepeatRule::ReadBack { .. }),
            people: tape.happens(2),
            network_trouble: tape.happens(2),
            network,
        }
    }

    /// Whether nothing can go wrong but people's minds, doubled messages, doubled requests and small delays: then
    /// everything is on time.
    pub(crate) fn is_calm(&self) -> bool {
        self.effects.iter().all(|fault| *fault == EffectFault::Slow)
            && !self.losses
            && self.versions_behind == 0
            && !self.missed_ticks
            && !self.throttling
            && !self.key_outage
            && !self.restore
            && !self.slow_uploads
            && !self.network_trouble
            && self.network.gap.is_zero()
            && self.network.daily == 0
    }

    /// Whether no effect takes long, so that the times of the protocol are kept.
    pub(crate) fn is_prompt(&self) -> bool {
        let is_slow = |fault: &EffectFault| match fault {
            EffectFault::PauseBefore | EffectFault::PauseAfter | EffectFault::Slow => true,
            EffectFault::CrashBefore
            | EffectFault::CrashAfter
            | EffectFault::LostRequest
            | EffectFault::LostAnswer => false,
        };
        !self.throttling && !self.effects.iter().any(is_slow)
    }
}

impl fmt::Display for Weather {
    /// What is special, for reading.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NetworkKind {
            repeat,
            takes,
            gap,
            daily,
        } = self.network;
        write!(f, "the network: {repeat:?}, makes {takes:?}")?;
        if !gap.is_zero() {
            write!(f, ", a gap of {gap:?}")?;
        }
        if daily > 0 {
            write!(f, ", {daily} posts a day")?;
        }
        write!(f, "; what goes wrong:")?;
        let special = [
            (self.duplicates, "doubled messages"),
            (self.reordering, "messages overtake each other"),
            (self.losses, "messages get lost"),
            (self.clocks, "clocks are wrong"),
            (self.missed_ticks, "ticks do not happen"),
            (self.doubled_ticks, "ticks happen twice"),
            (self.throttling, "the table refuses half of all requests"),
            (self.repeats, "the SDK makes requests again that were done"),
            (self.key_outage, "no keys for half an hour"),
            (self.stale_index, "the index lags"),
            (self.versions_behind > 0, "two versions at once"),
            (self.redrive > 0, "old messages come again"),
            (self.restore, "the table is set back"),
            (self.slow_uploads, "uploads are slow"),
            (self.twins, "all posts have the same text"),
            (self.people, "people change their minds"),
            (self.network_trouble, "the network misbehaves"),
        ];
        for (_, words) in special.iter().filter(|(happens, _)| *happens) {
            write!(f, " {words},")?;
        }
        write!(f, " faults of effects: {:?}", self.effects)
    }
}
