use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use cloud::clock::SystemClock;
use domain::Clock as _;

use crate::process::{Process, command, refusal};

#[test]
fn start_on_a_used_port_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let said = refusal(folder.path(), &port);

    assert!(
        said.contains(&format!("port {port} cannot be used")),
        "{said}"
    );
    assert!(said.contains("set M1A_PORT"), "{said}");
}

#[test]
fn start_with_a_port_that_is_no_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();

    let said = refusal(folder.path(), "eighty");

    assert!(said.contains("M1A_PORT must be a number"), "{said}");
}

#[test]
fn start_below_a_file_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();

    let said = refusal(&file.join("state"), "0");

    assert!(said.contains("set M1A_DATA_DIR"), "{said}");
}

#[test]
fn second_start_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Process::start(folder.path());

    let said = refusal(folder.path(), "0");

    assert!(
        said.contains("another M1Autoposter uses the data folder"),
        "{said}"
    );
}

#[test]
fn start_without_the_key_file_is_refused_and_makes_no_new_key() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Process::start(folder.path()).terminate());
    let key = folder.path().join("key");
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::rename(&key, folder.path().join("elsewhere")).unwrap();

    let said = refusal(folder.path(), "0");

    assert!(said.contains("the key file"), "{said}");
    assert!(!key.exists());
}

fn rotate_keys(folder: &Path) -> (bool, String) {
    order(folder, &["rotate-keys", "all"])
}

/// Whether what an operator asks of a product that rests was done, and what it said.
fn order(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let said = command(folder, "0").args(arguments).output();
    let Output {
        status,
        stdout,
        stderr,
    } = said.unwrap();
    let said = String::from_utf8([stdout, stderr].concat()).unwrap();
    (status.success(), said)
}

#[tokio::test]
async fn keys_are_rotated_by_the_start_after_an_operator_wanted_it() {
    let folder = tempfile::tempdir().unwrap();
    let (done, said) = rotate_keys(folder.path());
    assert!(!done && said.contains("nothing was ever stored"), "{said}");
    let host = Process::start(folder.path());
    host.register("ada@example.com").await;
    host.verify("ada@example.com").await;
    let (done, said) = rotate_keys(folder.path());
    assert!(!done && said.contains("stop it first"), "{said}");
    assert!(host.terminate());

    let (done, said) = rotate_keys(folder.path());

    // That of the platform.
    assert!(done && said.contains("rotates 1 keys"), "{said}");
    let host = Process::start(folder.path());
    assert_eq!(host.sign_in("ada@example.com").await, 200);
}

#[tokio::test]
async fn signing_keys_that_an_operator_retires_are_published_no_more_after_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let host = Process::start(folder.path());
    let before = host.json("/.well-known/jwks.json").await;
    assert!(host.terminate());
    let time = SystemClock.now().to_string();
    let retire = |time: &str| order(folder.path(), &["retire-signing-keys", time]);

    let (done, said) = retire("2999-01-01T00:00:00Z");
    assert!(!done && said.contains("in the future"), "{said}");
    let (done, said) = retire(&time);
    assert!(done && said.contains("1 keys are retired"), "{said}");

    let host = Process::start(folder.path());
    let after = host.json("/.well-known/jwks.json").await;
    assert_eq!(after["keys"].as_array().unwrap().len(), 1);
    assert_ne!(after["keys"][0]["kid"], before["keys"][0]["kid"]);
    assert!(host.terminate());
    // It may be repeated: the new key was made later.
    let (done, said) = retire(&time);
    assert!(done && said.contains("0 keys are retired"), "{said}");
}
