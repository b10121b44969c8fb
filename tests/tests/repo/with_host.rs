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
    run_with(folder, HOST, line, "")
}

/// The same with another host, where these kinds of secrets must be noted.
fn run_with(folder: &Path, host_script: &str, line: &str, kinds: &str) -> Output {
    let host = folder.join("host");
    write(&host, host_script).unwrap();
    std::fs::set_permissions(&host, Permissions::from_mode(0o755)).unwrap();
    Command::new(at("tests/with-host.sh"))
        .arg(host)
        .args(["sh", "-c", line])
        .env("CARGO_TARGET_DIR", folder)
        .env("M1A_SECRET_KINDS", kinds)
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

/// Keeps an address in its table, and `leak` somewhere else.
fn leaking(leak: &str) -> String {
    format!(
        r#"#!/bin/sh
mkdir -p "$M1A_DATA_DIR/objects"
python3 - <<'END'
import os, sqlite3
table = sqlite3.connect(os.environ["M1A_DATA_DIR"] + "/table.sqlite")
table.execute("CREATE TABLE item (json TEXT)")
# A long value is in several pieces in the file itself.
table.execute("INSERT INTO item VALUES (?)", ("ada@example.com" + "x" * 100000,))
table.commit()
END
{leak}
echo 'M1Autoposter is ready at http://localhost:1'
exec tail -f /dev/null
"#
    )
}

/// Notes what a run of the browsers would.
const NOTES: &str = r#"printf '%s\n' '["mark","ada@example.com"]' '["password","four looms weave"]' '["link","token-of-a-link"]' > $M1A_SECRETS"#;

#[test]
fn id_44_run_whose_host_keeps_a_noted_secret_fails_and_does_not_show_it() {
    // "xfour looms weavey" is among them, as base64.
    let leaks = [
        ("echo 'she typed four looms weave' >&2", "password in log"),
        (
            "echo eGZvdXIgbG9vbXMgd2VhdmV5 > \"$M1A_DATA_DIR/objects/one\"",
            "password in one",
        ),
        (
            "echo 'token%2Dof%2Da%2Dlink token-of-a-link' >&2",
            "link in log",
        ),
        (
            "python3 -c \"import os, sqlite3; table = sqlite3.connect(os.environ['M1A_DATA_DIR'] + '/table.sqlite'); \
             table.execute('INSERT INTO item VALUES (?)', ('x' * 4000 + 'four looms weave' * 9,)); table.commit()\"",
            "password in table.sqlite:item",
        ),
    ];
    for (leak, sighting) in leaks {
        let folder = tempfile::tempdir().unwrap();

        let run = run_with(folder.path(), &leaking(leak), NOTES, "password link");

        assert_eq!(run.status.code(), Some(1), "{run:?}");
        let said = String::from_utf8(run.stdout).unwrap();
        let expected = format!("A secret is where it does not belong: {sighting}\n");
        assert!(said.contains(&expected), "{said}");
        assert!(!said.contains("four looms weave") && !said.contains("token-of-a-link"));
    }
}

#[test]
fn id_44_run_that_looked_at_nothing_or_noted_too_little_fails() {
    let folder = tempfile::tempdir().unwrap();
    let told = |host: &str, kinds: &str| {
        let run = run_with(folder.path(), host, NOTES, kinds);
        let said = String::from_utf8(run.stdout).unwrap();
        (run.status.code(), said)
    };
    let host = leaking("true");

    let (clean, said) = told(&host, "password link");
    assert_eq!(clean, Some(0), "{said}");
    assert!(said.starts_with("None of 2 secrets is in"), "{said}");
    let (nothing, said) = told(HOST, "");
    assert_eq!(nothing, Some(1), "{said}");
    assert!(said.contains("The table was not looked at"), "{said}");
    let (too_little, said) = told(&host, "password cookie");
    assert_eq!(too_little, Some(1), "{said}");
    assert_eq!(said, "No secret of this kind was noted: cookie\n");
}
