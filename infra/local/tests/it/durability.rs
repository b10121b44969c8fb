use reqwest::StatusCode;

use crate::process::Process;

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path());
    first.register(ADA).await;
    assert_eq!(first.verify(ADA).await, StatusCode::NO_CONTENT);
    first.register("bob@example.com").await;
    first.kill();

    let second = Process::start(folder.path());

    assert_eq!(second.sign_in(ADA).await, StatusCode::OK);
    assert_eq!(second.mails("bob@example.com").await.len(), 1);
    assert_eq!(
        second.verify("bob@example.com").await,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn stop_on_request_ends_well_and_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path());
    first.register(ADA).await;
    assert!(first.terminate());

    let second = Process::start(folder.path());

    assert_eq!(second.verify(ADA).await, StatusCode::NO_CONTENT);
}
