//! Ids in texts.

use std::ops::RangeInclusive;

/// Characters after the prefix and its underscore: 26 of what has an id of its own, more of what is named by a hash.
const LENGTHS: RangeInclusive<usize> = 26..=64;

/// An id that was never made, of the kind with this prefix.
pub(crate) fn random(prefix: &str) -> String {
    format!("{prefix}_0123456789abcdefghjkmnpqrs")
}

/// What an id begins with.
pub(crate) fn prefix(id: &str) -> &str {
    id.split('_').next().unwrap()
}

/// Whether a text is an id.
pub(crate) fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(prefix, rest)| {
        (2..=5).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_lowercase())
            && LENGTHS.contains(&rest.len())
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// The ids in a text, in its order.
pub(crate) fn in_text(text: &str) -> Vec<String> {
    words(text)
        .filter(|word| is_id(word))
        .map(str::to_owned)
        .collect()
}

/// A text with the prefix in the place of each id.
pub(crate) fn without_ids(text: &str) -> String {
    let mut text = text.to_owned();
    for id in in_text(&text) {
        text = text.replace(&id, &format!("{}_…", prefix(&id)));
    }
    text
}

/// A text without its 32 random bytes, of which every answer has others: the state of a consent page, the secret of a key.
pub(crate) fn without_states(text: &str) -> String {
    let is_in_state =
        |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let words = text.split(|character| !is_in_state(character));
    words
        .filter(|word| word.len() == 43 || word.starts_with("m1_live_"))
        .fold(text.to_owned(), |text, state| text.replace(state, "…"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
}
