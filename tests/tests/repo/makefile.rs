//! The commands of the Makefile.

use std::env::{split_paths, var_os};
use std::io::Write as _;
use std::os::unix::fs::symlink;
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

/// The lines that a command would run.
fn recipe(name: &str) -> Vec<u8> {
    let recipe = Command::new("make")
        .args(["--dry-run", "--no-print-directory", name])
        .current_dir(at("."))
        // Those of the make that runs the tests.
        .env_remove("MAKEFLAGS")
        .output()
        .unwrap();
    let why = String::from_utf8_lossy(&recipe.stderr);
    assert!(recipe.status.success(), "{name}: {why}");
    recipe.stdout
}

/// Nobody measures or packs in the tests, so a line that no shell takes would be found by who needs it.
#[test]
fn makefile_of_every_command_is_taken_by_the_shell() {
    let commands = commands();
    for known in ["bench-large", "package", "run", "test"] {
        assert!(commands.iter().any(|name| name == known), "{known}");
    }
    for name in commands {
        let recipe = recipe(&name);
        let mut shell = Command::new("bash")
            .args(["-n"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(&recipe).unwrap();
        let read = shell.wait_with_output().unwrap();
        let why = String::from_utf8_lossy(&read.stderr);
        assert!(read.status.success(), "{name}: {why}");
    }
}

/// What `.ci/tools test` says on a machine that has these commands and no browser.
fn said_with(commands: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = var_os("PATH").unwrap();
    for command in commands {
        let mut found = split_paths(&path).map(|place| place.join(command));
        if let Some(found) = found.find(|found| found.exists()) {
            symlink(found, folder.path().join(command)).unwrap();
        }
    }
    let run = Command::new(at(".ci/tools"))
        .arg("test")
        .env("PATH", folder.path())
        .env("M1A_CHROMIUM", "/nowhere/chromium")
        .env("PLAYWRIGHT_BROWSERS_PATH", folder.path())
        .output()
        .unwrap();
    assert!(!run.status.success());
    String::from_utf8(run.stderr).unwrap()
}

#[test]
fn tests_without_what_they_need_say_so_before_anything_else() {
    let first = recipe("test");
    assert!(first.starts_with(b".ci/tools test\n"));

    let all = [
        "bash", "dirname", "sed", "cc", "c++", "curl", "make", "node", "npm",
    ];
    let with = said_with(&all);
    assert!(with.contains("missing: chromium. Install "), "{with}");
    for lacking in ["cc", "c++", "curl", "make", "node", "npm"] {
        let rest: Vec<&str> = all.into_iter().filter(|one| *one != lacking).collect();
        let without = said_with(&rest);
        let line = format!("missing: {lacking}. Install ");
        assert!(
            without.contains(&line) && !with.contains(&line),
            "{without}"
        );
    }
}
