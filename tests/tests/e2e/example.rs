//! The examples of the documents.

use std::process::Command;

use crate::host::Host;

/// What an example prints, at a host of its own.
fn run(example: &str) -> String {
    let host = Host::start();
    let script = format!("{}/../docs/examples/{example}", env!("CARGO_MANIFEST_DIR"));

    let run = Command::new(script).arg(host.url()).output().unwrap();

    let shown = String::from_utf8_lossy(&run.stdout).into_owned();
    let faults = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{shown}{faults}");
    shown
}

#[test]
fn example_goes_from_registration_to_a_published_post() {
    let shown = run("first-post.sh");

    assert!(shown.contains("The engine weaves algebraic patterns."));
}

#[test]
fn example_posts_with_an_api_key_until_it_is_revoked() {
    let shown = run("post-with-api-key.sh");

    for line in [
        "A program wrote this.",
        "accounts: 403, keys: 403",
        "reads the post: 200\nreads the post: 200",
        "after its end: 401",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
}
