//! The end of somebody's account.

use std::collections::HashMap;
use std::sync::Arc;

use auth::SignInLimits;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::{Actor, EventKind};
use domain::membership::{AccountLimit, Membership, Role};
use domain::tenant::Tenant;
use domain::user::Origin;
use domain::{Clock as _, UserId};
use jiff::SignedDuration;
use serde_json::json;
use store::{Act, Admission, Admitted, AttentionWork, UserAct};
use testkit::http::{member_of, tenant};
use testkit::{Answer, SoftPasskey, TestMember};

use crate::app::{ADDRESS, App, PASSWORD, text};
use crate::passkeys::{add, sign_in_with};

const OTHER: &str = "grace@example.com";
const UNKNOWN: &str = "nobody@example.com";

/// An item as it is stored.
pub(crate) type Stored = HashMap<String, AttributeValue>;

pub(crate) async fn delete_me(app: &App, cookie: &str) -> Answer {
    app.api.delete("/v1/me").cookie(cookie).send().await
}

pub(crate) async fn user_of(app: &App, cookie: &str) -> UserId {
    let me = app.me_by_cookie(cookie).await.expect(200).body;
    text(&me["user"], "id").parse().unwrap()
}

/// Another person, signed in by a browser.
pub(crate) async fn other(app: &App) -> String {
    app.register(OTHER, PASSWORD).await.expect(202);
    app.verify(&app.newest_token(OTHER)).await.expect(204);
    let body = json!({ "email": OTHER, "password": PASSWORD });
    let call = app.api.post("/v1/auth/login").json(&body);
    call.send().await.expect(200).cookie()
}

/// A tenant of this name that somebody alone owns.
pub(crate) async fn owned(app: &App, owner: UserId, name: &str) -> TestMember {
    let tenant = Tenant {
        name: name.to_owned(),
        ..tenant(&app.table, &app.clock)
    };
    member_of(&app.table, &app.clock, owner, &tenant, Role::Owner).await
}

pub(crate) async fn admit(app: &App, to: &TestMember, user: UserId, role: Role) -> Admitted {
    let membership = Membership {
        tenant: to.tenant,
        user,
        role: role.into(),
        limit: AccountLimit::Unlimited,
        version: 1,
        created_at: app.clock.now(),
    };
    let admission = Admission {
        membership: &membership,
        members_max: 100,
        held: &[],
        invitation: None,
    };
    let act = Act {
        actor: Actor::User(to.user),
        at: app.clock.now(),
    };
    let tenant = app.table.tenant(&to.scope);
    tenant.admit_member(&admission, &act).await.unwrap()
}

/// What the sweeper does a while later. Whether everybody's end is finished.
pub(crate) async fn finish(app: &App) -> bool {
    app.clock.advance(SignedDuration::from_mins(2));
    let system = app.table.system();
    let mut is_finished = true;
    for user in system.departures_to_finish(app.clock.now()).await.unwrap() {
        let finished = system.finish_departure(user, app.clock.now()).await;
        is_finished &= finished.unwrap();
    }
    is_finished
}

/// Every item of the table whose partition begins so.
pub(crate) async fn items(app: &App, partition: &str) -> Vec<Stored> {
    let scan = app.client.scan().table_name(&app.table.settings().name);
    let scan = scan
        .filter_expression("begins_with(PK, :own)")
        .expression_attribute_values(":own", AttributeValue::S(partition.to_owned()));
    let items = scan.into_paginator().items().send();
    items.collect::<Result<_, _>>().await.unwrap()
}

#[tokio::test]
async fn id_16_deleted_person_is_out_at_once_with_every_kind_of_credential() {
    let app = App::new().await;
    let pair = app.program().await;
    let cookie = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let elsewhere = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let mut links = Vec::new();
    for path in ["forgot-password", "new-browser"] {
        let call = app.api.post(format!("/v1/auth/{path}"));
        let asked = call.json(&json!({ "email": ADDRESS })).send().await;
        assert!(asked.status.is_success(), "{}", asked.body);
        links.push(app.newest_token(ADDRESS));
    }

    let answer = delete_me(&app, &cookie).await.expect(204);

    let forgotten = answer.headers["set-cookie"].to_str().unwrap();
    assert!(forgotten.contains("Max-Age=0"), "{forgotten}");
    for cookie in [&cookie, &elsewhere] {
        app.me_by_cookie(cookie).await.expect(401);
    }
    let me = app.me_by_token(text(&pair, "access_token")).await;
    me.expect(401);
    let renewed = app.refresh(text(&pair, "refresh_token")).await;
    renewed.expect_problem(401, "invalid_refresh_token");
    let login = app.login(PASSWORD, "cookie").await;
    login.expect_problem(401, "invalid_credentials");
    let reset = json!({ "token": links[0], "password": "another long password" });
    let call = app.api.post("/v1/auth/reset-password").json(&reset);
    call.send().await.expect_problem(410, "token_expired");
    let admitted = json!({ "token": links[1] });
    let call = app.api.post("/v1/auth/admit-browser").json(&admitted);
    call.send().await.expect_problem(410, "token_expired");
}

