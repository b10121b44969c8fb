//! The demands of security, the page that lists them, and the tests that carry their numbers.

use std::collections::BTreeSet;

use crate::files;

const PAGE: &str = "docs/security.md";

/// Every demand that must have a row.
fn demanded() -> BTreeSet<String> {
    let identity = (1..=29).chain(36..=48).map(|number| ("ID", number));
    let abuse = [11]
        .into_iter()
        .chain(13..=15)
        .chain([17])
        .chain(22..=28)
        .chain([34, 35])
        .map(|number| ("F", number));
    identity
        .chain(abuse)
        .map(|(kind, number)| format!("{kind}-{number:02}"))
        .collect()
}

/// A row of the table: what it is about, the numbers in it, the places that it names.
struct Row {
    demand: String,
    numbers: Vec<String>,
    places: Vec<String>,
}

fn rows() -> Vec<Row> {
    let page = files::text(PAGE);
    let (_, table) = page
        .split_once("## What is tried in every test run")
        .unwrap();
    let lines = table.lines().filter(|line| line.starts_with("| "));
    // A title, and the names of groups, have no place.
    let rows = lines.map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (demand, places) = (cells.next().unwrap(), cells.next().unwrap());
        let quoted = places.split('`').skip(1).step_by(2);
        Row {
            demand: demand.to_owned(),
            numbers: numbers(demand),
            places: quoted.map(str::to_owned).collect(),
        }
    });
    rows.filter(|row| !row.places.is_empty()).collect()
}

/// `ID-01` and the like in a text.
fn numbers(text: &str) -> Vec<String> {
    let words =
        text.split(|character: char| !character.is_ascii_alphanumeric() && character != '-');
    let is_number = |word: &&str| {
        word.split_once('-').is_some_and(|(kind, number)| {
            ["ID", "F"].contains(&kind)
                && number.len() == 2
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    words.filter(is_number).map(str::to_owned).collect()
}

/// Which of these numbers tests of a file have, or of a folder and those below it.
fn carried<'a>(place: &str, numbers: &'a [String]) -> Vec<&'a String> {
    let texts: Vec<String> = if files::at(place).is_dir() {
        let files = files::below(place, ".rs");
        let read = |path| std::fs::read_to_string(path).unwrap();
        files.iter().map(read).collect()
    } else {
        vec![files::text(place)]
    };
    let is_carried = |number: &&String| texts.iter().any(|text| has_test(text, number));
    numbers.iter().filter(is_carried).collect()
}

/// Whether a test has this number in its name: of a function in Rust, a title in TypeScript.
fn has_test(text: &str, number: &str) -> bool {
    let number = format!("_{}_", number.to_lowercase().replace('-', "_"));
    let mut begun = ["fn ", "('"]
        .into_iter()
        .flat_map(|begin| text.split(begin).skip(1));
    begun.any(|rest| {
        let end = rest.find(['(', '\'', ' ']).unwrap_or(rest.len());
        format!("_{}_", &rest[..end]).contains(&number)
    })
}

#[test]
fn every_demand_has_a_row_of_the_table() {
    let listed: BTreeSet<String> = rows().into_iter().flat_map(|row| row.numbers).collect();
    let missing: Vec<String> = demanded().difference(&listed).cloned().collect();

    assert_eq!(
        missing,
        [] as [String; 0],
        "{PAGE} says where each is tried"
    );
}

#[test]
fn every_place_of_the_table_exists_and_carries_the_numbers_of_its_row() {
    let mut findings = Vec::new();
    for row in rows() {
        let mut found = Vec::new();
        for place in &row.places {
            if !files::at(place).exists() {
                findings.push(format!("{place} does not exist"));
            } else if !row.numbers.is_empty() {
                let carried = carried(place, &row.numbers);
                if carried.is_empty() {
                    findings.push(format!("{place} has no test of {:?}", row.numbers));
                }
                found.extend(carried);
            }
        }
        let missing = row.numbers.iter().filter(|number| !found.contains(number));
        findings.extend(missing.map(|number| format!("no test of {number}: {}", row.demand)));
    }

    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn number_is_found_in_names_of_tests_only() {
    assert!(has_test("async fn id_09_link_is_gone() {", "ID-09"));
    assert!(has_test("fn f_23_f_34_text_stays() {", "F-34"));
    assert!(has_test("test('id_48 leads home', …", "ID-48"));
    assert!(!has_test("// id_09_link: see fn other()", "ID-09"));
    assert!(!has_test("fn id_091_link() {", "ID-09"));
    assert_eq!(numbers("Both (ID-01, F-26), not X-1"), ["ID-01", "F-26"]);
}
