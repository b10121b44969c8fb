//! Links of mails are for one purpose each.

use std::collections::BTreeSet;

use api::Secret;
use domain::event::EventKind;
use domain::user::Origin;
use domain::{Clock as _, NoticeId, UserId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{NewToken, OwedMail, TokenPurpose, UserAct};
use testkit::{Answer, FixedRandom};

use crate::app::{ADDRESS, App, PASSWORD, text};

/// Every route that takes the token of a link, with what links it takes, in an order in which each is still good.
const PAGES: [(&str, TokenPurpose); 7] = [
    ("verify-email", TokenPurpose::VerifyEmail),
    ("admit-browser", TokenPurpose::AdmitBrowser),
    ("reset-second-factor", TokenPurpose::ResetSecondFactor),
    ("stop-second-factor-reset", TokenPurpose::ResetSecondFactor),
    ("confirm-email", TokenPurpose::ChangeEmail),
    ("revert-email", TokenPurpose::RevertEmail),
    ("reset-password", TokenPurpose::ResetPassword),
];

async fn follow(app: &App, page: &str, token: &str) -> Answer {
    let mut body = json!({ "token": token });
    match page {
        "reset-password" => body["password"] = json!("seven looms weave flowers"),
        "verify-email" => body["password"] = json!(PASSWORD),
        _ => {}
    }
    let call = app.api.post(format!("/v1/auth/{page}"));
    call.json(&body).send().await
}

/// A link of a purpose for the usual person; its token.
async fn link(app: &App, user: UserId, purpose: TokenPurpose, random: &FixedRandom) -> String {
    let (now, secret) = (app.clock.now(), Secret::generate(random));
    // Nothing is left to do for a link to the address that somebody has.
    let address = match purpose {
        TokenPurpose::ChangeEmail => "ada@new.example",
        _ => ADDRESS,
    };
    let token = NewToken {
        secret: secret.hash(),
        purpose,
        user,
        address: address.parse().unwrap(),
        password_version: 1,
        expires_at: now + SignedDuration::from_mins(30),
    };
    let mail = OwedMail {
        id: NoticeId::generate(app.table.ids()),
        sealed: Vec::new(),
        since: now,
        useless_from: now,
    };
    let act = UserAct {
        at: now,
        kind: EventKind::UserPasswordResetRequested,
        origin: Origin::default(),
        detail: Value::Null,
    };
    let system = app.table.system();
    system.send_token(&token, &mail, &act).await.unwrap();
    secret.expose().to_owned()
}

/// Everything of a person that a link could change.
async fn state(app: &App, user: UserId) -> String {
    let system = app.table.system();
    let person = system.stored_user(user).await.unwrap();
    let sign_ins = system.sign_ins(user).await.unwrap();
    let events = system.user_events(user, 100).await.unwrap();
    format!("{person:?} {sign_ins:?} {events:?}")
}

#[tokio::test]
async fn id_09_link_is_unknown_to_every_page_but_that_of_its_purpose() {
    let app = App::new().await;
    let pair = app.program().await;
    let user = text(&pair["user"], "id").parse().unwrap();
    let random = FixedRandom::new(41);
    let mut links = Vec::new();
    for (_, purpose) in PAGES {
        links.push((link(&app, user, purpose, &random).await, purpose));
    }
    let before = state(&app, user).await;

    for (token, purpose) in &links {
        for (page, _) in PAGES.iter().filter(|(_, other)| other != purpose) {
            let misused = follow(&app, page, token).await;
            misused.expect_problem(404, "not_found");
        }
    }

    assert_eq!(state(&app, user).await, before);
    // None was used up, and none is unknown where it belongs.
    for ((token, _), (page, _)) in links.iter().zip(PAGES) {
        let used = follow(&app, page, token).await;
        assert_ne!(used.status, 404, "{page}");
        assert_ne!(used.body["code"], "token_used", "{page}");
    }
}

#[tokio::test]
async fn id_09_every_route_that_takes_a_link_is_tried_with_those_of_others() {
    let app = App::new().await;
    let schemas = &app.document["components"]["schemas"];
    let takes_token = |operation: &Value| {
        let body = &operation["post"]["requestBody"]["content"]["application/json"];
        let schema = body["schema"]["$ref"].as_str();
        let name = schema.and_then(|schema| schema.rsplit('/').next());
        name.is_some_and(|name| schemas[name]["properties"]["token"].is_object())
    };

    let paths = app.document["paths"].as_object().unwrap();
    let found = paths.iter().filter(|(_, operation)| takes_token(operation));

    let found: BTreeSet<String> = found.map(|(path, _)| path.clone()).collect();
    let tried = PAGES.map(|(page, _)| format!("/v1/auth/{page}"));
    assert_eq!(found, BTreeSet::from(tried));
}
