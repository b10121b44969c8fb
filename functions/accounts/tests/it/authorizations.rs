use domain::Clock as _;
use domain::membership::{AccountLimit, Role};
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Answer, FakeNetwork, TestMember};

use crate::app::App;

async fn begin(app: &App, member: &TestMember, body: &Value) -> Answer {
    let call = app.api.post("/v1/accounts/authorizations");
    call.by(member).json(body).send().await
}

/// What the browser brings back of a page on which somebody agreed.
async fn agreed(app: &App, member: &TestMember, name: &str) -> Value {
    let opened = begin(app, member, &json!({ "network": "fake" })).await;
    let opened = opened.expect(201).body;
    FakeNetwork::agree(opened["authorize_url"].as_str().unwrap(), name)
}

async fn complete(app: &App, member: &TestMember, brought: &Value) -> Answer {
    let call = app.api.post("/v1/accounts/authorizations/complete");
    call.by(member).json(brought).send().await
}

#[tokio::test]
async fn id_47_consent_connects_the_account_that_agreed() {
    let app = App::start().await;
    let admin = app.admin().await;
    let brought = agreed(&app, &admin, "grace").await;

    let account = complete(&app, &admin, &brought).await.expect(201).body;

    assert_eq!(account["remote_id"], "fake:grace");
    assert_eq!(account["state"], "connected");
    assert_eq!(app.list(&admin).await, [account]);
}

#[tokio::test]
async fn id_47_state_that_comes_back_again_is_gone() {
    let app = App::start().await;
    let admin = app.admin().await;
    let brought = agreed(&app, &admin, "grace").await;
    complete(&app, &admin, &brought).await.expect(201);

    let again = complete(&app, &admin, &brought).await;

    again.expect_problem(410, "authorization_over");
}

#[tokio::test]
async fn id_47_state_that_comes_back_many_times_at_once_works_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    let brought = agreed(&app, &admin, "grace").await;

    let all = (0..8).map(|_| complete(&app, &admin, &brought));
    let answers = futures::future::join_all(all).await;

    let of = |status: StatusCode| answers.iter().filter(|one| one.status == status).count();
    assert_eq!((of(StatusCode::CREATED), of(StatusCode::GONE)), (1, 7));
}

#[tokio::test]
async fn id_47_state_of_somebody_else_is_refused_and_stays_theirs() {
    let app = App::start().await;
    let (ada, eve) = (app.admin().await, app.admin().await);
    let (role, limit) = (Role::Admin.into(), AccountLimit::Unlimited);
    let bob = testkit::http::colleague(&app.table, &app.clock, &ada, role, limit).await;
    let brought = agreed(&app, &ada, "grace").await;

    for other in [&eve, &bob] {
        let answer = complete(&app, other, &brought).await;

        answer.expect_problem(410, "authorization_over");
        assert!(app.list(other).await.is_empty());
    }

    complete(&app, &ada, &brought).await.expect(201);
}

#[tokio::test]
async fn id_47_state_of_another_sign_in_of_the_same_person_is_refused() {
    let app = App::start().await;
    let admin = app.admin().await;
    let brought = agreed(&app, &admin, "grace").await;
    app.clock.advance(SignedDuration::from_secs(1));
    let tenant = Some(admin.tenant);
    let another = testkit::http::another_session(&app.table, &app.clock, admin.user, tenant);
    let cookie = another.await;
    let elsewhere = TestMember { cookie, ..admin };

    let answer = complete(&app, &elsewhere, &brought).await;

    answer.expect_problem(410, "authorization_over");
    assert!(app.list(&elsewhere).await.is_empty());
}

#[tokio::test]
async fn id_47_state_of_another_workspace_of_the_same_person_is_refused() {
    let app = App::start().await;
    let here = app.admin().await;
    let brought = agreed(&app, &here, "grace").await;
    // The same session, in another tenant from now on.
    let other = testkit::http::tenant(&app.table, &app.clock);
    let there =
        testkit::http::member_of(&app.table, &app.clock, here.user, &other, Role::Admin).await;

    let answer = complete(&app, &there, &brought).await;

    answer.expect_problem(410, "authorization_over");
    assert!(app.list(&there).await.is_empty());
}

#[tokio::test]
async fn id_47_state_works_for_ten_minutes_also_after_a_new_proof_of_the_person() {
    let app = App::start().await;
    let admin = app.admin().await;
    let signed_in = app.clock.now();
    app.clock.advance(SignedDuration::from_secs(1));
    let (first, second) = (
        agreed(&app, &admin, "grace").await,
        agreed(&app, &admin, "alan").await,
    );
    app.clock.advance(SignedDuration::from_secs(599));
    complete(&app, &admin, &first)
        .await
        .expect_problem(401, "insufficient_user_authentication");
    let admin = testkit::http::reproved(&app.table, &app.clock, &admin, signed_in).await;

    complete(&app, &admin, &first).await.expect(201);
    app.clock.advance(SignedDuration::from_secs(1));
    let late = complete(&app, &admin, &second).await;

    late.expect_problem(410, "authorization_over");
}

