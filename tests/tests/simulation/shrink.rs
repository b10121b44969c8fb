//! Makes a failing history smaller: fewer choices, and smaller ones, while the same invariant still breaks.

use crate::climate::Climate;
use crate::history::{Keep, play_in};
use crate::protocol::Protocol;
use crate::tape::Tape;

/// The smallest choices found that still break `invariant` in this climate.
pub(crate) fn shrink(
    choices: Vec<u32>,
    climate: Climate,
    protocol: Protocol,
    invariant: &'static str,
) -> Vec<u32> {
    let mut search = Search {
        best: choices,
        climate,
        protocol,
        invariant,
        tries_left: tries(climate),
    };
    loop {
        let before = search.best.clone();
        search.shorten();
        search.zero();
        search.delete();
        search.lower();
        if search.best == before || search.tries_left == 0 {
            return search.best;
        }
    }
}

/// Histories that are tried at most.
fn tries(climate: Climate) -> usize {
    match climate {
        Climate::Any | Climate::OneBehind | Climate::TwoBehind => 6_000,
        // Each plays ten thousand messages.
        Climate::Redrive | Climate::CalmRedrive => 60,
    }
}

struct Search {
    best: Vec<u32>,
    climate: Climate,
    protocol: Protocol,
    invariant: &'static str,
    tries_left: usize,
}

impl Search {
    /// Keeps these choices if they still break the invariant.
    fn keep(&mut self, mut choices: Vec<u32>) -> bool {
        while choices.last() == Some(&0) {
            choices.pop();
        }
        if choices == self.best || self.tries_left == 0 {
            return false;
        }
        self.tries_left -= 1;
        let outcome = play_in(
            self.climate,
            Tape::of_choices(choices.clone()),
            self.protocol,
            Keep::Verdict,
        );
        let breaks = outcome
            .violation
            .is_some_and(|violation| violation.invariant == self.invariant);
        if breaks {
            self.best = choices;
        }
        breaks
    }

    fn shorten(&mut self) {
        let mut length = self.best.len() / 2;
        while length > 0 {
            let shorter = self.best.len().saturating_sub(length);
            if !self.keep(self.best[..shorter].to_vec()) {
                length /= 2;
            }
        }
    }

    fn zero(&mut self) {
        self.in_blocks(|choices, from, to| choices[from..to].fill(0));
    }

    fn delete(&mut self) {
        self.in_blocks(|choices, from, to| drop(choices.drain(from..to)));
    }

    fn in_blocks(&mut self, change: impl Fn(&mut Vec<u32>, usize, usize)) {
        let mut size = (self.best.len() / 2).max(1);
        loop {
            let mut from = 0;
            while from < self.best.len() {
                let to = (from + size).min(self.best.len());
                let mut choices = self.best.clone();
                change(&mut choices, from, to);
                self.keep(choices);
                from += size;
            }
            if size == 1 {
                return;
            }
            size /= 2;
        }
    }

    fn lower(&mut self) {
        for index in 0..self.best.len() {
            for smaller in [1, 2, 3, 4] {
                let Some(choice) = self
                    .best
                    .get(index)
                    .copied()
                    .filter(|choice| *choice > smaller)
                else {
                    break;
                };
                let mut choices = self.best.clone();
                choices[index] = smaller;
                if self.keep(choices) || choice == smaller {
                    break;
                }
            }
        }
    }
}
