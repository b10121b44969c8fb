//! Letters that are written as digits and signs: `p4$$w0rd`.

use zeroize::Zeroizing;

/// What stands for one letter only.
const SUBSTITUTES: [(char, char); 15] = [
    ('4', 'a'),
    ('@', 'a'),
    ('8', 'b'),
    ('(', 'c'),
    ('{', 'c'),
    ('[', 'c'),
    ('<', 'c'),
    ('3', 'e'),
    ('6', 'g'),
    ('9', 'g'),
    ('!', 'i'),
    ('0', 'o'),
    ('$', 's'),
    ('5', 's'),
    ('+', 't'),
];
const LAST_SUBSTITUTES: [(char, char); 2] = [('%', 'x'), ('2', 'z')];

/// A text in lower case as it is, with its signs read as letters, and with its digits, too. What stands for two letters is
/// read as one of them throughout: that are twenty readings at most, however long the text is.
pub(super) fn readings(text: &[char]) -> Vec<Zeroizing<Vec<char>>> {
    let read = |letter_of: &dyn Fn(char) -> char| {
        let letters = text.iter().map(|character| letter_of(*character));
        Zeroizing::new(letters.collect::<Vec<_>>())
    };
    let mut readings = vec![read(&|character| character)];
    let mut add = |reading| {
        if !readings.contains(&reading) {
            readings.push(reading);
        }
    };
    add(read(&|character| match character {
        sign if sign.is_ascii_punctuation() => letter(sign, 'i', 'l', 't'),
        other => other,
    }));
    // A digit beside the letters may be one.
    for one in ['i', 'l', '1'] {
        for bar in ['i', 'l'] {
            for seven in ['t', 'l', '7'] {
                add(read(&|character| letter(character, one, bar, seven)));
            }
        }
    }
    readings
}

fn letter(character: char, one: char, bar: char, seven: char) -> char {
    match character {
        '1' => one,
        '|' => bar,
        '7' => seven,
        _ => SUBSTITUTES
            .iter()
            .chain(&LAST_SUBSTITUTES)
            .find_map(|(substitute, letter)| (*substitute == character).then_some(*letter))
            .unwrap_or(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let text: Vec<char> = text.chars().collect();
        let readings = readings(&text).into_iter();
        readings.map(|reading| reading.iter().collect()).collect()
    }

    #[test]
    fn readings_have_each_letter_that_digits_and_signs_stand_for() {
        assert_eq!(read("elephant"), ["elephant"]);
        assert_eq!(read("p4$$w0rd"), ["p4$$w0rd", "p4ssw0rd", "password"]);
        assert_eq!(read("m1ll"), ["m1ll", "mill", "mlll"]);
        assert_eq!(
            read("7a1l"),
            [
                "7a1l", "tail", "lail", "7ail", "tall", "lall", "7all", "ta1l", "la1l"
            ]
        );
        assert!(read("2e8|2@(%!|7y").contains(&"zebizacxiity".to_owned()));
    }

    #[test]
    fn readings_are_few_whatever_there_is_to_read() {
        let hostile = "4@8({[<369!|17+0$5%2".repeat(13);

        assert_eq!(read(&hostile).len(), 20);
    }
}
