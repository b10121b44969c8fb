//! Imports, as admins announce and begin them.

use domain::event::Actor;
use domain::import::{Import, ImportState};
use domain::membership::{AccountLimit, Role};
use domain::{Clock as _, ImportId, Result};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::Act;
use testkit::http::colleague;
use testkit::{Answer, TestMember, member};

use crate::App;

const SHA256: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn one_volume() -> Value {
    volume_of(70)
}

fn volume_of(bytes: u64) -> Value {
    json!({ "volumes": [{ "bytes": bytes, "sha256": SHA256 }] })
}

impl App {
    async fn request_import(&self, by: &TestMember) -> Value {
        self.announce(by, 70).await.expect(201).body
    }

    async fn announce(&self, by: &TestMember, bytes: u64) -> Answer {
        let call = self.api.post("/v1/imports").by(by).json(&volume_of(bytes));
        call.send().await
    }

    async fn begin(&self, by: &TestMember, import: &Value, act: &str) -> Answer {
        let path = format!("/v1/imports/{}/{act}", import["id"].as_str().unwrap());
        self.api.post(path).by(by).send().await
    }

    /// What the function that makes imports does in the end.
    async fn end(&self, by: &TestMember, import: &Value, state: ImportState) {
        let tenant = self.table.tenant(&by.scope);
        let id = import["id"].as_str().unwrap().parse().unwrap();
        let found: Result<Option<Import>> = tenant.import(id, self.clock.now()).await;
        let ended = Import {
            state,
            ..found.unwrap().unwrap()
        };
        assert!(tenant.advance_import(ended).await.unwrap().is_some());
    }

    /// An owner and an admin of one tenant.
    async fn two(&self) -> (TestMember, TestMember) {
        let owner = member(&self.table, &self.clock, Role::Owner).await;
        let (admin, all) = (Role::Admin.into(), AccountLimit::Unlimited);
        let admin = colleague(&self.table, &self.clock, &owner, admin, all).await;
        (owner, admin)
    }

    async fn listed(&self, by: &TestMember) -> usize {
        let list = self.api.get("/v1/imports").by(by).send().await;
        list.expect(200).body["items"].as_array().unwrap().len()
    }
}

/// The statuses of two answers, one of which is a refusal because of the other.
fn one_of_two(answers: [Answer; 2]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|one| one.status.as_u16()).collect();
    statuses.sort_unstable();
    for answer in answers {
        if answer.status == 409 {
            answer.expect_problem(409, "another_import_under_way");
        }
    }
    statuses
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
    assert_eq!(import["unscheduled_posts"], 0);
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
async fn imports_that_two_announce_at_once_are_one_and_the_other_is_told() {
    let app = App::new().await;
    let (owner, admin) = app.two().await;

    let (one, other) = tokio::join!(app.announce(&owner, 70), app.announce(&admin, 71));

    assert_eq!(one_of_two([one, other]), [201, 409]);
    assert_eq!(app.listed(&owner).await, 1);
}

#[tokio::test]
async fn import_that_is_announced_again_with_the_same_files_is_the_same_one() {
    let app = App::new().await;
    let (owner, admin) = app.two().await;

    let (one, other) = tokio::join!(app.request_import(&owner), app.request_import(&owner));
    app.clock.advance(SignedDuration::from_mins(9));
    let again = app.request_import(&owner).await;
    let admins = app.announce(&admin, 70).await;

    assert_eq!(one["id"], other["id"]);
    assert_eq!(one["id"], again["id"]);
    admins.expect_problem(409, "another_import_under_way");
    assert_eq!(app.listed(&owner).await, 1);
    let others = app.announce(&owner, 71).await.expect(201).body;
    assert_ne!(others["id"], one["id"], "of other files");
}

#[tokio::test]
async fn import_that_is_checked_or_made_lets_no_other_begin() {
    let app = App::new().await;
    let (owner, admin) = app.two().await;
    let first = app.announce(&owner, 70).await.expect(201).body;
    let second = app.announce(&owner, 71).await.expect(201).body;

    let begun = app.begin(&owner, &first, "check").await;
    let new = app.announce(&admin, 72).await;
    let check = app.begin(&owner, &second, "check").await;

    begun.expect(202);
    new.expect_problem(409, "another_import_under_way");
    check.expect_problem(409, "another_import_under_way");
    app.end(&owner, &first, ImportState::Checked).await;
    app.begin(&owner, &first, "apply").await.expect(202);
    let check = app.begin(&owner, &second, "check").await;
    check.expect_problem(409, "another_import_under_way");
    app.end(&owner, &first, ImportState::Done).await;
    app.begin(&owner, &second, "check").await.expect(202);
}

