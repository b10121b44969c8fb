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

mod history;
mod invariants;
mod mutants;
mod network;
mod people;
mod process;
mod queue;
mod shrink;
mod table;
mod tape;
mod timers;
mod weather;
mod worker;
mod world;

use history::{Keep, Outcome, play};
use mutants::{MUTANTS, Mutant, PRODUCT, Protocol};
use tape::Tape;

/// Histories of one test; five tests share the seeds.
const HISTORIES: u64 = 4_000;
/// Histories in which a mutant has to be caught.
const HISTORIES_OF_A_MUTANT: u64 = 20_000;

fn check(seeds: std::ops::Range<u64>) {
    for seed in seeds {
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
            check($part * HISTORIES..($part + 1) * HISTORIES);
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
