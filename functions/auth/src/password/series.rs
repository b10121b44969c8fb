//! Characters in an order that everybody knows.

use std::iter::zip;

/// As far apart as neighbours of a series are: `acegi`, `9630`.
const STEP_MAX: i64 = 5;

/// How many of the first characters are each as far from the one before: `abcd`, `97531`.
pub(super) fn series(text: &[char]) -> usize {
    let steps = zip(text, text.iter().skip(1));
    let mut steps = steps.map(|(from, to)| i64::from(u32::from(*to)) - i64::from(u32::from(*from)));
    match steps.next() {
        Some(first) if first != 0 && first.abs() <= STEP_MAX => {
            steps.take_while(|step| *step == first).count() + 2
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_goes_as_far_as_its_steps_are_the_same() {
        for (text, expected) in [
            ("abcdefgx", 7),
            ("zyxw", 4),
            ("13579", 5),
            ("97531a", 5),
            ("абвг", 4),
            ("afkpu", 5),
            ("agms", 1),
            ("aaaa", 1),
            ("ax", 1),
            ("", 1),
        ] {
            let text: Vec<char> = text.chars().collect();
            assert_eq!(series(&text), expected, "{text:?}");
        }
    }
}
