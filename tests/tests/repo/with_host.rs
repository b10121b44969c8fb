//! What `tests/with-host.sh` shows of a run that fails.

use std::fs::{Permissions, write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::files::at;

/// Is ready at once, warns of seven things, and waits for its end.
const HOST: &str = "#!/bin/sh
echo 'M1Autoposter is ready at http://localhost:1'
for number in 1 2 3 4 5 6 7; do echo \" WARN trouble $number\"; done >&2
echo ' INFO all is well' >&2
exec tail -f /dev/null
";

/// Runs a line of the shell against such a host; the host's log is kept below `folder`.
fn run(folder: &Path, line: &str) -> Output {
    let host = folder.join("host");
    write(&host, HOST).unwrap();
    std::fs::set_permissions(&host, Permissions::from_mode(0o755)).unwrap();
    Command::new(at("tests/with-host.sh"))
        .arg(host)
        .args(["sh", "-c", line])
        .env("CARGO_TARGET_DIR", folder)
        .output()
        .unwrap()
}

#[test]
fn run_that_fails_ends_with_what_failed_after_few_lines_of_the_host() {
    let folder = tempfile::tempdir().unwrap();

    let run = run(folder.path(), "seq 40; echo '2 failed' >&2; exit 3");

    assert_eq!(run.status.code(), Some(3));
    let told = String::from_utf8(run.stderr).unwrap();
    assert!(told.ends_with("\n39\n40\n2 failed\n"), "{told}");
    assert!(!told.contains("\n16\n"), "{told}");
    assert!(
        told.contains("trouble 3") && told.contains("trouble 7"),
        "{told}"
    );
    assert!(
        !told.contains("trouble 2") && !told.contains("all is well"),
        "{told}"
    );
    let kept = folder.path().join("with-host.log");
    assert!(told.contains(kept.to_str().unwrap()), "{told}");
    let log = std::fs::read_to_string(kept).unwrap();
    assert!(
        log.contains("trouble 1") && log.contains("all is well"),
        "{log}"
    );
}

#[test]
fn run_that_succeeds_says_what_its_command_says() {
    let folder = tempfile::tempdir().unwrap();

    let run = run(folder.path(), "echo $M1A_BASE_URL");

    assert_eq!(run.status.code(), Some(0));
    assert_eq!(run.stdout, b"http://localhost:1\n");
    assert_eq!(run.stderr, b"");
    assert!(!folder.path().join("with-host.log").exists());
}
