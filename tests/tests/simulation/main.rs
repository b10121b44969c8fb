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
    reason = "a seed, a weather and a number of histories are parameters of a run, not configuration"
)]

use std::collections::BTreeSet;

mod account;
mod calls;
mod climate;
mod event;
mod event_loop;
mod history;
mod invariants;
mod mutants;
mod network;
mod opening;
mod people;
mod process;
mod protocol;
mod queue;
mod real_table;
mod restore;
mod shrink;
mod table;
mod tape;
mod tasks;
mod ticks;
mod timers;
mod weather;
mod words;
mod worker;
mod world;
mod writes;

use climate::Climate;
use domain::delivery::{State, TransitionName};
use history::{Keep, Outcome, play, play_in};
use mutants::{HISTORIES_OF_A_MUTANT, MUTANTS};
use protocol::{PRODUCT, Protocol};
use real_table::RealTable;
use tape::Tape;

/// Histories of one test, unless `HISTORIES` says another number; five tests share the seeds.
const HISTORIES: u64 = 4_000;

fn check(part: u64) {
    let histories = std::env::var("HISTORIES").map_or(HISTORIES, |number| number.parse().unwrap());
    for seed in part * histories..(part + 1) * histories {
        keeps_every_invariant(seed, Climate::Any, Keep::Verdict);
    }
}

/// The product's history of this seed, if nothing is broken in it.
fn keeps_every_invariant(seed: u64, climate: Climate, keep: Keep) -> Outcome {
    let outcome = play_in(climate, Tape::of_seed(seed), PRODUCT, keep);
    assert!(
        outcome.violation.is_none(),
        "{}",
        report(seed, climate, outcome, PRODUCT)
    );
    outcome
}

/// Lines of a history that are shown at most: one with ten thousand messages has more than anybody reads.
const LINES_MAX: usize = 200;

/// What a developer reads about a history that broke an invariant: the smallest one that still does, and how to play
/// the whole one.
fn report(seed: u64, climate: Climate, outcome: Outcome, protocol: Protocol) -> String {
    let violation = outcome.violation.unwrap();
    let (invariant, command) = (violation.invariant, climate.command(seed));
    let small = shrink::shrink(outcome.choices, climate, protocol, invariant);
    let told = play_in(
        climate,
        Tape::of_choices(small.clone()),
        protocol,
        Keep::Words,
    );
    let mut lines = told.log;
    let before = lines.len().saturating_sub(LINES_MAX);
    if before > 0 {
        lines.splice(..before, [format!("({before} lines before)")]);
    }
    format!(
        "seed {seed} breaks “{invariant}”; the smallest history found:\n{}\n\
         its choices: {small:?}\nplay it whole with: {command}",
        lines.join("\n")
    )
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
        assert!(
            outcome.violation.is_none(),
            "{}",
            report(seed, Climate::Any, outcome, PRODUCT)
        );
        real.replay(seed, &outcome).await;
        writes += outcome.written.len();
    }
    println!("{writes} writes had the same verdict");
    assert!(writes > 10 * REAL_HISTORIES);
}

/// Histories in which something never happens would prove nothing about it.
#[test]
fn histories_make_every_transition_of_the_domain() {
    let all: BTreeSet<TransitionName> = TransitionName::ALL.iter().copied().collect();
    let mut made = BTreeSet::new();
    for seed in 0..5 * HISTORIES {
        made.extend(play(Tape::of_seed(seed), PRODUCT, Keep::Verdict).made);
        if made == all {
            println!("{} transitions within {} histories", all.len(), seed + 1);
            return;
        }
    }
    panic!("never made: {:?}", all.difference(&made));
}

/// Choices of people and weather in a failing history are mostly noise: what is shown is what matters.
#[test]
fn failing_history_is_made_small_and_says_how_to_play_it_again() {
    let without_claims = MUTANTS[0].protocol;
    let (seed, outcome) = (0..HISTORIES_OF_A_MUTANT)
        .map(|seed| (seed, play(Tape::of_seed(seed), without_claims, Keep::Words)))
        .find(|(_, outcome)| outcome.violation.is_some())
        .unwrap();
    let whole = outcome.log.len();

    let report = report(seed, Climate::Any, outcome, without_claims);

    let command = format!("make simulate SEED={seed}");
    assert!(report.ends_with(&command), "{report}");
    assert!(report.contains("VIOLATED: "), "{report}");
    let lines = report.lines().count();
    assert!(
        lines < whole && lines < 60,
        "{lines} of {whole} lines are left:\n{report}"
    );
}

