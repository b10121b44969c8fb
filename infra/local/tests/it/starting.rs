use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use crate::process::{Process, refusal};

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
