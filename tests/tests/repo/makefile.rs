//! The commands of the Makefile.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::files::{at, text};

/// What `make help` lists.
fn commands() -> Vec<String> {
    text("Makefile")
        .lines()
        .filter(|line| line.contains(" ## "))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Nobody measures or packs in the tests, so a line that no shell takes would be found by who needs it.
#[test]
fn makefile_of_every_command_is_taken_by_the_shell() {
    let commands = commands();
    for known in ["bench-large", "package", "run", "test"] {
        assert!(commands.iter().any(|name| name == known), "{known}");
    }
    for name in commands {
        let recipe = Command::new("make")
            .args(["--dry-run", "--no-print-directory", &name])
            .current_dir(at("."))
            // Those of the make that runs the tests.
            .env_remove("MAKEFLAGS")
            .output()
            .unwrap();
        let why = String::from_utf8_lossy(&recipe.stderr);
        assert!(recipe.status.success(), "{name}: {why}");
        let mut shell = Command::new("bash")
            .args(["-n"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        shell
            .stdin
            .take()
            .unwrap()
            .write_all(&recipe.stdout)
            .unwrap();
        let read = shell.wait_with_output().unwrap();
        let why = String::from_utf8_lossy(&read.stderr);
        assert!(read.status.success(), "{name}: {why}");
    }
}
