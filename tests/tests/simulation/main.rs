//! Plays thousands of histories of the whole publish path, each with its own faults, and looks at invariants.
//!
//! The protocol's decisions and transitions are the product's own (`domain::delivery`); the steps around them mirror
//! those of the functions; table, queue, network and time are simulated. A history is made of choices that a seed
//! makes, so that a failing one can be played again (`make simulate SEED=…`) and is made small before it is shown.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a played history is for reading"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a seed and a number of histories are parameters of a run, not configuration"
)]

use std::collections::BTreeSet;

mod event;
mod history;
mod invariants;
mod mutants;
mod network;
mod people;
mod process;
mod queue;
mod real_table;
mod restore;
mod shrink;
mod table;
mod tape;
mod timers;
mod weather;
mod worker;
mod world;

use history::{Keep, Outcome, play, play_in};
use mutants::{MUTANTS, Mutant, PRODUCT, Protocol};
use real_table::RealTable;
use table::Verdict;
use tape::Tape;
use weather::Weather;

/// Histories of one test, unless `HISTORIES` says another number; five tests share the seeds.
const HISTORIES: u64 = 4_000;
/// Histories in which a mutant has to be caught.
const HISTORIES_OF_A_MUTANT: u64 = 20_000;

fn check(part: u64) {
    let histories = std::env::var("HISTORIES").map_or(HISTORIES, |number| number.parse().unwrap());
    for seed in part * histories..(part + 1) * histories {
        let outcome = play(Tape::of_seed(seed), PRODUCT, Keep::Verdict);
        if outcome.violation.is_some() {
            fail(seed, outcome);
        }
    }
}

fn fail(seed: u64, outcome: Outcome) -> ! {
    let invariant = outcome.violation.as_ref().unwrap().invariant;
    eprintln!("seed {seed} breaks “{invariant}”; looking for a smaller history");
    let small = shrink::shrink(outcome.choices, PRODUCT, invariant);
    let told = play(Tape::of_choices(small.clone()), PRODUCT, Keep::Words);
    panic!(
        "seed {seed} breaks “{invariant}”; the smallest history found:\n{}\n\
         choices: {small:?}\nplay it whole with: make simulate SEED={seed}",
        told.log.join("\n")
    );
}

macro_rules! histories {
    ($($name:ident: $part:literal;)*) => {$(
        #[test]
        fn $name() {
            check($part);
        }
    )*};
}

histories! {
    histories_of_the_first_part_keep_every_invariant: 0;
    histories_of_the_second_part_keep_every_invariant: 1;
    histories_of_the_third_part_keep_every_invariant: 2;
    histories_of_the_fourth_part_keep_every_invariant: 3;
    histories_of_the_fifth_part_keep_every_invariant: 4;
}

/// The first invariant that breaks without a rule, and the seed of the history.
fn caught(protocol: Protocol) -> Option<(u64, &'static str)> {
    (0..HISTORIES_OF_A_MUTANT).find_map(|seed| {
        let violation = play(Tape::of_seed(seed), protocol, Keep::Verdict).violation?;
        Some((seed, violation.invariant))
    })
}

#[test]
fn each_rule_of_the_protocol_is_needed() {
    for Mutant {
        rule,
        breaks,
        protocol,
    } in MUTANTS
    {
        let found = (0..HISTORIES_OF_A_MUTANT).find(|seed| {
            let violation = play(Tape::of_seed(*seed), protocol, Keep::Verdict).violation;
            violation.is_some_and(|violation| violation.invariant == breaks)
        });
        println!(
            "without “{rule}”: “{breaks}” breaks with seed {found:?}; first {:?}",
            caught(protocol)
        );
        assert!(
            found.is_some(),
            "without “{rule}” nothing breaks “{breaks}”"
        );
    }
}

/// Histories that are played on the real expression engine.
const REAL_HISTORIES: usize = 200;

#[tokio::test]
async fn real_table_gives_every_verdict_of_the_simulated_one() {
    let real = RealTable::new().await;
    let histories = (0_u64..)
        .map(|seed| (seed, play(Tape::of_seed(seed), PRODUCT, Keep::Writes)))
        // The real one is not set back by five minutes here: the crash harness restores it.
        .filter(|(_, outcome)| !outcome.is_restored)
        .take(REAL_HISTORIES);
    let mut writes = 0;
    for (seed, outcome) in histories {
        assert_eq!(outcome.violation, None, "seed {seed}");
        real.replay(seed, &outcome).await;
        writes += outcome.written.len();
    }
    println!("{writes} writes had the same verdict");
    assert!(writes > 10 * REAL_HISTORIES);
}

/// Every transition that exists, but for those of networks that hand posts over, for acts that no simulated person
/// makes, and for the sweeper's last resort, to which nothing came in any history.
const MADE: [&str; 37] = [
    "absent",
    "ask",
    "cancel",
    "claim",
    "edit",
    "edit_held",
    "failed",
    "found",
    "found_failed",
    "held_by_owner",
    "hold",
    "intent",
    "look_again",
    "looking",
    "lost",
    "lost_call",
    "missed",
    "missed_by_owner",
    "paced",
    "poll_again",
    "postponed",
    "processing",
    "processing_found",
    "processing_uncertain",
    "published",
    "queued",
    "reap",
    "reaping",
    "resolve_not_published",
    "resolve_published",
    "resume",
    "retry",
    "retry_found",
    "schedule",
    "try_again",
    "uncertain",
    "unschedule",
];

/// Histories in which nothing happens would prove nothing.
#[test]
fn histories_make_every_transition() {
    let mut made = BTreeSet::new();
    for seed in 0..2_000 {
        let outcome = play(Tape::of_seed(seed), PRODUCT, Keep::Writes);
        let done = outcome.written.into_iter();
        made.extend(
            done.filter(|written| matches!(written.verdict, Verdict::Done(_)))
                .map(|written| written.transition.name),
        );
    }
    assert_eq!(made, BTreeSet::from(MADE));
}

/// A dead-letter queue with ten thousand old messages is sent again while posts are on their way.
#[test]
fn ten_thousand_old_messages_change_nothing() {
    let mut received = 0;
    for seed in 0..8 {
        let mut tape = Tape::of_seed(seed);
        let weather = Weather {
            redrive: 10_000,
            ..Weather::choose(&mut tape)
        };
        let outcome = play_in(weather, tape, PRODUCT, Keep::Verdict);
        assert_eq!(outcome.violation, None, "seed {seed}");
        received += outcome.received;
    }
    // Not all: where a post is cancelled before its message is sent, nothing can come again.
    assert!(received > 50_000, "{received}");
}

/// `make simulate SEED=…`: the whole history of one seed, for reading.
#[test]
fn history_of_a_given_seed_keeps_every_invariant() {
    let seed = std::env::var("SEED").map_or(0, |seed| seed.parse().unwrap());
    let outcome = play(Tape::of_seed(seed), PRODUCT, Keep::Words);
    println!("{}", outcome.log.join("\n"));
    println!("ends as {:?}", outcome.final_states);
    if outcome.violation.is_some() {
        fail(seed, outcome);
    }
}
