//! Documents and the code that they speak of.

use std::collections::BTreeSet;

use crate::files::{self, sources};

/// Crates whose errors reach a person or a program outside.
const SPEAKING: [&str; 15] = [
    "functions/accounts",
    "functions/auth",
    "functions/media",
    "functions/members",
    "functions/publishing",
    "functions/scheduling",
    "functions/tenants",
    "functions/transfers",
    "infra/playground",
    "shared/api",
    "shared/domain",
    "shared/engine",
    "shared/networks",
    "shared/pictures",
    "shared/store",
];

/// Where a code stands: after these, as the first or the second argument or as the value.
const PLACES: [(&str, usize); 10] = [
    ("code: ", 0),
    ("conflict(", 0),
    ("Fault::new(", 0),
    ("fault(", 0),
    ("FieldError::new(", 1),
    ("Error::field(", 1),
    ("errors.add(", 1),
    ("found.add(", 0),
    ("refused(", 0),
    ("wrong(", 1),
];

/// The text literal that is argument `position` of the list that begins here.
fn argument(rest: &str, position: usize) -> Option<&str> {
    let (mut depth, mut commas, mut in_text) = (0_usize, 0, false);
    for (at, character) in rest.char_indices() {
        if depth == 0 && commas == position && !in_text && !character.is_whitespace() {
            let text = rest[at..].strip_prefix('"')?;
            return text.split('"').next();
        }
        match character {
            '"' => in_text = !in_text,
            '(' | '[' | '{' if !in_text => depth += 1,
            ')' | ']' | '}' if !in_text => depth = depth.checked_sub(1)?,
            ',' if !in_text && depth == 0 => commas += 1,
            _ => {}
        }
    }
    None
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn codes_in(source: &str) -> impl Iterator<Item = String> + '_ {
    PLACES.into_iter().flat_map(move |(place, position)| {
        source
            .split(place)
            .skip(1)
            .filter_map(move |rest| argument(rest, position))
            .filter(|text| is_code(text))
            .map(str::to_owned)
    })
}

/// The codes that `domain::Error` gives its variants.
fn codes_of_variants() -> Vec<String> {
    let source = files::text("shared/domain/src/error.rs");
    let (_, body) = source.split_once("fn code(&self)").unwrap();
    let (body, _) = body.split_once("fn class(&self)").unwrap();
    body.split("=> \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_error_code_is_explained() {
    let explained = files::text("docs/errors.md");
    let mut codes: BTreeSet<String> = codes_of_variants().into_iter().collect();
    for folder in SPEAKING {
        codes.extend(codes_in(&sources(folder)));
    }
    assert!(codes.len() > 60, "the search finds too few: {codes:?}");
    let missing: Vec<&String> = codes
        .iter()
        .filter(|code| !explained.contains(&format!("\n| `{code}` |")))
        .collect();

    assert_eq!(missing, Vec::<&String>::new(), "missing in docs/errors.md");
}

#[test]
fn every_explained_error_code_exists() {
    let all: String = SPEAKING.into_iter().map(sources).collect();
    let gone: Vec<String> = files::text("docs/errors.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|code| !all.contains(&format!("\"{code}\"")))
        .map(str::to_owned)
        .collect();

    assert_eq!(gone, Vec::<String>::new(), "nobody answers with these");
}

#[test]
fn every_index_and_attribute_of_the_table_is_described() {
    let model = files::text("docs/data-model.md");
    for index in store::schema::INDEXES {
        for name in [index.name, index.partition, index.sort] {
            assert!(model.contains(&format!("`{name}`")), "{name}");
        }
        for attribute in index.projected {
            assert!(model.contains(&format!("`{attribute}`")), "{attribute}");
        }
    }
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut documents = files::below("docs", ".md");
    documents.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(files::at));
    let mut broken = Vec::new();
    for path in documents {
        let text = std::fs::read_to_string(&path).unwrap();
        for rest in text.split("](").skip(1) {
            let link = rest.split(')').next().unwrap();
            let target = link.split('#').next().unwrap();
            let is_outside = link.starts_with("http") || target.is_empty();
            if !is_outside && !path.parent().unwrap().join(target).exists() {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }

    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn every_runbook_that_an_alarm_names_exists() {
    let template = files::text("infra/template.yaml");
    let named: Vec<&str> = template
        .split("docs/runbooks/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(!named.is_empty());
    for name in named {
        assert!(files::at("docs/runbooks").join(name).exists(), "{name}");
    }
}
