use testkit::{Answer, TestMember};

use crate::app::App;

async fn disconnect(app: &App, member: &TestMember, id: &str) -> Answer {
    let call = app.api.delete(format!("/v1/accounts/{id}"));
    call.by(member).send().await
}

#[tokio::test]
async fn disconnect_forgets_the_account_and_its_credential() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;

    disconnect(&app, &admin, &id).await.expect(204);

    assert!(app.list(&admin).await.is_empty());
    let read = app.api.get(format!("/v1/accounts/{id}")).by(&admin);
    read.send().await.expect_problem(404, "not_found");
    disconnect(&app, &admin, &id)
        .await
        .expect_problem(404, "not_found");
    let accounts = app.table.tenant(&admin.scope);
    let credential = accounts.load_credential(id.parse().unwrap()).await.unwrap();
    assert_eq!(credential, None);
    assert_eq!(accounts.accounts_used().await.unwrap(), 0);
}

#[tokio::test]
async fn disconnect_frees_the_remote_account_for_another_tenant() {
    let app = App::start().await;
    let (ours, theirs) = (app.admin().await, app.admin().await);
    let id = app.connected(&theirs, "ada").await;

    disconnect(&app, &theirs, &id).await.expect(204);

    app.connect(&ours, "ada").await.expect(201);
}

#[tokio::test]
async fn disconnect_twice_at_once_counts_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.connected(&admin, "grace").await;

    let calls = (0..4).map(|_| disconnect(&app, &admin, &id));
    let answers = futures::future::join_all(calls).await;

    let done = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(done, 1);
    let used = app.table.tenant(&admin.scope).accounts_used().await;
    assert_eq!(used.unwrap(), 1);
}
