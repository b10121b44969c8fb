//! Changes of the address and ways back that meet each other, or something else of the same person.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{Answer, SoftPasskey};

use crate::app::{ADDRESS, App, PASSWORD, text};
use crate::email::{NEW, follow, login_as, moved, wish};
use crate::passkeys::{PASSKEYS, add, sign_in_with};

const AT_ONCE: usize = 50;

/// How a page of a link answers many at once: how often it did what it is for, and how often the link was used already.
fn followed_at_once(page: &str, before: impl AsyncFnOnce(&App) -> String) -> (usize, usize) {
    // Passwords that are hashed at once need their memory at once.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let app = App::new().await;
        let token = before(&app).await;

        let tries = (0..AT_ONCE).map(|_| follow(&app, page, &token));
        let answers = futures::future::join_all(tries).await;

        let is_gone = |answer: &&Answer| answer.body["code"] == "token_used";
        let done = answers.iter().filter(|answer| answer.status == 204);
        (done.count(), answers.iter().filter(is_gone).count())
    })
}

#[test]
fn id_09_confirmation_by_many_at_once_succeeds_once() {
    let counted = followed_at_once("confirm-email", async |app| {
        let cookie = app.browser().await;
        wish(app, &cookie, NEW).await.expect(202);
        app.newest_token(NEW)
    });

    assert_eq!(counted, (1, AT_ONCE - 1));
}

#[test]
fn id_09_way_back_by_many_at_once_succeeds_once() {
    let counted = followed_at_once("revert-email", async |app| {
        moved(app).await;
        app.newest_token(ADDRESS)
    });

    assert_eq!(counted, (1, AT_ONCE - 1));
}

#[tokio::test]
async fn id_11_new_address_ends_other_sign_ins_of_the_same_millisecond() {
    for asks in [0, 1] {
        let app = App::new().await;
        app.newcomer().await;
        let mut cookies = Vec::new();
        for _ in 0..2 {
            let signed_in = app.login(PASSWORD, "cookie").await.expect(200);
            cookies.push(signed_in.cookie());
        }

        wish(&app, &cookies[asks], NEW).await.expect(202);
        follow(&app, "confirm-email", &app.newest_token(NEW))
            .await
            .expect(204);

        app.me_by_cookie(&cookies[asks]).await.expect(200);
        app.me_by_cookie(&cookies[1 - asks]).await.expect(401);
    }
}

/// Its process dies right after the transaction: what that did not do stays undone.
#[tokio::test(flavor = "multi_thread")]
async fn id_12_factor_that_comes_at_the_moment_of_the_way_back_goes_with_it() {
    let app = Arc::new(App::new().await);
    let cookie = moved(&app).await;
    let token = app.newest_token(ADDRESS);
    let thiefs = SoftPasskey::new("thief", testkit::http::PUBLIC_URL);
    let passkey = Arc::new(tokio::sync::Mutex::new(thiefs));
    let thief = (Arc::clone(&app), Arc::clone(&passkey));
    app.between.before_next_transaction(async move {
        let (app, passkey) = thief;
        let added = add(&app, &cookie, &mut *passkey.lock().await).await;
        added.expect(201);
        app.between.refuse_deletions(true);
    });

    let back = follow(&app, "revert-email", &token).await;

    app.between.refuse_deletions(false);
    let opened = sign_in_with(&app, &mut *passkey.lock().await).await;
    opened.expect(401);
    back.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_12_factor_of_a_program_that_the_way_back_overtakes_is_refused() {
    let app = Arc::new(App::new().await);
    moved(&app).await;
    let back = app.newest_token(ADDRESS);
    let pair = login_as(&app, NEW, PASSWORD).await.expect(200).body;
    let token = text(&pair, "access_token");
    let post = |path: String, body: &Value| app.api.post(path).bearer(token).json(body).send();
    let mut passkey = SoftPasskey::new("thief", testkit::http::PUBLIC_URL);
    let options = post(format!("{PASSKEYS}/options"), &json!({})).await;
    let registration = passkey.create(&options.expect(200).body);
    let body = json!({ "name": "Phone", "registration": registration });
    let owner = Arc::clone(&app);
    app.between.before_next_transaction(async move {
        let reverted = follow(&owner, "revert-email", &back).await;
        reverted.expect(204);
    });

    let added = post(PASSKEYS.to_owned(), &body).await;

    added.expect_problem(401, "unauthenticated");
    sign_in_with(&app, &mut passkey).await.expect(401);
}