#[tokio::test]
async fn id_47_person_who_declines_is_told_so_and_the_state_is_used_up() {
    let app = App::start().await;
    let admin = app.admin().await;
    let brought = agreed(&app, &admin, "grace").await;
    let declined = json!({ "state": brought["state"], "error": "access_denied" });

    let answer = complete(&app, &admin, &declined).await;

    answer.expect_problem(422, "authorization_denied");
    complete(&app, &admin, &brought)
        .await
        .expect_problem(410, "authorization_over");
}

#[tokio::test]
async fn id_47_state_that_nobody_made_is_gone() {
    let app = App::start().await;
    let admin = app.admin().await;
    for state in ["", "x", &"A".repeat(43), "../../etc"] {
        let brought = json!({ "state": state, "code": "c", "iss": FakeNetwork::ISSUER });

        let answer = complete(&app, &admin, &brought).await;

        answer.expect_problem(410, "authorization_over");
    }
}

#[tokio::test]
async fn id_47_answer_of_another_issuer_is_refused_and_uses_the_state_up() {
    let app = App::start().await;
    let admin = app.admin().await;
    for issuer in [json!("https://evil.test"), Value::Null] {
        let mut brought = agreed(&app, &admin, "grace").await;
        let good = brought.clone();
        brought["iss"] = issuer;

        let answer = complete(&app, &admin, &brought).await;

        answer.expect_problem(422, "authorization_forged");
        complete(&app, &admin, &good)
            .await
            .expect_problem(410, "authorization_over");
    }
    assert!(app.list(&admin).await.is_empty());
}

#[tokio::test]
async fn id_47_code_that_was_made_for_another_browser_is_refused() {
    let app = App::start().await;
    let admin = app.admin().await;
    let stolen = agreed(&app, &admin, "grace").await;
    let mut brought = agreed(&app, &admin, "grace").await;
    brought["code"] = stolen["code"].clone();

    let answer = complete(&app, &admin, &brought).await;

    answer.expect_problem(422, "invalid_credentials");
}

#[tokio::test]
async fn id_47_consent_of_another_account_than_was_named_is_refused() {
    let app = App::start().await;
    let admin = app.admin().await;
    let named = json!({ "network": "fake", "handle": "grace" });
    let opened = begin(&app, &admin, &named).await.expect(201).body;
    let brought = FakeNetwork::agree(opened["authorize_url"].as_str().unwrap(), "alan");

    let answer = complete(&app, &admin, &brought).await;

    answer.expect_problem(409, "another_account");
    assert!(app.list(&admin).await.is_empty());
}

#[tokio::test]
async fn id_47_consent_for_an_account_reconnects_it_and_no_other() {
    let app = App::start().await;
    let admin = app.admin().await;
    let brought = agreed(&app, &admin, "grace").await;
    let account = complete(&app, &admin, &brought).await.expect(201).body;
    let slot = json!({ "network": "fake", "account_id": account["id"] });
    let mut answers = Vec::new();
    for name in ["alan", "grace"] {
        let opened = begin(&app, &admin, &slot).await.expect(201).body;
        let brought = FakeNetwork::agree(opened["authorize_url"].as_str().unwrap(), name);
        answers.push(complete(&app, &admin, &brought).await);
    }

    answers.remove(0).expect_problem(409, "another_account");
    let again = answers.remove(0).expect(200).body;
    assert_eq!(again["id"], account["id"]);
    assert_eq!(app.list(&admin).await.len(), 1);
}

#[tokio::test]
async fn authorization_for_an_account_of_another_network_points_at_the_network() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;

    let answer = begin(
        &app,
        &admin,
        &json!({ "network": "fake", "account_id": id }),
    )
    .await;

    let answer = answer.expect_problem(422, "invalid_request");
    assert_eq!(answer.body["errors"][0]["pointer"], "/network");
}

#[tokio::test]
async fn authorization_that_the_network_refuses_points_at_the_field() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (body, pointer, code) in [
        (
            json!({ "network": "fake", "handle": "nobody" }),
            "/handle",
            "invalid_value",
        ),
        (
            json!({ "network": "door" }),
            "/network",
            "connect_by_credentials",
        ),
        (
            json!({ "network": "myspace" }),
            "/network",
            "unknown_network",
        ),
    ] {
        let answer = begin(&app, &admin, &body).await;

        let answer = answer.expect_problem(422, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
        assert_eq!(answer.body["errors"][0]["code"], code);
    }
}

#[tokio::test]
async fn answer_with_neither_code_nor_error_leaves_the_state() {
    let app = App::start().await;
    let admin = app.admin().await;
    let brought = agreed(&app, &admin, "grace").await;

    let answer = complete(&app, &admin, &json!({ "state": brought["state"] })).await;

    answer.expect_problem(422, "invalid_request");
    complete(&app, &admin, &brought).await.expect(201);
}

#[tokio::test]
async fn authorization_stores_no_secret_in_clear() {
    let app = App::start().await;
    let admin = app.admin().await;

    let brought = agreed(&app, &admin, "grace").await;

    let state = brought["state"].as_str().unwrap();
    let dump = app.dump().await;
    assert!(dump.contains("authorization"), "the dump shows the table");
    assert!(!dump.contains(state) && !dump.contains("verifier"));
}

#[tokio::test]
async fn document_of_the_client_is_not_there_without_a_network_that_asks_for_it() {
    let app = App::start().await;

    let call = app.api.get("/v1/networks/bluesky/client-metadata.json");

    call.send().await.expect_problem(404, "not_found");
}
