//! Makes a failing history smaller: fewer choices, and smaller ones, while the same invariant still breaks.

use crate::history::{Keep, play};
use crate::protocol::Protocol;
use crate::tape::Tape;

/// Histories that are tried at most.
const TRIES_MAX: usize = 6_000;

/// The smallest choices found that still break `invariant`.
pub(crate) fn shrink(choices: Vec<u32>, protocol: Protocol, invariant: &'static str) -> Vec<u32> {
    let mut search = Search {
        best: choices,
        protocol,
        invariant,
        tries: 0,
    };
    loop {
        let before = search.best.clone();
        search.shorten();
        search.zero();
        search.delete();
        search.lower();
        if search.best == before || search.tries >= TRIES_MAX {
            return search.best;
        }
    }
}

struct Search {
    best: Vec<u32>,
    protocol: Protocol,
    invariant: &'static str,
    tries: usize,
}

impl Search {
    /// Keeps these choices if they still break the invariant.
    fn keep(&mut self, mut choices: Vec<u32>) -> bool {
        while choices.last() == Some(&0) {
            choices.pop();
        }
        if choices == self.best || self.tries >= TRIES_MAX {
            return false;
        }
        self.tries += 1;
        let outcome = play(
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
