//! Nobody's account ends while its address can be taken back, and whoever comes back by the first link is the last to do so.

use std::sync::Arc;

use domain::Clock as _;
use jiff::SignedDuration;
use serde_json::json;

use crate::app::{ADDRESS, App, PASSWORD, text};
use crate::departure::delete_me;
use crate::email::{NEW, follow, login_as, moved, wish};

const THIRD: &str = "thief@example.com";
const SEVEN_DAYS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A browser that signs in with this address.
async fn browser_of(app: &App, address: &str) -> String {
    let body = json!({ "email": address, "password": PASSWORD });
    let call = app.api.post("/v1/auth/login").json(&body);
    call.send().await.expect(200).cookie()
}

/// A browser of the person who took this address back, by the mail that follows.
async fn back_in(app: &App, address: &str) -> String {
    let reset = json!({ "token": app.newest_token(address), "password": PASSWORD });
    let call = app.api.post("/v1/auth/reset-password").json(&reset);
    call.send().await.expect(204);
    browser_of(app, address).await
}

#[tokio::test]
async fn id_12_account_whose_address_changed_does_not_end_before_the_way_back() {
    let app = App::new().await;
    let cookie = moved(&app).await;
    let back = app.newest_token(ADDRESS);

    let refused = delete_me(&app, &cookie).await;

    let body = refused.expect_problem(409, "address_changed_lately").body;
    let until = app.clock.now().saturating_add(SEVEN_DAYS).unwrap();
    let day = until.strftime("%Y-%m-%d").to_string();
    assert!(text(&body, "detail").contains(&day), "{body}");
    follow(&app, "revert-email", &back).await.expect(204);
}

#[tokio::test]
async fn id_12_account_ends_when_its_change_was_taken_back() {
    let app = App::new().await;
    moved(&app).await;
    let back = app.newest_token(ADDRESS);
    follow(&app, "revert-email", &back).await.expect(204);
    let cookie = back_in(&app, ADDRESS).await;

    delete_me(&app, &cookie).await.expect(204);
}

#[tokio::test]
async fn id_12_account_ends_after_seven_days_and_the_old_address_is_free() {
    let app = App::new().await;
    moved(&app).await;
    app.clock.advance(SEVEN_DAYS + SignedDuration::from_secs(1));
    let cookie = browser_of(&app, NEW).await;

    delete_me(&app, &cookie).await.expect(204);

    app.register(ADDRESS, PASSWORD).await.expect(202);
    let token = app.newest_token(ADDRESS);
    app.verify_with(&token, PASSWORD).await.expect(204);
    login_as(&app, ADDRESS, PASSWORD).await.expect(200);
}

/// The thief has the second address, and so the link that takes the second change back.
#[tokio::test]
async fn id_12_account_that_comes_back_to_a_later_address_does_not_end_before_the_first_one() {
    let app = App::new().await;
    let cookie = moved(&app).await;
    let first = app.newest_token(ADDRESS);
    wish(&app, &cookie, THIRD).await.expect(202);
    let confirm = app.newest_token(THIRD);
    follow(&app, "confirm-email", &confirm).await.expect(204);
    let second = app.newest_token(NEW);
    follow(&app, "revert-email", &second).await.expect(204);
    let cookie = back_in(&app, NEW).await;

    let refused = delete_me(&app, &cookie).await;

    refused.expect_problem(409, "address_changed_lately");
    follow(&app, "revert-email", &first).await.expect(204);
}

/// A thief who changes the address twice has the link that takes the second change back.
#[tokio::test]
async fn id_12_links_of_later_changes_die_with_the_way_back_to_the_first_address() {
    let app = App::new().await;
    let cookie = moved(&app).await;
    let first = app.newest_token(ADDRESS);
    app.clock.advance(SignedDuration::from_mins(1));
    wish(&app, &cookie, THIRD).await.expect(202);
    let confirm = app.newest_token(THIRD);
    follow(&app, "confirm-email", &confirm).await.expect(204);
    let second = app.newest_token(NEW);
    follow(&app, "revert-email", &first).await.expect(204);
    let cookie = back_in(&app, ADDRESS).await;

    let stolen = follow(&app, "revert-email", &second).await;

    stolen.expect_problem(410, "token_expired");
    app.me_by_cookie(&cookie).await.expect(200);
    // A change that the person makes after that can be taken back.
    app.clock.advance(SignedDuration::from_mins(1));
    wish(&app, &cookie, "ada@example.org").await.expect(202);
    let confirm = app.newest_token("ada@example.org");
    follow(&app, "confirm-email", &confirm).await.expect(204);
    let own = app.newest_token(ADDRESS);
    follow(&app, "revert-email", &own).await.expect(204);
    let stolen = follow(&app, "revert-email", &second).await;
    stolen.expect_problem(410, "token_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_12_account_does_not_end_where_its_address_changes_at_that_moment() {
    let app = Arc::new(App::new().await);
    let cookie = app.browser().await;
    wish(&app, &cookie, NEW).await.expect(202);
    let (other, confirm) = (Arc::clone(&app), app.newest_token(NEW));
    app.between.before_next_transaction(async move {
        let confirmed = follow(&other, "confirm-email", &confirm).await;
        confirmed.expect(204);
    });

    let refused = delete_me(&app, &cookie).await;

    refused.expect_problem(409, "address_changed_lately");
    let back = app.newest_token(ADDRESS);
    follow(&app, "revert-email", &back).await.expect(204);
}
