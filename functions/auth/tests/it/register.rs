use std::sync::Arc;

use http::HeaderMap;
use jiff::SignedDuration;
use serde_json::json;

use crate::app::{ADDRESS, App, PASSWORD};

/// Everything about an answer that a caller can compare; the request id differs always.
fn comparable(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn id_01_register_with_a_known_address_answers_the_same() {
    let app = App::new().await;
    app.newcomer().await;

    let known = app.register(ADDRESS, "another long password").await;
    let unknown = app.register("grace@example.com", PASSWORD).await;

    assert_eq!(known.status, 202);
    assert_eq!(known.status, unknown.status);
    assert_eq!(known.body, unknown.body);
    assert_eq!(comparable(&known.headers), comparable(&unknown.headers));
}

#[tokio::test]
async fn id_01_register_costs_the_same_work_whether_or_not_the_address_is_known() {
    let app = App::new().await;
    app.newcomer().await;
    app.register("grace@example.com", PASSWORD).await;
    // What was mailed to an address before is another thing than who has it.
    app.clock.advance(SignedDuration::from_mins(10));
    // Keys that were forgotten meanwhile are opened again.
    app.register("mary@example.com", PASSWORD).await;

    let mut works = Vec::new();
    for address in [ADDRESS, "grace@example.com", "nobody@example.com"] {
        let register = app.register(address, "another long password");
        let (answer, work) = app.work(register).await;
        answer.expect(202);
        works.push(work);
    }

    let [known, unproven, unknown] = works.as_slice() else {
        panic!("{works:?}");
    };
    assert_eq!(known.hashes, 1);
    assert_eq!((known, unproven), (unknown, unknown));
}

/// Whoever registers an address knows the password that is stored where nobody had it.
#[tokio::test]
async fn id_01_password_of_a_registration_tells_nothing_before_the_proof() {
    for path in ["login", "lost-second-factor"] {
        let app = App::new().await;
        app.newcomer().await;
        let (unknown, chosen) = ("grace@example.com", "another long password");
        for address in ["mary@example.com", ADDRESS, unknown] {
            app.register(address, chosen).await.expect(202);
        }
        let sign_in = async |address: &str| {
            let body = json!({ "email": address, "password": chosen });
            let call = app.api.post(format!("/v1/auth/{path}")).json(&body);
            call.send().await
        };
        // The counters that all have in common are begun.
        sign_in("mary@example.com").await;

        let (known, known_work) = app.work(sign_in(ADDRESS)).await;
        let (unknown, unknown_work) = app.work(sign_in(unknown)).await;

        let mut known = known.expect_problem(401, "invalid_credentials");
        let mut unknown = unknown.expect_problem(401, "invalid_credentials");
        assert_eq!(comparable(&known.headers), comparable(&unknown.headers));
        for answer in [&mut known, &mut unknown] {
            answer.body["instance"] = json!(null);
        }
        assert_eq!(known.body.to_string(), unknown.body.to_string());
        assert_eq!(known_work, unknown_work, "{path}");
    }
}

/// Of an address that nobody has proven the one is overtaken by the other; of a proven one nobody ever is.
#[tokio::test(flavor = "multi_thread")]
async fn id_01_register_that_others_overtake_again_and_again_answers_the_same() {
    let app = Arc::new(App::new().await);
    let (other, mut rounds) = (Arc::clone(&app), 3);
    app.register(ADDRESS, "the first long password").await;
    app.between.before_every_transaction(move || {
        let (other, overtakes) = (Arc::clone(&other), rounds > 0);
        rounds -= i32::from(overtakes);
        async move {
            if overtakes {
                other.register(ADDRESS, PASSWORD).await.expect(202);
            }
        }
    });

    let overtaken = app.register(ADDRESS, "another long password").await;

    let overtaken = overtaken.expect(202);
    assert_eq!(overtaken.body, json!({ "status": "accepted" }));
    // As if the last of the others had come after it: theirs is stored, and every mail tells.
    assert_eq!(app.mailbox.to(ADDRESS).len(), 5);
    app.verify(&app.newest_token(ADDRESS)).await.expect(204);
}

#[tokio::test]
async fn id_01_register_with_a_known_address_mails_the_truth_and_changes_nothing() {
    let app = App::new().await;
    app.newcomer().await;

    app.register(&ADDRESS.to_uppercase(), "another long password")
        .await
        .expect(202);

    let mails = app.mailbox.to(ADDRESS);
    assert_eq!(mails.len(), 2);
    assert!(mails[1].subject.contains("already have an account"));
    assert!(!mails[1].text.contains("token="));
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn register_again_before_the_proof_replaces_the_first_registration() {
    let app = App::new().await;
    app.register(ADDRESS, "the first long password").await;
    let first = app.newest_token(ADDRESS);

    app.register(ADDRESS, PASSWORD).await.expect(202);

    app.verify(&first)
        .await
        .expect_problem(410, "token_expired");
    app.verify(&app.newest_token(ADDRESS)).await.expect(204);
    app.login("the first long password", "token")
        .await
        .expect_problem(401, "invalid_credentials");
    app.login(PASSWORD, "token").await.expect(200);
}

#[tokio::test]
async fn register_by_many_at_once_makes_one_person() {
    let app = App::new().await;

    let (first, second, third) = tokio::join!(
        app.register(ADDRESS, PASSWORD),
        app.register(ADDRESS, PASSWORD),
        app.register(ADDRESS, PASSWORD),
    );

    for answer in [first, second, third] {
        answer.expect(202);
    }
    app.verify(&app.newest_token(ADDRESS)).await;
    let tokens: Vec<_> = app.mailbox.to(ADDRESS);
    assert_eq!(tokens.len(), 3);
}

#[tokio::test]
async fn id_10_register_link_begins_with_the_configured_address_whatever_the_request_says() {
    let app = App::new().await;
    let body = json!({ "email": ADDRESS, "password": PASSWORD, "name": "Ada" });

    app.api
        .post("/v1/auth/register")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .json(&body)
        .send()
        .await
        .expect(202);

    let mail = &app.mailbox.to(ADDRESS)[0];
    assert!(
        mail.text
            .contains("http://127.0.0.1:8080/verify-email?token=")
    );
    assert!(!format!("{}{}", mail.text, mail.html).contains("evil"));
}

#[tokio::test]
async fn f_34_register_writes_the_name_into_html_as_text() {
    let app = App::new().await;
    let body = json!({ "email": ADDRESS, "password": PASSWORD, "name": "<b onclick=x>{link}" });

    app.api
        .post("/v1/auth/register")
        .json(&body)
        .send()
        .await
        .expect(202);

    let mail = &app.mailbox.to(ADDRESS)[0];
    assert!(mail.html.contains("&lt;b onclick=x&gt;{link}"));
}

#[tokio::test]
async fn register_with_wrong_fields_names_each_of_them() {
    let app = App::new().await;
    let body = json!({ "email": "nobody", "password": "short", "name": " \n " });

    let call = app.api.post("/v1/auth/register").json(&body);
    let answer = call.send().await.expect_problem(422, "invalid_request");

    let errors = answer.body["errors"].as_array().unwrap();
    let named: Vec<_> = errors
        .iter()
        .map(|error| {
            (
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("/email", "invalid_email"),
        ("/password", "too_short"),
        ("/name", "invalid_name"),
    ];
    assert_eq!(named, expected);
}

#[tokio::test]
async fn id_38_register_with_fields_that_nobody_may_set_is_refused() {
    let app = App::new().await;
    for field in [
        "role",
        "tenant_id",
        "plan",
        "owner",
        "verified",
        "email_verified",
        "id",
    ] {
        let mut body = json!({ "email": ADDRESS, "password": PASSWORD, "name": "Ada" });
        body[field] = json!(true);

        let call = app.api.post("/v1/auth/register").json(&body);
        let answer = call.send().await.expect_problem(422, "invalid_request");

        assert_eq!(answer.body["errors"][0]["code"], "unknown_field");
        assert_eq!(answer.body["errors"][0]["pointer"], format!("/{field}"));
    }
    assert!(app.mailbox.to(ADDRESS).is_empty());
}

#[tokio::test]
async fn register_while_mail_is_down_is_mailed_when_it_is_up_again() {
    let app = App::new().await;
    app.mailbox.close(true);

    app.register(ADDRESS, PASSWORD).await.expect(202);

    let owed = app.owed().await;
    let [id] = *owed.as_slice() else {
        panic!("one mail is owed: {owed:?}");
    };
    assert!(app.mailbox.to(ADDRESS).is_empty());
    app.mailbox.close(false);

    app.outbox.send_owed(id).await.unwrap();

    app.verify(&app.newest_token(ADDRESS)).await.expect(204);
    assert!(app.table.system().owed_mail(id).await.unwrap().is_none());
}

#[tokio::test]
async fn register_whose_mail_was_sent_owes_nothing() {
    let app = App::new().await;

    app.register(ADDRESS, PASSWORD).await.expect(202);

    assert_eq!(app.owed().await, []);
}
