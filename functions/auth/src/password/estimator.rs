//! Our rules beside zxcvbn's scores, which are not computed here: two lists have them, made by the script beside them.

use std::time::{Duration, Instant};

use domain::email::EmailAddress;

use super::{LENGTH_MAX, LENGTH_MIN, Password, Words};

/// Kind and password in each line; scored below 3.
const GUESSED: &str = include_str!("../../zxcvbn_scores/guessed.txt");
/// The same; scored 4, and made of three unrelated words or more, or by chance.
const UNGUESSED: &str = include_str!("../../zxcvbn_scores/unguessed.txt");

fn refusal(text: &str) -> Option<&'static str> {
    // Whose words the script has, too.
    let address: EmailAddress = "ada.lovelace@analytical.example".parse().unwrap();
    let words = Words {
        address: Some(&address),
        name: "Augusta King",
        workspaces: &["Analytical Engines".to_owned()],
    };
    let chosen = Password::chosen(text, "/password", words);
    chosen.err().map(|error| error.code)
}

fn listed(list: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    list.lines().map(|line| line.split_once('\t').unwrap())
}

#[test]
fn id_04_password_that_zxcvbn_scores_below_3_is_refused() {
    let mut tried = 0;
    for (kind, password) in listed(GUESSED) {
        assert!(password.chars().count() >= LENGTH_MIN, "{password:?}");
        let code = refusal(password);
        let is_refused = matches!(code, Some("too_common" | "stolen" | "too_simple"));
        assert!(is_refused, "{kind}: {password:?}: {code:?}");
        tried += 1;
    }
    assert!(tried >= 700, "only {tried} are listed");
}

#[test]
fn id_04_password_of_three_words_or_by_chance_is_accepted() {
    let mut tried = 0;
    for (kind, password) in listed(UNGUESSED) {
        assert_eq!(refusal(password), None, "{kind}: {password:?}");
        tried += 1;
    }
    assert!(tried >= 300, "only {tried} are listed");
}

#[test]
fn id_04_password_of_one_part_or_two_is_refused_however_it_is_spelled() {
    for text in [
        // Words that nobody stole, alone and two in a row.
        "internationally",
        "buckinghamshire",
        "Buckinghamshire-Unconstitutional",
        "decommissioning2026!?",
        "y11an0!7anr37n!",
        "yllanoitanretni",
        "unequivocally648",
        "xq7unequivocally",
        // Dates, rows of keys and series, with a word or a few characters.
        "brice 19.11.1999",
        "1999-11-21Geraldine",
        "qwertyhgfdsazxcv",
        "zxcvbnm,./ x7q9",
        "97531/-+)'%#!x7q",
        "abcdefghijklmno",
        // The same again and again.
        "loomxy9loomxy9loomxy9",
        "(hr!$+!(hr!$+!(hr!$+!geraldine",
        // Words of the person.
        "LovelacexQ7.kv9",
        "ecalevol21.11.1999",
        "analyt!c4lengines",
    ] {
        let code = refusal(text);
        let is_refused = matches!(code, Some("too_common" | "stolen" | "too_simple"));
        assert!(is_refused, "{text:?}: {code:?}");
    }
}

/// What makes estimators slow: letters that have many readings, and repetitions of repetitions.
#[test]
fn id_04_judging_takes_no_time_that_a_text_could_make_longer() {
    let words = |first: &str, second: &str| {
        let (mut before, mut text) = (first.to_owned(), second.to_owned());
        while text.len() < LENGTH_MAX {
            (before, text) = (text.clone(), text + &before);
        }
        text[..LENGTH_MAX].to_owned()
    };
    let hostile = [
        "4@8({[<369!|17+0$5%2".repeat(13)[..LENGTH_MAX].to_owned(),
        "4@8({[<3".repeat(32),
        format!("{}b", "a".repeat(255)),
        format!("{}c", "ab".repeat(127)),
        "1|7!".repeat(63),
        // Words of Fibonacci, which have as many repetitions as a text can have.
        words("a", "ab"),
        words("elephant!1", "elephant!1|7"),
        words("1|7x4@8y", "1|7x4@8y5"),
        words("loomriverwind", "loomriverwindx"),
        "\u{1d520}\u{301}".repeat(128),
    ];
    for text in hostile {
        let took = || {
            let begin = Instant::now();
            refusal(&text);
            begin.elapsed()
        };
        let best = [took(), took(), took()].into_iter().min().unwrap();
        // Without optimisation, on a busy machine; it is a tenth of that in a release.
        assert!(best < Duration::from_millis(200), "{text:?}: {best:?}");
    }
}
