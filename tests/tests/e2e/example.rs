//! The walk of the README.

use std::process::Command;

use crate::host::Host;

#[test]
fn example_goes_from_registration_to_a_published_post() {
    let host = Host::start();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/examples/first-post.sh"
    );

    let run = Command::new(script).arg(host.url()).output().unwrap();

    let shown = String::from_utf8_lossy(&run.stdout);
    let faults = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{shown}{faults}");
    assert!(shown.contains("The engine weaves algebraic patterns."));
}
