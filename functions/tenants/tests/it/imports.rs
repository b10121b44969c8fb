//! Imports, as admins announce and begin them.

use domain::membership::{AccountLimit, Role};
use serde_json::{Value, json};
use testkit::http::colleague;
use testkit::{TestMember, member};

use crate::App;

const SHA256: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn one_volume() -> Value {
    json!({ "volumes": [{ "bytes": 70, "sha256": SHA256 }] })
}

impl App {
    async fn request_import(&self, by: &TestMember) -> Value {
        let call = self.api.post("/v1/imports").by(by).json(&one_volume());
        call.send().await.expect(201).body
    }
}

#[tokio::test]
async fn import_is_announced_and_begun_once_it_is_checked() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let import = app.request_import(&owner).await;
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    let place = format!(
        "/uploads/{}/{}/000001.zip",
        owner.tenant,
        import["id"].as_str().unwrap()
    );

    assert_eq!(import["state"], "uploading");
    let upload = &import["uploads"][0];
    assert!(
        upload["url"].as_str().unwrap().ends_with(&place),
        "{upload}"
    );
    assert_eq!(upload["headers"]["content-type"], "application/zip");
    let early = app.api.post(format!("{path}/apply")).by(&owner).send();
    early.await.expect_problem(409, "import_not_checked");
    let check = format!("{path}/check");
    let checking = app
        .api
        .post(&check)
        .by(&owner)
        .send()
        .await
        .expect(202)
        .body;
    assert_eq!(checking["state"], "checking");
    let again = app.api.post(&check).by(&owner).send().await;
    again.expect_problem(409, "import_under_way");
    let read = app.api.get(&path).by(&owner).send().await.expect(200).body;
    assert_eq!(read["state"], "checking");
    let list = app.api.get("/v1/imports").by(&owner).send().await;
    assert_eq!(list.expect(200).body["items"], json!([read]));
}

#[tokio::test]
async fn import_that_cannot_be_is_refused_with_every_place() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    for (body, places) in [
        (json!({ "volumes": [] }), vec!["/volumes"]),
        (
            json!({ "volumes": [{ "bytes": 0, "sha256": "../etc/passwd" }] }),
            vec!["/volumes/0/bytes", "/volumes/0/sha256"],
        ),
        (
            json!({ "volumes": [{ "bytes": (64 << 20) + 1, "sha256": SHA256 }] }),
            vec!["/volumes/0/bytes"],
        ),
        (
            json!({ "volumes": [{ "bytes": 1, "sha256": SHA256.to_uppercase() }] }),
            vec!["/volumes/0/sha256"],
        ),
    ] {
        let call = app.api.post("/v1/imports").by(&owner).json(&body);
        let answer = call.send().await.expect_problem(422, "invalid_request");
        let errors = answer.body["errors"].as_array().unwrap();
        let found: Vec<&str> = errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(found, places);
    }
}

#[tokio::test]
async fn import_of_another_tenant_does_not_exist() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let other = member(&app.table, &app.clock, Role::Owner).await;
    let theirs = app.request_import(&other).await;
    let path = format!("/v1/imports/{}", theirs["id"].as_str().unwrap());

    for call in [
        app.api.get(&path),
        app.api.post(format!("{path}/check")),
        app.api.post(format!("{path}/apply")),
    ] {
        let answer = call.by(&owner).send().await;
        answer.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn import_is_begun_by_nobody_but_whoever_announced_it() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let all = AccountLimit::Unlimited;
    let admin = colleague(&app.table, &app.clock, &owner, Role::Admin.into(), all).await;
    let import = app.request_import(&admin).await;
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());

    for act in ["check", "apply"] {
        let call = app.api.post(format!("{path}/{act}")).by(&owner).send();
        call.await.expect_problem(409, "not_your_import");
    }
    let read = app.api.get(&path).by(&owner).send().await.expect(200).body;
    assert_eq!(read["state"], "uploading");
    let own = app.api.post(format!("{path}/check")).by(&admin).send();
    own.await.expect(202);
}

#[tokio::test]
async fn import_is_for_those_who_could_make_all_of_it() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let editor = colleague(
        &app.table,
        &app.clock,
        &owner,
        Role::Editor.into(),
        AccountLimit::Unlimited,
    );
    let editor = editor.await;
    let group = testkit::http::account_group(&app.table, &app.clock, &owner, &[]).await;
    let limit = AccountLimit::Groups([group].into());
    let admin = Role::Admin.into();
    let limited = colleague(&app.table, &app.clock, &owner, admin, limit).await;

    for caller in [editor, limited] {
        let call = app.api.post("/v1/imports").by(&caller).json(&one_volume());
        call.send().await.expect_problem(403, "forbidden");
    }
}
