//! What an attacker tries first: the person's own words, and everybody's.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::LazyLock;

use zeroize::Zeroizing;

use super::Words;
use super::repetition::unit;

/// Letters, digits and different signs that must remain of a password without what an attacker tries first.
pub(super) const REMAINDER_MIN: usize = 7;
/// Fewest different characters.
const VARIETY_MIN: usize = 4;

/// What everybody's passwords are made of, in lower case, one a line.
pub(super) const COMMON: &str = include_str!("../../common_passwords.txt");

/// Whether a password, in lower case, is mostly what an attacker tries first, however often it is in there.
pub(super) fn is_common(password: &str, words: Words<'_>) -> bool {
    static COMMON_WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let mut words: Vec<&str> = COMMON.lines().map(str::trim).collect();
        words.retain(|word| !word.is_empty());
        // The longest first: they hold others.
        words.sort_by_key(|word| Reverse(word.len()));
        words
    });
    let password = unit(password);
    let variety = password.chars().collect::<HashSet<_>>().len();
    if variety < VARIETY_MIN {
        return true;
    }
    let remainder = COMMON_WORDS
        .iter()
        .fold(words.taken_out_of(password), |rest, word| {
            Zeroizing::new(rest.replace(word, ""))
        });
    hard_to_guess(&remainder) < REMAINDER_MIN
}

/// How many characters make a text harder to guess: letters, digits and different signs.
pub(super) fn hard_to_guess(text: &str) -> usize {
    let counting = text
        .chars()
        .filter(|character| character.is_alphanumeric() || !character.is_ascii());
    // A sign that is said again and again makes nothing harder to guess.
    let signs = text.chars().filter(char::is_ascii_punctuation);
    counting.count() + signs.collect::<HashSet<_>>().len()
}
