//! Words that are known to whoever guesses: stolen passwords, English words, names.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::stolen::{self, Prefix};

/// How many words the list of this module has, which the one of stolen passwords lacks.
const ENTRIES: usize = 49_443;
/// Bits of a hash by which words are kept together, and how many such groups there are.
const GROUP_BITS: u32 = 12;
const GROUPS: usize = 1 << GROUP_BITS;
/// Bits of a hash that are kept of each word.
const ENTRY_BITS: u32 = 16;
/// Numbers in two bytes: where each group ends, then the entries; made by the script beside it. Of 28 bits of the SHA-1
/// are the groups, so that one in 5,400 others is taken for one of them.
static NUMBERS: &[u8; (GROUPS + ENTRIES) * 2] = include_bytes!("../../known_words/prefixes.bin");
/// Words that are so long, or so frequent, or have such signs in them, that their hash is not enough; and how many
/// characters that nobody knows are guessed together with each.
const SPELLED: &str = include_str!("../../known_words/spelled.txt");
/// How many characters that nobody knows are guessed together with any of the others.
const ROOM: usize = 3;
/// The longest word whose hash is kept: phrases of several words, which are longer, are taken for none.
const HASHED_MAX: usize = 14;

/// How many unknown characters are guessed together with this word, in lower case; `None` if it is none that is known.
pub(super) fn room_beside(word: &str) -> Option<usize> {
    static ROOMS: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
        let lines = SPELLED.lines();
        lines
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(word, room)| Some((word, room.parse().ok()?)))
            .collect()
    });
    if let Some(room) = ROOMS.get(word) {
        return Some(*room);
    }
    let prefix = stolen::prefix_of(word);
    let is_hashed =
        word.len() <= HASHED_MAX && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (stolen::has(prefix) || (is_hashed && has(prefix))).then_some(ROOM)
}

fn has(prefix: Prefix) -> bool {
    let bits = u32::from_be_bytes(prefix) >> (u32::BITS - GROUP_BITS - ENTRY_BITS);
    let (group, entry) = (bits >> ENTRY_BITS, bits & u32::from(u16::MAX));
    let (numbers, _) = NUMBERS.as_chunks::<2>();
    let (ends, entries) = numbers.split_at_checked(GROUPS).unwrap_or_default();
    let end_of = |group: usize| {
        ends.get(group)
            .map_or(0, |end| u16::from_be_bytes(*end).into())
    };
    let group = usize::try_from(group).unwrap_or(GROUPS);
    let begin: usize = group.checked_sub(1).map_or(0, end_of);
    entries.get(begin..end_of(group)).is_some_and(|entries| {
        entries
            .binary_search_by_key(&entry, |bytes| u16::from_be_bytes(*bytes).into())
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_04_list_of_known_words_is_sorted_and_of_its_size() {
        let (numbers, rest) = NUMBERS.as_chunks::<2>();
        let (ends, entries) = numbers.split_at(GROUPS);
        let ends: Vec<usize> = ends
            .iter()
            .map(|end| u16::from_be_bytes(*end).into())
            .collect();

        assert_eq!((rest.len(), ends.last()), (0, Some(&ENTRIES)));
        assert!(ends.is_sorted());
        let begins = [0].into_iter().chain(ends.iter().copied());
        for (begin, end) in begins.zip(&ends) {
            assert!(
                entries[begin..*end].is_sorted_by(|one, next| one < next),
                "{begin}"
            );
        }
    }

    #[test]
    fn id_04_known_words_have_the_room_that_their_frequency_gives_them() {
        for (word, room) in [
            ("password", Some(7)),
            ("elizabeth", Some(6)),
            ("university", Some(5)),
            ("traditional", Some(4)),
            ("internationally", Some(4)),
            // Stolen.
            ("elephant", Some(3)),
            ("trustno1", Some(3)),
            // Words and names that are not.
            ("buckinghamshire", Some(3)),
            ("montgomerie", Some(3)),
            ("unconstitutional", Some(3)),
            ("loomriver", None),
            ("xq7kf9", None),
            ("", None),
        ] {
            assert_eq!(room_beside(word), room, "{word}");
        }
    }
}
