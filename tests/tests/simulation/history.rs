//! One history: what it began with, how it went, how it ended.

use std::collections::BTreeSet;

use domain::delivery::{Delivery, State, TransitionName};
use jiff::Timestamp;

use crate::climate::Climate;
use crate::event_loop::{EventLoop, Received};
use crate::invariants::{self, Violation};
use crate::protocol::Protocol;
use crate::table::Written;
use crate::tape::Tape;
use crate::world::{Outside, World};

/// When histories begin.
const BEGIN: i64 = 1_796_115_600; // 2026-12-01T09:00:00Z

/// How a history went.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) violation: Option<Violation>,
    pub(crate) choices: Vec<u32>,
    /// What happened, in words.
    pub(crate) log: Vec<String>,
    /// Each write and its verdict, and the deliveries that it began with.
    pub(crate) written: Vec<Written>,
    pub(crate) created: Vec<Delivery>,
    pub(crate) final_states: Vec<State>,
    /// Transitions that were made.
    pub(crate) made: BTreeSet<TransitionName>,
    /// Whether the table was set back.
    pub(crate) is_restored: bool,
    pub(crate) received: Received,
    /// Publishing calls.
    pub(crate) calls: usize,
}

/// How much of a history to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Verdict,
    Words,
    Writes,
}

/// Plays the history that the tape chooses.
pub(crate) fn play(tape: Tape, protocol: Protocol, keep: Keep) -> Outcome {
    play_in(Climate::Any, tape, protocol, keep)
}

/// Plays a history in a weather of this climate.
pub(crate) fn play_in(climate: Climate, mut tape: Tape, protocol: Protocol, keep: Keep) -> Outcome {
    let weather = climate.weather(&mut tape);
    let begin = Timestamp::from_second(BEGIN).unwrap();
    let outside = Outside::new(begin, tape, weather, protocol, keep == Keep::Words);
    let world = World::new(outside);
    if keep == Keep::Writes {
        world.outside().table.written = Some(Vec::new());
    }
    let mut events = EventLoop::begin(&world);
    let created: Vec<Delivery> = world
        .outside()
        .table
        .deliveries()
        .map(|(_, delivery)| delivery.clone())
        .collect();
    events.run();
    let received = events.end();
    let mut outside = world.outside();
    invariants::at_rest(&mut outside);
    Outcome {
        violation: outside.violation.take(),
        choices: std::mem::replace(&mut outside.tape, Tape::of_choices(Vec::new())).chosen(),
        log: outside.log.take().unwrap_or_default(),
        written: outside.table.written.take().unwrap_or_default(),
        created,
        made: std::mem::take(&mut outside.made),
        is_restored: outside.weather.restore,
        received,
        calls: outside.network.calls.len(),
        final_states: outside
            .table
            .deliveries()
            .map(|(_, delivery)| delivery.state)
            .collect(),
    }
}
