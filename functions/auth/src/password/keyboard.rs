//! Rows of neighbouring keys.

use std::iter::zip;

/// A keyboard: its rows from above, without signs that need a second key. A space is no key.
struct Board {
    rows: &'static [&'static str],
    /// Each row is half a key to the right of the one above.
    is_slanted: bool,
}

const QWERTY: Board = Board {
    rows: &[
        "`1234567890-=",
        " qwertyuiop[]\\",
        " asdfghjkl;'",
        " zxcvbnm,./",
    ],
    is_slanted: true,
};
const DVORAK: Board = Board {
    rows: &[
        "`1234567890[]",
        " ',.pyfgcrl/=\\",
        " aoeuidhtns-",
        " ;qjkxbmwvz",
    ],
    is_slanted: true,
};
const KEYPAD: Board = Board {
    rows: &[" /*-", "789+", "456", "123", " 0."],
    is_slanted: false,
};
const MAC_KEYPAD: Board = Board {
    rows: &[" =/*", "789-", "456+", "123", " 0."],
    is_slanted: false,
};
const BOARDS: [Board; 4] = [QWERTY, DVORAK, KEYPAD, MAC_KEYPAD];

/// Signs that need a second key, and the key that they are on.
const SHIFTED: &str = "~!@#$%^&*()_+{}|:\"<>?";
const KEYS: &str = "`1234567890-=[]\\;',./";

/// How many of the first characters, in lower case, are each beside the one before, on the keyboard that has most.
pub(super) fn walk(text: &[char]) -> usize {
    let walks = BOARDS.iter().map(|board| board.walk(text));
    walks.max().unwrap_or_default()
}

impl Board {
    fn walk(&self, text: &[char]) -> usize {
        let steps = zip(text, text.iter().skip(1));
        let taken = steps.take_while(|(from, to)| self.are_neighbours(**from, **to));
        taken.count() + 1
    }

    fn are_neighbours(&self, one: char, other: char) -> bool {
        let (Some((x, y)), Some((to_x, to_y))) = (self.place(one), self.place(other)) else {
            return false;
        };
        let step = (
            to_x.wrapping_sub(x).cast_signed(),
            to_y.wrapping_sub(y).cast_signed(),
        );
        match step {
            (-1 | 1, 0) | (0 | 1, -1) | (-1 | 0, 1) => true,
            (-1, -1) | (1, 1) => !self.is_slanted,
            _ => false,
        }
    }

    fn place(&self, character: char) -> Option<(usize, usize)> {
        let shifted = SHIFTED.find(character).filter(|_| self.is_slanted);
        let key = shifted
            .and_then(|at| KEYS.get(at..)?.chars().next())
            .unwrap_or(character);
        let on = |row: &&str| row.find(key).filter(|_| key != ' ');
        let mut rows = self.rows.iter().enumerate();
        rows.find_map(|(y, row)| Some((on(row)?, y)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walk_goes_as_far_as_the_keys_are_neighbours() {
        for (text, expected) in [
            ("qwertz", 5),
            ("qaz", 3),
            ("zaq1", 4),
            ("zaqw1", 4),
            ("!@#$%^&*()_+", 12),
            ("1qaz", 4),
            ("esd", 3),
            ("asdfghjkl;'x", 11),
            // Only the keys of numbers have these neighbours.
            ("741", 3),
            ("159", 3),
            ("/*-", 3),
            // On Dvorak's.
            ("aoeuidhtns", 10),
            ("elephant", 1),
            ("  ", 1),
            ("äö", 1),
        ] {
            let keys: Vec<char> = text.chars().collect();
            assert_eq!(walk(&keys), expected, "{text:?}");
        }
    }
}
