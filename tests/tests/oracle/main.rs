//! A second opinion about who may do what: the documents' rules as policies of Cedar, another language with another
//! evaluator. It is asked about every role, act and relation, and must say what `domain::membership` says.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cases;
mod cedar;

use cases::{Case, cases};

#[test]
fn id_39_cedar_decides_every_role_act_and_relation_as_the_product_does() {
    let cases = cases();

    let theirs = cedar::decide(&cases);

    let ours: Vec<bool> = cases.iter().map(Case::is_allowed).collect();
    let differences: Vec<String> = cases
        .iter()
        .zip(ours.iter().zip(&theirs))
        .filter(|(_, (ours, theirs))| ours != theirs)
        .map(|(case, (ours, _))| format!("{case:?}: the product says {ours}"))
        .collect();
    assert!(
        differences.is_empty(),
        "{} differences, the first:\n{}",
        differences.len(),
        differences[..differences.len().min(5)].join("\n")
    );
    // Neither of them says the same to everything.
    let allowed = ours.iter().filter(|is_allowed| **is_allowed).count();
    let denied = ours.len() - allowed;
    assert!(
        allowed > 1_000 && denied > 1_000,
        "{allowed} allowed, {denied} denied"
    );
}
