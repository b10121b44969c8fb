//! Passwords of one or two parts that are guessed, whatever their length: words, dates, rows of keys, series, the same
//! again. From three parts on there are too many to try. This is where zxcvbn's score of 3 begins, too, and each part is
//! recognised as generously as there or more so; but in a time that does not depend on what the text is made of.

use std::iter::zip;

use zeroize::Zeroizing;

use super::common::{REMAINDER_MIN, hard_to_guess};
use super::repetition::unit;
use super::stolen::bare;
use super::{date, keyboard, known, series, spelling};

/// So many unknown characters are guessed beside what is no word, or are said again and again.
const ROOM: usize = 7;
/// Shorter series and rows of keys are in too many words.
const PATTERN_MIN: usize = 3;
/// No word is longer, with the signs around it.
const WORD_MAX: usize = 32;

/// What the first characters of a text are.
#[derive(Clone, Copy, Debug, Default)]
struct Beginning {
    /// One part that is guessed.
    is_known: bool,
    /// How many unknown characters are guessed together with it.
    room: usize,
}

/// What is guessed when it is said again and again.
#[derive(Clone, Copy, Debug)]
enum Repetitions {
    /// What has one part or two, none of which says anything again but what is short: so each text is looked at twice at
    /// most, however often its parts repeat parts of theirs.
    OfFewParts,
    /// A few characters.
    Short,
}

impl Beginning {
    fn is_known_with(&mut self, room: usize) {
        self.is_known = true;
        self.room = self.room.max(room);
    }
}

/// Whether a text is one part or two, for somebody of whom these words are known, in lower case.
pub(super) fn are_few(text: &str, own: &[String]) -> bool {
    let bare = bare(text);
    are_few_parts(text, own, Repetitions::OfFewParts)
        || (bare.len() < text.len() && are_few_parts(bare, own, Repetitions::OfFewParts))
}

/// Whether a text is one part.
pub(super) fn is_one(text: &str) -> bool {
    let text = letters(bare(text));
    let beginnings = beginnings(&text, &[], Repetitions::OfFewParts);
    beginnings.last().is_some_and(|all| all.is_known)
}

fn are_few_parts(text: &str, own: &[String], repetitions: Repetitions) -> bool {
    let repeated = unit(text);
    let is_repeated = repeated.len() < text.len();
    let text = letters(repeated);
    if is_repeated && text.len() <= ROOM {
        return true;
    }
    let heads = beginnings(&text, own, repetitions);
    let backwards = Zeroizing::new(text.iter().rev().copied().collect::<Vec<_>>());
    let tails = beginnings(&backwards, own, repetitions);
    let length = text.len();
    zip(heads, tails.into_iter().rev())
        .enumerate()
        .any(|(at, (head, tail))| {
            (head.is_known && (tail.is_known || length - at <= head.room))
                || (tail.is_known && at <= tail.room)
        })
}

fn letters(text: &str) -> Zeroizing<Vec<char>> {
    Zeroizing::new(text.chars().collect())
}

/// What the beginning of each length is, from none of the characters to all of them. A text that is read backwards has the
/// same: words and dates are known from behind, too.
fn beginnings(text: &[char], own: &[String], repetitions: Repetitions) -> Vec<Beginning> {
    let mut beginnings = vec![Beginning::default(); text.len() + 1];
    let mut known = |length: usize, room: usize| {
        if let Some(beginning) = beginnings.get_mut(length) {
            beginning.is_known_with(room);
        }
    };
    // Each character stays one, also where a capital is two small ones.
    let small = text
        .iter()
        .map(|capital| capital.to_lowercase().next().unwrap_or(*capital));
    let small = Zeroizing::new(small.collect::<Vec<_>>());
    for reading in spelling::readings(small.get(..WORD_MAX).unwrap_or(&small)) {
        each_beginning(&reading, WORD_MAX, |length, word| {
            if own.iter().any(|own| own == word) {
                known(length, ROOM);
            } else if let Some(room) = known::room_beside(bare(word)) {
                known(length, room);
            }
        });
    }
    each_beginning(text, *date::LENGTH.end(), |length, digits| {
        if date::is_date(digits) {
            known(length, ROOM);
        }
    });
    let pattern = [
        keyboard::walk(&small),
        series::series(&small),
        series::series(text),
    ];
    let pattern = pattern.into_iter().max().unwrap_or_default();
    let lengths = (PATTERN_MIN..=pattern).chain(signs(text));
    for length in lengths.chain(repetitions.of(text, &small, own)) {
        known(length, ROOM);
    }
    beginnings
}