/// A history of a forced weather fails like any other: made small, and with what plays it again.
#[test]
fn failing_history_in_a_forced_weather_is_made_small_and_says_how_to_play_it_again() {
    let without_claims = MUTANTS[0].protocol;
    let climate = Climate::OneBehind;
    let play_seed = |seed| play_in(climate, Tape::of_seed(seed), without_claims, Keep::Words);
    let (seed, outcome) = (0..HISTORIES_OF_A_MUTANT)
        .map(|seed| (seed, play_seed(seed)))
        .find(|(_, outcome)| outcome.violation.is_some())
        .unwrap();
    let (broken, whole) = (outcome.violation.clone(), outcome.log.len());

    let report = report(seed, climate, outcome, without_claims);

    assert!(report.contains("VIOLATED: "), "{report}");
    let lines = report.lines().count();
    assert!(lines < whole, "{lines} of {whole} lines:\n{report}");
    let (_, command) = report.rsplit_once("make simulate ").unwrap();
    let (again, name) = command.split_once(" WEATHER=").unwrap();
    assert_eq!(again, format!("SEED={seed}"));
    let again = play_in(
        Climate::of_name(name).unwrap(),
        Tape::of_seed(seed),
        without_claims,
        Keep::Words,
    );
    assert_eq!(again.violation, broken);
}

/// While a deployment rolls out or back, workers of two versions take each other's messages. The older one does not know
/// what the newer one added to them: what it ignores is made up for.
#[test]
fn two_versions_at_once_keep_every_invariant() {
    let (mut all, mut by_old, mut ignored) = (0, 0, 0);
    for seed in 0..500 {
        let outcome = keeps_every_invariant(seed, Climate::OneBehind, Keep::Verdict);
        all += outcome.received.all;
        by_old += outcome.received.by_old;
        ignored += outcome.received.ignored;
    }
    assert!(
        all / 3 < by_old && by_old < all / 3 * 2,
        "{by_old} of {all}"
    );
    assert!(ignored > 50, "{ignored} looks");
}

/// Where they are two versions apart, the older ones leave the messages of the newer in the queue.
#[test]
fn versions_that_cannot_read_each_other_keep_every_invariant() {
    let (mut all, mut by_old) = (0, 0);
    for seed in 0..500 {
        let outcome = keeps_every_invariant(seed, Climate::TwoBehind, Keep::Verdict);
        all += outcome.received.all;
        by_old += outcome.received.by_old;
    }
    assert!(
        all / 3 < by_old && by_old < all / 3 * 2,
        "{by_old} of {all}"
    );
}

/// A dead-letter queue with ten thousand old messages is sent again while posts are on their way.
#[test]
fn ten_thousand_old_messages_in_any_weather_keep_every_invariant() {
    let mut received = 0;
    for seed in 0..8 {
        received += keeps_every_invariant(seed, Climate::Redrive, Keep::Verdict)
            .received
            .all;
    }
    // Not all: where a post is cancelled before its message is sent, nothing can come again.
    assert!(received > 50_000, "{received}");
}

/// The same in calm weather: nothing is called for them.
#[test]
fn ten_thousand_old_messages_of_published_posts_call_nobody() {
    for seed in 0..4 {
        let outcome = keeps_every_invariant(seed, Climate::CalmRedrive, Keep::Verdict);
        let published = vec![State::Published; outcome.created.len()];
        assert_eq!(outcome.final_states, published, "seed {seed}");
        assert_eq!(outcome.calls, outcome.created.len(), "seed {seed}");
        assert!(outcome.received.all > 10_000, "seed {seed}");
    }
}

/// `make simulate SEED=… WEATHER=…`: the whole history of one seed, for reading.
#[test]
fn history_of_a_given_seed_keeps_every_invariant() {
    let seed = std::env::var("SEED").map_or(0, |seed| seed.parse().unwrap());
    let name = std::env::var("WEATHER").unwrap_or_default();
    let climate = Climate::of_name(&name).unwrap_or_else(|| panic!("no weather is called {name}"));
    let outcome = play_in(climate, Tape::of_seed(seed), PRODUCT, Keep::Words);
    println!("{}", outcome.log.join("\n"));
    println!("ends as {:?}", outcome.final_states);
    assert!(
        outcome.violation.is_none(),
        "{}",
        report(seed, climate, outcome, PRODUCT)
    );
}
