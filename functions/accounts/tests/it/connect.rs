use domain::membership::Role;
use futures::future::join_all;
use serde_json::json;

use crate::app::{App, credentials};
use crate::door::{Mood, PASSWORD};

#[tokio::test]
async fn connect_of_a_new_account_answers_201_with_it() {
    let app = App::start().await;
    let admin = app.admin().await;

    let account = app.connect(&admin, "ada").await.expect(201).body;

    assert!(account["id"].as_str().unwrap().starts_with("acc_"));
    assert_eq!(account["network"], "door");
    assert_eq!(account["remote_id"], "did:door:ada");
    assert_eq!(account["handle"], "ada.door.test");
    assert_eq!(account["state"], "connected");
    assert_eq!(account["checked_at"], "2026-12-01T08:00:00Z");
    assert_eq!(app.list(&admin).await, [account]);
}

#[tokio::test]
async fn connect_of_the_same_remote_account_answers_200_with_the_same_id() {
    let app = App::start().await;
    let admin = app.admin().await;
    let id = app.connected(&admin, "ada").await;
    app.door.rename("ada", "Ada Lovelace");

    let again = app.connect(&admin, "ada").await.expect(200);

    assert_eq!(again.body["id"], id);
    assert_eq!(again.body["name"], "Ada Lovelace");
    assert_eq!(app.list(&admin).await.len(), 1);
    let used = app.table.tenant(&admin.scope).accounts_used().await;
    assert_eq!(used.unwrap(), 1);
}

#[tokio::test]
async fn connect_of_another_tenants_account_is_refused() {
    let app = App::start().await;
    let (ours, theirs) = (app.admin().await, app.admin().await);
    app.connected(&theirs, "ada").await;

    let answer = app.connect(&ours, "ada").await;

    answer.expect_problem(409, "account_in_another_tenant");
    assert!(app.list(&ours).await.is_empty());
}

#[tokio::test]
async fn connect_of_the_same_remote_account_at_once_makes_one() {
    let app = App::start().await;
    let admin = app.admin().await;

    let answers = join_all((0..8).map(|_| app.connect(&admin, "ada"))).await;

    let mut created = 0;
    for answer in &answers {
        assert!(
            matches!(answer.status.as_u16(), 200 | 201),
            "{}",
            answer.body
        );
        assert_eq!(answer.body["id"], answers[0].body["id"]);
        created += u32::from(answer.status == 201);
    }
    assert_eq!(created, 1);
    assert_eq!(app.list(&admin).await.len(), 1);
}

#[tokio::test]
async fn connect_of_one_remote_account_by_two_tenants_at_once_gives_it_to_one() {
    let app = App::start().await;
    let (first, second) = (app.admin().await, app.admin().await);

    let answers = join_all([app.connect(&first, "ada"), app.connect(&second, "ada")]).await;

    let mut statuses: Vec<u16> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn connect_with_a_wrong_password_says_so() {
    let app = App::start().await;
    let admin = app.admin().await;

    let call = app.api.post("/v1/accounts").by(&admin);
    let answer = call.json(&credentials("ada", "wrong-4812")).send().await;

    let answer = answer.expect_problem(422, "invalid_credentials");
    assert!(!answer.body.to_string().contains("wrong-4812"));
    assert!(app.list(&admin).await.is_empty());
}

#[tokio::test]
async fn connect_to_a_network_that_does_not_answer_is_no_failure_of_ours() {
    let app = App::start().await;
    let admin = app.admin().await;
    app.door.feel(Mood::Silent);

    let answer = app.connect(&admin, "ada").await;

    let answer = answer.expect_problem(422, "network_unreachable");
    assert!(
        answer.body["detail"]
            .as_str()
            .unwrap()
            .contains("door.test")
    );
}

#[tokio::test]
async fn connect_to_a_busy_network_says_when_to_come_back() {
    let app = App::start().await;
    let admin = app.admin().await;
    app.door.feel(Mood::Busy);

    let answer = app.connect(&admin, "ada").await;

    let answer = answer.expect_problem(429, "rate_limited");
    assert_eq!(answer.headers["retry-after"], "31");
}

#[tokio::test]
async fn connect_at_an_unknown_network_points_at_it() {
    let app = App::start().await;
    let admin = app.admin().await;

    for network in ["myspace", "", "../door", "DOOR"] {
        let body = json!({ "network": network, "credentials": {} });
        let call = app.api.post("/v1/accounts").by(&admin);
        let answer = call.json(&body).send().await;

        let answer = answer.expect_problem(422, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], "/network");
    }
}

