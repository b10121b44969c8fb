//! Which crate may use which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::files::{FUNCTIONS, below};

struct Crate {
    name: String,
    /// What its product code uses.
    uses: BTreeSet<String>,
}

fn crates() -> Vec<Crate> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let read = |package: &Value| Crate {
        name: package["name"].as_str().unwrap().to_owned(),
        uses: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .collect(),
    };
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(read)
        .collect()
}

/// What each shared crate may use of the workspace; `ARCHITECTURE.md` says why.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut allowed = BTreeMap::from([
        ("domain", vec![]),
        ("store", vec!["domain"]),
        ("networks", vec!["domain"]),
        ("pictures", vec!["domain"]),
        ("cloud", vec!["domain"]),
        ("engine", vec!["cloud", "domain", "networks", "store"]),
        ("api", vec!["cloud", "domain", "store"]),
        ("playground", vec!["domain", "networks"]),
    ]);
    for function in FUNCTIONS {
        allowed.insert(
            function,
            vec![
                "api", "cloud", "domain", "engine", "networks", "pictures", "store",
            ],
        );
    }
    allowed
}

#[test]
fn crate_uses_only_what_its_layer_allows() {
    let crates = crates();
    let own: BTreeSet<&str> = crates.iter().map(|found| found.name.as_str()).collect();
    let allowed = allowed();
    let mut violations = Vec::new();
    for Crate { name, uses } in &crates {
        let Some(allowed) = allowed.get(name.as_str()) else {
            continue;
        };
        for used in uses {
            if own.contains(used.as_str()) && !allowed.contains(&used.as_str()) {
                violations.push(format!("{name} uses {used}"));
            }
        }
    }

    assert_eq!(violations, Vec::<String>::new());
}

#[test]
fn crate_without_a_rule_is_a_host_or_a_test() {
    let allowed = allowed();
    let without_rule: BTreeSet<String> = crates()
        .into_iter()
        .map(|found| found.name)
        .filter(|name| !allowed.contains_key(name.as_str()))
        .collect();

    assert_eq!(
        without_rule,
        BTreeSet::from(["bench", "local", "testkit", "tests"].map(str::to_owned))
    );
}

#[test]
fn testkit_is_in_no_product() {
    let users: Vec<String> = crates()
        .into_iter()
        .filter(|found| found.uses.contains("testkit"))
        .map(|found| found.name)
        .collect();

    assert_eq!(
        BTreeSet::from_iter(users),
        BTreeSet::from(["bench", "tests"].map(str::to_owned))
    );
}

#[test]
fn domain_has_no_runtime_no_network_and_no_cloud() {
    let domain = crates().into_iter().find(|found| found.name == "domain");
    let foreign: Vec<String> = domain
        .unwrap()
        .uses
        .into_iter()
        .filter(|used| {
            let forbidden = ["tokio", "reqwest", "axum", "hyper", "http", "futures"];
            forbidden.contains(&used.as_str()) || used.starts_with("aws")
        })
        .collect();

    assert_eq!(foreign, Vec::<String>::new());
}

#[test]
fn sdk_clients_are_used_only_where_they_belong() {
    let may = ["cloud", "local", "store", "testkit", "tests"];
    let others: Vec<String> = crates()
        .into_iter()
        .filter(|found| found.uses.iter().any(|used| used.starts_with("aws-sdk-")))
        .map(|found| found.name)
        .filter(|name| !may.contains(&name.as_str()))
        .collect();

    assert_eq!(others, Vec::<String>::new());
}

/// A text cannot keep a pattern busy for longer than its length: whatever matches patterns does so in linear time.
#[test]
fn f_25_no_pattern_engine_that_backtracks_is_in_the_build() {
    let lock = crate::files::text("Cargo.lock");
    let backtracking = ["fancy-regex", "onig", "pcre", "pcre2", "regress"];
    let found: Vec<&str> = backtracking
        .into_iter()
        .filter(|name| lock.contains(&format!("\nname = \"{name}\"\n")))
        .collect();

    assert_eq!(found, Vec::<&str>::new());
    assert!(
        lock.contains("\nname = \"regex\"\n"),
        "the search finds none"
    );
}

/// It would make every password of a deployment easy to guess from its hash.
#[test]
fn cost_of_hashes_in_tests_is_used_by_no_product_code() {
    let is_of_product = |path: &PathBuf| path.iter().any(|part| part == "src");
    let sources = ["functions", "shared", "infra"]
        .into_iter()
        .flat_map(|folder| below(folder, ".rs"))
        .filter(is_of_product);

    let named: usize = sources
        .map(|path| std::fs::read_to_string(path).unwrap())
        .map(|source| source.matches("OF_TESTS").count())
        .sum();

    assert_eq!(named, 1, "only where it is defined");
}