#[tokio::test]
async fn id_16_passkey_of_a_deleted_person_is_refused_like_an_unknown_one() {
    let app = App::new().await;
    let mut passkey = SoftPasskey::new("phone", testkit::http::PUBLIC_URL);
    let cookie = app.browser().await;
    let cookie = add(&app, &cookie, &mut passkey).await.expect(201).cookie();

    delete_me(&app, &cookie).await.expect(204);

    let refused = sign_in_with(&app, &mut passkey).await;
    refused.expect_problem(401, "passkey_refused");
    assert!(finish(&app).await);
    let refused = sign_in_with(&app, &mut passkey).await;
    refused.expect_problem(401, "passkey_refused");
}

#[tokio::test]
async fn id_16_old_refresh_token_of_a_deleted_person_is_refused() {
    let app = App::new().await;
    let pair = app.program().await;
    let old = text(&pair, "refresh_token");
    app.refresh(old).await.expect(200);
    let cookie = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let mails = app.mailbox.all().len();

    delete_me(&app, &cookie).await.expect(204);

    app.refresh(old).await.expect(401);
    assert_eq!(app.mailbox.all().len(), mails + 1, "nobody is told twice");
}

#[tokio::test]
async fn id_02_sign_in_of_a_deleted_person_costs_the_same_as_of_an_unknown_address() {
    let app = App::hashing_cheaply(SignInLimits::local()).await;
    let cookie = app.browser().await;
    delete_me(&app, &cookie).await.expect(204);
    let login = async |address: &str| {
        let body = json!({ "email": address, "password": PASSWORD });
        app.api.post("/v1/auth/login").json(&body).send().await
    };
    // The counters that all have in common are begun.
    login("somebody@example.com").await.expect(401);
    let mut works = Vec::new();

    for address in [ADDRESS, UNKNOWN] {
        let (answer, work) = app.work(login(address)).await;
        answer.expect_problem(401, "invalid_credentials");
        works.push(work);
    }

    assert_eq!(works[0], works[1]);
}

#[tokio::test]
async fn end_of_an_account_leaves_nothing_but_its_mark_and_what_is_remembered_of_it() {
    let app = App::new().await;
    let mut passkey = SoftPasskey::new("phone", testkit::http::PUBLIC_URL);
    let cookie = app.browser().await;
    let cookie = add(&app, &cookie, &mut passkey).await.expect(201).cookie();
    let user = user_of(&app, &cookie).await;
    delete_me(&app, &cookie).await.expect(204);
    let whole = format!("U#{user}");

    // Nothing personal is left from the first moment on.
    let left = items(&app, &whole).await;
    let is_person = |item: &Stored| item["SK"] == AttributeValue::S("META".to_owned());
    assert!(!left.iter().any(is_person));
    assert!(finish(&app).await);

    let left = items(&app, &whole).await;
    let own = left.iter().filter_map(|item| {
        let of_person = item["PK"] == AttributeValue::S(whole.clone());
        of_person.then(|| item["SK"].as_s().unwrap().clone())
    });
    assert_eq!(own.collect::<Vec<_>>(), ["GONE"]);
    let text = format!("{left:?}");
    assert!(!text.contains(ADDRESS), "{text}");
    let kinds = app.table.system().user_events(user, 1).await.unwrap();
    assert_eq!(kinds[0].kind, "user.deleted");
    let system = app.table.system();
    let due = system.departures_to_finish(jiff::Timestamp::MAX).await;
    assert_eq!(due.unwrap(), []);
}