#[tokio::test]
async fn connect_with_wrong_fields_points_at_all_of_them() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({
        "network": "door",
        "credentials": { "app_password": " ", "pass/word": "x" },
    });

    let call = app.api.post("/v1/accounts").by(&admin);
    let answer = call.json(&body).send().await;

    let answer = answer.expect_problem(422, "invalid_request");
    let errors = answer.body["errors"].as_array().unwrap();
    let mut found: Vec<_> = errors
        .iter()
        .map(|error| {
            (
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("/credentials/app_password", "blank"),
            ("/credentials/identifier", "missing_field"),
            ("/credentials/pass~1word", "unknown_field"),
        ]
    );
}

#[tokio::test]
async fn connect_to_an_address_that_the_network_refuses_points_at_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut body = credentials("ada", PASSWORD);
    body["credentials"]["service"] = json!("https://127.0.0.1:9001");

    let call = app.api.post("/v1/accounts").by(&admin);
    let answer = call.json(&body).send().await;

    let answer = answer.expect_problem(422, "invalid_request");
    assert_eq!(answer.body["errors"][0]["pointer"], "/credentials/service");
}

#[tokio::test]
async fn connect_with_a_body_of_another_shape_is_refused_with_its_pointer() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (body, pointer) in [
        (json!({ "network": "door" }), "/credentials"),
        (json!({ "network": 7, "credentials": {} }), "/network"),
        (
            json!({ "network": "door", "credentials": { "identifier": 7 } }),
            "/credentials/identifier",
        ),
        (
            json!({ "network": "door", "credentials": {}, "tenant_id": "x" }),
            "/tenant_id",
        ),
    ] {
        let call = app.api.post("/v1/accounts").by(&admin);
        let answer = call.json(&body).send().await;

        let answer = answer.expect_problem(422, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn connect_beyond_the_limit_is_refused() {
    let app = App::start().await;
    let user = domain::UserId::generate(app.table.ids());
    let mut tenant = testkit::http::tenant(&app.table, &app.clock);
    tenant.limits.accounts = 1;
    let admin = testkit::http::member_of(&app.table, &app.clock, user, &tenant, Role::Admin).await;
    app.connected(&admin, "ada").await;

    let answer = app.connect(&admin, "grace").await;

    answer.expect_problem(402, "plan_limit");
    app.connect(&admin, "ada").await.expect(200);
    assert_eq!(app.list(&admin).await.len(), 1);
}

#[tokio::test]
async fn connect_repeated_with_its_key_answers_like_the_first_time() {
    let app = App::start().await;
    let admin = app.admin().await;
    let connect = |identifier| {
        app.api
            .post("/v1/accounts")
            .by(&admin)
            .header("idempotency-key", "k-1")
            .json(&credentials(identifier, PASSWORD))
            .send()
    };
    let first = connect("ada").await.expect(201);

    let again = connect("ada").await.expect(201);

    assert_eq!(again.body, first.body);
    connect("grace")
        .await
        .expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn f_13_connect_of_what_is_connected_gives_it_one_other_credential_with_its_key() {
    let app = App::start().await;
    let admin = app.admin().await;
    let first = app.connect(&admin, "ada").await.expect(201);
    let connect = |identifier| {
        let call = app.api.post("/v1/accounts").by(&admin);
        let call = call.header("idempotency-key", "k-1");
        call.json(&credentials(identifier, PASSWORD)).send()
    };

    let at_once = join_all((0..5).map(|_| connect("ada"))).await;
    let later = connect("ada").await;

    for answer in at_once.into_iter().chain([later]) {
        assert_eq!(answer.expect(200).body["id"], first.body["id"]);
    }
    let dump = app.dump().await;
    assert_eq!(dump.matches("account.reconnected").count(), 1);
    connect("grace")
        .await
        .expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn connect_again_with_the_same_key_after_disconnecting_answers_the_first_account() {
    let app = App::start().await;
    let admin = app.admin().await;
    let connect = || {
        let call = app.api.post("/v1/accounts").by(&admin);
        let call = call.header("idempotency-key", "k-1");
        call.json(&credentials("ada", PASSWORD)).send()
    };
    let first = connect().await.expect(201);
    let path = format!("/v1/accounts/{}", first.body["id"].as_str().unwrap());
    app.api.delete(path).by(&admin).send().await.expect(204);

    let again = connect().await.expect(201);

    assert_eq!(again.body["id"], first.body["id"]);
    assert_eq!(again.body["state"], "disconnected");
    assert!(app.list(&admin).await.is_empty());
}

#[tokio::test]
async fn connect_stores_no_secret_in_clear() {
    let app = App::start().await;
    let admin = app.admin().await;
    app.api
        .post("/v1/accounts")
        .by(&admin)
        .header("idempotency-key", "k-1")
        .json(&credentials("ada", PASSWORD))
        .send()
        .await
        .expect(201);

    let dump = app.dump().await;

    assert!(dump.contains("did:door:ada"), "the dump shows the table");
    assert!(!dump.contains(PASSWORD));
}

#[tokio::test]
async fn connect_by_a_person_without_the_permission_is_refused() {
    let app = App::start().await;
    let editor = testkit::member(&app.table, &app.clock, Role::Editor).await;

    let answer = app.connect(&editor, "ada").await;

    answer.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn list_is_cut_into_pages() {
    let app = App::start().await;
    let admin = app.admin().await;
    for name in ["a", "b", "c"] {
        app.connected(&admin, name).await;
        app.clock.advance(jiff::SignedDuration::from_secs(1));
    }

    let first = app
        .api
        .get("/v1/accounts?limit=2")
        .by(&admin)
        .send()
        .await
        .expect(200);
    let next = first.body["next"].as_str().unwrap();
    let path = format!("/v1/accounts?limit=2&cursor={next}");
    let second = app.api.get(path).by(&admin).send().await.expect(200);

    assert_eq!(first.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(second.body["items"][0]["handle"], "c.door.test");
    assert_eq!(second.body["next"], json!(null));
}

#[tokio::test]
async fn list_with_an_unreadable_query_is_refused() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (query, code) in [
        ("limit=0", "malformed_request"),
        ("limit=201", "malformed_request"),
        ("page=2", "malformed_request"),
        ("cursor=eyJ9", "invalid_cursor"),
    ] {
        let path = format!("/v1/accounts?{query}");
        let answer = app.api.get(path).by(&admin).send().await;

        answer.expect_problem(400, code);
    }
}

#[tokio::test]
async fn account_of_another_tenant_is_answered_like_one_that_does_not_exist() {
    let app = App::start().await;
    let (ours, theirs) = (app.admin().await, app.admin().await);
    let foreign = app.connected(&theirs, "ada").await;
    let absent = domain::AccountId::generate(app.table.ids()).to_string();
    let body = json!({ "credentials": { "identifier": "ada", "app_password": PASSWORD } });

    for id in [foreign.as_str(), absent.as_str(), "acc_nonsense"] {
        let path = format!("/v1/accounts/{id}");
        let read = app.api.get(&path).by(&ours).send().await;
        let deleted = app.api.delete(&path).by(&ours).send().await;
        let checked = app.act(&ours, id, "check").await;
        let reconnect = app.api.post(format!("{path}/reconnect")).by(&ours);
        let reconnected = reconnect.json(&body).send().await;

        for answer in [read, deleted, checked, reconnected] {
            let mut answer = answer.expect_problem(404, "not_found");
            answer.body["instance"].take();
            assert_eq!(
                answer.body,
                json!({
                    "type": "/problems/not_found", "title": "Not found", "status": 404, "instance": null,
                    "detail": "account not found", "code": "not_found", "errors": [],
                })
            );
        }
    }
    assert_eq!(app.list(&theirs).await.len(), 1);
}
