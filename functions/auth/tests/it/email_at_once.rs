//! Links of mails that many follow at once, and ways back to an address that meet something else of the same person.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use serde_json::json;
use testkit::{Answer, SoftPasskey};

use crate::app::{ADDRESS, App, OTHER_CASE, PASSWORD, text};
use crate::email::{NEW, follow, login_as, moved, wish};
use crate::passkeys::{PASSKEYS, add, add_by_program, sign_in_with};
use crate::password::{forgot, reset};

const AT_ONCE: usize = 50;
const CHOSEN: &str = "seven looms weave flowers";
/// The password of somebody else.
const STRANGERS: &str = "nine looms weave meadows";
/// The transactions of a way back.
const WAY_BACK: usize = 2;

/// How often of many who follow a link at once it did what it is for, and how often it was used already.
fn followed_at_once(
    before: impl AsyncFnOnce(&App) -> String,
    follow: &impl AsyncFn(&App, &str) -> Answer,
) -> (usize, usize) {
    // Passwords that are hashed at once need their memory at once.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let app = App::new().await;
        let token = before(&app).await;

        let tries = (0..AT_ONCE).map(|_| follow(&app, &token));
        let answers = futures::future::join_all(tries).await;

        let is_gone = |answer: &&Answer| answer.body["code"] == "token_used";
        let done = answers.iter().filter(|answer| answer.status == 204);
        (done.count(), answers.iter().filter(is_gone).count())
    })
}

#[test]
fn id_09_new_password_by_many_at_once_is_set_once() {
    let counted = followed_at_once(
        async |app| {
            app.newcomer().await;
            forgot(app, ADDRESS).await.expect(202);
            app.newest_token(ADDRESS)
        },
        &async |app, token| reset(app, token, CHOSEN).await,
    );

    assert_eq!(counted, (1, AT_ONCE - 1));
}

#[test]
fn id_09_confirmation_by_many_at_once_succeeds_once() {
    let counted = followed_at_once(
        async |app| {
            let cookie = app.browser().await;
            wish(app, &cookie, NEW).await.expect(202);
            app.newest_token(NEW)
        },
        &async |app, token| follow(app, "confirm-email", token).await,
    );

    assert_eq!(counted, (1, AT_ONCE - 1));
}

#[test]
fn id_09_way_back_by_many_at_once_succeeds_once() {
    let counted = followed_at_once(
        async |app| {
            moved(app).await;
            app.newest_token(ADDRESS)
        },
        &async |app, token| follow(app, "revert-email", token).await,
    );

    assert_eq!(counted, (1, AT_ONCE - 1));
}

/// The first mail was slow, so its link was asked for once more.
#[tokio::test]
async fn id_09_second_link_to_an_address_is_used_up_with_the_first() {
    for written in [NEW, "Countess@example.com"] {
        let app = App::new().await;
        let cookie = app.browser().await;
        wish(&app, &cookie, NEW).await.expect(202);
        let first = app.newest_token(NEW);
        wish(&app, &cookie, written).await.expect(202);
        let second = app.newest_token(written);
        follow(&app, "confirm-email", &first).await.expect(204);
        let back = app.newest_token(ADDRESS);

        let followed = follow(&app, "confirm-email", &second).await;

        followed.expect_problem(410, "token_used");
        let me = app.me_by_cookie(&cookie).await.expect(200).body;
        assert_eq!(me["user"]["email"], NEW);
        follow(&app, "revert-email", &back).await.expect(204);
    }
}

/// Whoever registers an address that nobody has proven gives it another password each time, and maybe another spelling.
#[tokio::test(flavor = "multi_thread")]
async fn id_09_registration_in_the_moment_of_a_new_password_does_not_void_its_link() {
    for written in [ADDRESS, OTHER_CASE] {
        let app = Arc::new(App::new().await);
        app.register(ADDRESS, PASSWORD).await.expect(202);
        forgot(&app, ADDRESS).await.expect(202);
        let token = app.newest_token(ADDRESS);
        let stranger = Arc::clone(&app);
        app.between.before_next_transaction(async move {
            let registered = stranger.register(written, STRANGERS).await;
            registered.expect(202);
        });

        reset(&app, &token, CHOSEN).await.expect(204);

        let registered = app.newest_token(written);
        let proven = app.verify_with(&registered, STRANGERS).await;
        proven.expect_problem(410, "token_expired");
        app.login(STRANGERS, "token").await.expect(401);
        let pair = app.login(CHOSEN, "token").await.expect(200).body;
        let me = app.me_by_token(text(&pair, "access_token")).await;
        assert_eq!(me.expect(200).body["user"]["email"], ADDRESS);
    }
}