/// Calls for each beginning of so many characters at most, as it is and from behind.
fn each_beginning(text: &[char], length_max: usize, mut found: impl FnMut(usize, &str)) {
    let first: Vec<char> = text.iter().take(length_max).copied().collect();
    let first = Zeroizing::new(first);
    let forwards = Zeroizing::new(first.iter().collect::<String>());
    let backwards = Zeroizing::new(first.iter().rev().collect::<String>());
    for (before, (at, character)) in forwards.char_indices().enumerate() {
        let end = at + character.len_utf8();
        let sides = [
            forwards.get(..end),
            backwards.get(backwards.len().saturating_sub(end)..),
        ];
        for side in sides.into_iter().flatten() {
            found(before + 1, side);
        }
    }
}

/// How long the beginnings are that have digits and signs only, and few enough to be guessed.
fn signs(text: &[char]) -> Vec<usize> {
    let signs = text
        .iter()
        .take_while(|character| !character.is_alphabetic());
    let signs = Zeroizing::new(signs.collect::<String>());
    let lengths = signs.char_indices().enumerate();
    let few = lengths.map_while(|(before, (at, character))| {
        let beginning = signs.get(..at + character.len_utf8())?;
        (hard_to_guess(beginning) < REMAINDER_MIN).then_some(before + 1)
    });
    few.collect()
}

impl Repetitions {
    /// How long the beginnings are that say such a thing again and again. Nobody's capitals make another one of it.
    fn of(self, text: &[char], small: &[char], own: &[String]) -> Vec<usize> {
        let mut judged: Vec<(usize, bool)> = Vec::new();
        let mut is_guessed = |period: usize| {
            let before = judged.iter().find(|(length, _)| *length == period);
            if let Some((_, is_guessed)) = before {
                return *is_guessed;
            }
            let is_guessed = self.has(text.get(..period).unwrap_or_default(), own);
            judged.push((period, is_guessed));
            is_guessed
        };
        let periods = zip(1.., periods(small));
        periods
            .filter(|(length, period)| length > period && length % period == 0)
            .filter(|(_, period)| is_guessed(*period))
            .map(|(length, _)| length)
            .collect()
    }

    fn has(self, said: &[char], own: &[String]) -> bool {
        if said.len() <= ROOM {
            return true;
        }
        let said = Zeroizing::new(said.iter().collect::<String>());
        match self {
            Self::OfFewParts => are_few_parts(&said, own, Self::Short),
            Self::Short => false,
        }
    }
}

/// For the beginning of each length, from one character on, the fewest characters after which it begins anew (by Knuth,
/// Morris and Pratt).
fn periods(text: &[char]) -> Vec<usize> {
    let mut borders: Vec<usize> = Vec::with_capacity(text.len());
    for (at, character) in text.iter().enumerate() {
        let mut border = borders.last().copied().unwrap_or_default();
        while border > 0 && text.get(border) != Some(character) {
            border = borders.get(border - 1).copied().unwrap_or_default();
        }
        let continues = at > 0 && text.get(border) == Some(character);
        borders.push(border + usize::from(continues));
    }
    zip(1.., borders)
        .map(|(length, border): (usize, usize)| length - border)
        .collect()
}