#[tokio::test]
async fn imports_that_somebody_begins_at_once_are_one_and_the_other_is_refused() {
    let app = App::new().await;
    let (owner, _) = app.two().await;
    let first = app.announce(&owner, 70).await.expect(201).body;
    let second = app.announce(&owner, 71).await.expect(201).body;

    let (one, other) = tokio::join!(
        app.begin(&owner, &first, "check"),
        app.begin(&owner, &second, "check")
    );

    assert_eq!(one_of_two([one, other]), [202, 409]);
}

#[tokio::test]
async fn import_that_depends_on_a_turn_that_somebody_took_is_not_stored() {
    let app = App::new().await;
    let (owner, _) = app.two().await;
    let now = app.clock.now();
    let tenant = app.table.tenant(&owner.scope);
    let turn = tenant.import_turn(now).await.unwrap();
    let first = app.request_import(&owner).await;
    let id = ImportId::generate(app.table.ids());
    let late = Import::new(id, owner.tenant, owner.user, now, Vec::new());
    let act = Act {
        actor: Actor::User(owner.user),
        at: now,
    };

    let stored = tenant.create_import(&late, &turn, &act).await.unwrap();

    assert!(!stored);
    let turn = tenant.import_turn(now).await.unwrap();
    let holder = turn.holder.unwrap().id.to_string();
    assert_eq!(holder, first["id"].as_str().unwrap());
    assert_eq!(tenant.import(id, now).await.unwrap(), None);
}

#[tokio::test]
async fn import_that_somebody_stops_has_failed_and_lets_others_begin() {
    let app = App::new().await;
    let (owner, admin) = app.two().await;
    let import = app.request_import(&owner).await;
    let early = app.begin(&admin, &import, "cancel").await;
    early.expect_problem(409, "import_not_under_way");
    app.begin(&owner, &import, "check").await.expect(202);

    let stopped = app.begin(&admin, &import, "cancel").await.expect(200).body;

    assert_eq!(stopped["state"], "failed");
    assert_eq!(stopped["fault"], "cancelled");
    let twice = app.begin(&admin, &import, "cancel").await;
    twice.expect_problem(409, "import_not_under_way");
    app.announce(&admin, 71).await.expect(201);
    app.begin(&owner, &import, "check").await.expect(202);
}

#[tokio::test]
async fn import_that_somebody_stops_during_a_step_keeps_its_turn_until_that_is_over() {
    let app = App::new().await;
    let (owner, admin) = app.two().await;
    let import = app.request_import(&owner).await;
    let id = import["id"].as_str().unwrap().parse().unwrap();
    let tenant = app.table.tenant(&owner.scope);
    let stored = async || tenant.import(id, app.clock.now()).await.unwrap().unwrap();
    let stop_during_a_step = async || {
        app.begin(&owner, &import, "check").await.expect(202);
        let claimed = stored().await.claimed(app.clock.now());
        tenant.advance_import(claimed).await.unwrap().unwrap();
        app.clock.advance(SignedDuration::from_secs(10));
        app.begin(&admin, &import, "cancel").await.expect(200);
        let other = app.announce(&admin, 71).await;
        other.expect_problem(409, "another_import_under_way");
        let again = app.begin(&owner, &import, "check").await;
        again.expect_problem(409, "import_under_way");
    };

    // The step ends.
    stop_during_a_step().await;
    let ended = stored().await.stepped(app.clock.now());
    tenant.advance_import(ended).await.unwrap().unwrap();
    // It never does.
    stop_during_a_step().await;
    app.clock.advance(SignedDuration::from_secs(50));

    app.announce(&admin, 71).await.expect(201);
    app.begin(&owner, &import, "check").await.expect(202);
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
        app.api.post(format!("{path}/cancel")),
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