/// What the dispatcher does every minute: each event that waits becomes a block of its own.
async fn seal(app: &App) {
    let system = app.table.system();
    let now = app.clock.now();
    for shard in 0..system.shards() {
        for entry in system.attention(shard, now, 1_000).await.unwrap() {
            if let AttentionWork::Seal { owner, event } = entry.work {
                system.seal(owner, &[event], now).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn deleted_person_is_forgotten_after_400_days_with_the_end_of_their_audit_log() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let user = user_of(&app, &cookie).await;
    seal(&app).await;
    delete_me(&app, &cookie).await.expect(204);
    seal(&app).await;
    // Some acts of a request that was let in before are remembered without a look at the person.
    let late = UserAct {
        at: app.clock.now(),
        kind: EventKind::UserOtherSessionsEnded,
        origin: Origin::default(),
        detail: json!({}),
    };
    let system = app.table.system();
    system.end_other_sign_ins(user, None, &late).await.unwrap();
    seal(&app).await;
    assert!(finish(&app).await);

    let log = system.audit_of_user(user, None, 10).await.unwrap().records;
    let kinds: Vec<&str> = log.iter().map(|record| &*record.event.kind).collect();
    assert_eq!(kinds[..2], ["user.other_sessions_ended", "user.deleted"]);
    let latest = app.clock.now() + SignedDuration::from_hours(400 * 24);
    for item in items(&app, &format!("U#{user}")).await {
        let end = item.get("exp").map(|end| end.as_n().unwrap().parse());
        let end: i64 = end.unwrap_or_else(|| panic!("{item:?}")).unwrap();
        assert!(end <= latest.as_second(), "{item:?}");
    }
}

#[tokio::test]
async fn follow_up_that_fails_lets_others_go_first_and_is_gone_on_with_later() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let user = user_of(&app, &cookie).await;
    delete_me(&app, &cookie).await.expect(204);
    app.clock.advance(SignedDuration::from_mins(2));
    let system = app.table.system();
    let due = async || system.departures_to_finish(app.clock.now()).await.unwrap();
    assert_eq!(due().await, [user]);

    let postponed = system.postpone_departure(user, app.clock.now()).await;

    postponed.unwrap();
    assert_eq!(due().await, []);
    app.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(due().await, [user]);
    assert!(finish(&app).await);
    // Nobody comes back into the index.
    let again = system.postpone_departure(user, app.clock.now()).await;
    again.unwrap();
    assert_eq!(
        system
            .departures_to_finish(jiff::Timestamp::MAX)
            .await
            .unwrap(),
        []
    );
}

#[tokio::test]
async fn end_of_an_account_is_mailed_without_a_link() {
    let app = App::new().await;
    let cookie = app.browser().await;

    delete_me(&app, &cookie).await.expect(204);

    let mail = app.mailbox.to(ADDRESS).pop().unwrap();
    assert_eq!(mail.subject, "Your account at M1Autoposter is deleted");
    assert!(!mail.text.contains("http"), "{}", mail.text);
    assert!(!mail.html.contains("href"), "{}", mail.html);
}

#[tokio::test]
async fn person_who_registers_anew_has_nothing_of_before() {
    let app = App::new().await;
    let mut passkey = SoftPasskey::new("phone", testkit::http::PUBLIC_URL);
    let cookie = app.browser().await;
    let cookie = add(&app, &cookie, &mut passkey).await.expect(201).cookie();
    let before = user_of(&app, &cookie).await;
    let team = {
        let grace = user_of(&app, &other(&app).await).await;
        owned(&app, grace, "Compilers").await
    };
    assert_eq!(
        admit(&app, &team, before, Role::Editor).await,
        Admitted::Done
    );
    delete_me(&app, &cookie).await.expect(204);

    // The address is free at once, whatever of the other account is still there.
    let cookie = app.browser().await;

    let me = app.me_by_cookie(&cookie).await.expect(200).body;
    assert_ne!(text(&me["user"], "id"), before.to_string());
    assert_eq!(me["tenants"], json!([]));
    assert_eq!(me["has_second_factor"], false);
    sign_in_with(&app, &mut passkey).await.expect(401);
    assert!(finish(&app).await);
    app.me_by_cookie(&cookie).await.expect(200);
    app.login(PASSWORD, "cookie").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_16_sign_in_that_ends_meanwhile_deletes_nobody() {
    let app = Arc::new(App::new().await);
    let cookie = app.browser().await;
    let elsewhere = app.login(PASSWORD, "cookie").await.expect(200).cookie();
    let leaver = (Arc::clone(&app), cookie.clone());
    app.between.before_next_transaction(async move {
        let (app, cookie) = leaver;
        let call = app.api.post("/v1/auth/logout").cookie(&cookie);
        call.send().await.expect(204);
    });

    let refused = delete_me(&app, &cookie).await;

    refused.expect_problem(401, "unauthenticated");
    app.me_by_cookie(&elsewhere).await.expect(200);
}