/// A double click of which the second reads the link before the first used it, and the person after.
#[tokio::test(flavor = "multi_thread")]
async fn id_09_reset_link_that_is_used_while_it_is_read_is_used_up() {
    let app = Arc::new(App::new().await);
    app.newcomer().await;
    forgot(&app, ADDRESS).await.expect(202);
    let token = app.newest_token(ADDRESS);
    let first = (Arc::clone(&app), token.clone());
    app.between.before_next_read_of("META", async move {
        let (app, token) = first;
        reset(&app, &token, CHOSEN).await.expect(204);
    });

    let second = reset(&app, &token, "eight looms weave flowers").await;

    second.expect_problem(410, "token_used");
    app.login(CHOSEN, "token").await.expect(200);
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

/// Its process dies right after its last transaction: what that did not do stays undone.
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
        app.between.die_after_transactions(WAY_BACK);
    });

    follow(&app, "revert-email", &token).await;

    app.between.live_again();
    follow(&app, "revert-email", &token)
        .await
        .expect_problem(410, "token_used");
    let opened = sign_in_with(&app, &mut *passkey.lock().await).await;
    opened.expect(401);
}

/// Somebody who changes something before each transaction of a way back, until they are refused.
async fn met_by<F>(thief: impl Fn(Arc<App>, usize) -> F + Send + Sync + 'static) -> Arc<App>
where
    F: Future<Output = ()> + Send + 'static,
{
    let app = Arc::new(App::new().await);
    moved(&app).await;
    let token = app.newest_token(ADDRESS);
    let (met, times) = (Arc::clone(&app), AtomicUsize::new(0));
    app.between.before_every_transaction(move || {
        thief(Arc::clone(&met), times.fetch_add(1, Ordering::SeqCst))
    });

    let back = follow(&app, "revert-email", &token).await;

    app.between.before_next_transaction(async {});
    back.expect(204);
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn id_12_way_back_is_not_held_off_by_factors_that_come_and_go() {
    let pair = Arc::new(tokio::sync::OnceCell::new());
    let passkeys = Arc::new(tokio::sync::Mutex::new(Vec::new()));
    let (signed_in, added) = (Arc::clone(&pair), Arc::clone(&passkeys));

    let app = met_by(move |app, time| {
        let (signed_in, added) = (Arc::clone(&signed_in), Arc::clone(&added));
        async move {
            // Two changes within a millisecond could pass for none.
            app.clock.advance(SignedDuration::from_millis(1));
            let pair = signed_in.get_or_init(async || {
                let pair = login_as(&app, NEW, PASSWORD).await;
                pair.expect(200).body
            });
            let token = text(pair.await, "access_token");
            let origin = testkit::http::PUBLIC_URL;
            let mut passkey = SoftPasskey::new(&format!("thief {time}"), origin);
            add_by_program(&app, token, &mut passkey).await;
            added.lock().await.push(passkey);
            let listed = app.api.get(PASSKEYS).bearer(token).send().await;
            if let Some(first) = listed.body["items"].get(1) {
                let path = format!("{PASSKEYS}/{}", text(first, "id"));
                app.api.delete(path).bearer(token).send().await;
            }
        }
    })
    .await;

    let mut passkeys = passkeys.lock().await;
    assert!(passkeys.len() > 1, "the thief was there");
    for passkey in passkeys.iter_mut() {
        sign_in_with(&app, passkey).await.expect(401);
    }
    forgot(&app, ADDRESS).await.expect(202);
    reset(&app, &app.newest_token(ADDRESS), CHOSEN)
        .await
        .expect(204);
    app.login(CHOSEN, "token").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_12_way_back_is_not_held_off_by_passwords_that_change() {
    let app = met_by(|app, time| async move {
        let password = |time: usize| match time {
            0 => PASSWORD.to_owned(),
            time => format!("{time} looms weave flowers"),
        };
        let signed_in = login_as(&app, NEW, &password(time)).await;
        if let Some(token) = signed_in.body["access_token"].as_str() {
            let body = json!({
                "current_password": password(time),
                "new_password": password(time + 1),
            });
            let call = app.api.post("/v1/me/password").bearer(token);
            call.json(&body).send().await;
        }
    })
    .await;

    for password in [PASSWORD, "1 looms weave flowers", "2 looms weave flowers"] {
        app.login(password, "token").await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn id_12_factor_of_a_program_that_the_way_back_overtakes_is_refused() {
    let app = Arc::new(App::new().await);
    moved(&app).await;
    let back = app.newest_token(ADDRESS);
    let pair = login_as(&app, NEW, PASSWORD).await.expect(200).body;
    let mut passkey = SoftPasskey::new("thief", testkit::http::PUBLIC_URL);
    let owner = Arc::clone(&app);
    app.between.before_next_transaction(async move {
        let reverted = follow(&owner, "revert-email", &back).await;
        reverted.expect(204);
    });

    let token = text(&pair, "access_token");
    let added = add_by_program(&app, token, &mut passkey).await;

    added.expect_problem(401, "unauthenticated");
    sign_in_with(&app, &mut passkey).await.expect(401);
}
