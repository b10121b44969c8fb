//! Dates as people write them.

use std::ops::RangeInclusive;

/// Fewest and most characters: `1187`, `2026/11/28`.
pub(super) const LENGTH: RangeInclusive<usize> = 4..=10;
/// What stands between day, month and year.
const SEPARATORS: [char; 6] = [' ', '/', '\\', '_', '.', '-'];
/// Where month and year begin, or month and day, in as many digits without anything between them.
const SPLITS: [(usize, usize, usize); 13] = [
    (4, 1, 2),
    (4, 2, 3),
    (5, 1, 3),
    (5, 2, 3),
    (6, 1, 2),
    (6, 2, 4),
    (6, 4, 5),
    (7, 1, 3),
    (7, 2, 3),
    (7, 4, 5),
    (7, 4, 6),
    (8, 2, 4),
    (8, 4, 6),
];

/// Whether a text is a date, in any order that has the month beside the day.
pub(super) fn is_date(text: &str) -> bool {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return SPLITS
            .into_iter()
            .filter(|(length, ..)| *length == text.len())
            .filter_map(|(_, second, third)| {
                Some([
                    text.get(..second)?,
                    text.get(second..third)?,
                    text.get(third..)?,
                ])
            })
            .any(are_parts);
    }
    let Some(separator) = text.chars().find(|character| !character.is_ascii_digit()) else {
        return false;
    };
    let mut parts = text.split(separator);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(first), Some(second), Some(third), None) => {
            SEPARATORS.contains(&separator) && are_parts([first, second, third])
        }
        _ => false,
    }
}

fn are_parts(parts: [&str; 3]) -> bool {
    let numbers = parts.map(|part| part.parse::<u32>().ok());
    let [Some(first), Some(second), Some(third)] = numbers else {
        return false;
    };
    let is_year = |number: u32| matches!(number, 0..=99 | 1000..=2050);
    let are_day_and_month = |one: u32, other: u32| {
        let is_so = |day, month| (1..=31).contains(&day) && (1..=12).contains(&month);
        is_so(one, other) || is_so(other, one)
    };
    (is_year(third) && are_day_and_month(first, second))
        || (is_year(first) && are_day_and_month(second, third))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_is_recognised_in_every_order() {
        for text in [
            "1187",
            "11187",
            "281126",
            "261128",
            "2812026",
            "28112026",
            "20261128",
            "19871203",
            "1.1.87",
            "28.11.2026",
            "2026-11-28",
            "11/28/2026",
            "28 11 26",
            "1987_12_3",
        ] {
            assert!(is_date(text), "{text}");
        }
        for text in [
            "",
            "187",
            "0000",
            "83017462",
            "123456789",
            "28.11-2026",
            "28.11.",
            "28..2026",
            "40.11.2026",
            "28.11.2926",
            "28x11x2026",
            "a.b.c",
            "1.1.1.1",
            "28.11.26.",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }
}
