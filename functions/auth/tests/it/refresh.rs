use std::sync::Arc;

use domain::event::EventKind;
use domain::membership::Role;
use domain::user::Origin;
use domain::{Clock as _, FamilyId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{RefreshFamily, RefreshToken, SecretHash, UserAct};
use testkit::Answer;
use testkit::http::{member_of, tenant};

use crate::app::{ADDRESS, App, PASSWORD, text};

/// The usual person in a tenant, signed in by a program; its pair, and the tenant's id.
async fn program_of_member(app: &App) -> (Value, String) {
    let pair = app.program().await;
    let user = text(&pair["user"], "id").parse().unwrap();
    let tenant = tenant(&app.table, &app.clock);
    member_of(&app.table, &app.clock, user, &tenant, Role::Editor).await;
    (pair, tenant.id.to_string())
}

async fn switch(app: &App, pair: &Value, tenant: &str) -> Answer {
    let call = app.api.post("/v1/auth/switch");
    let call = call.bearer(text(pair, "access_token"));
    call.json(&json!({ "tenant_id": tenant })).send().await
}

/// Stores a family beside another one of its sign-in. Whether that goes on.
async fn begin_beside(app: &App, alive: &RefreshFamily, family: &RefreshFamily) -> bool {
    let first = RefreshToken {
        generation: 1,
        family_secret: SecretHash::of("family"),
        secret: SecretHash::of("first"),
    };
    let act = UserAct {
        at: app.clock.now(),
        kind: EventKind::UserTenantEntered,
        origin: Origin::default(),
        detail: Value::Null,
    };
    let system = app.table.system();
    let begun = system.start_family_beside(alive, family, &first, &act);
    begun.await.unwrap()
}

/// Neither of its tokens is good for anything.
async fn is_dead(app: &App, pair: &Value) {
    let me = app.me_by_token(text(pair, "access_token")).await;
    me.expect(401);
    let refreshed = app.refresh(text(pair, "refresh_token")).await;
    refreshed.expect_problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn refresh_answers_a_new_pair() {
    let app = App::new().await;
    let first = app.program().await;

    let second = app
        .refresh(text(&first, "refresh_token"))
        .await
        .expect(200)
        .body;

    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["token_type"], "Bearer");
    assert_eq!(second["expires_in"], 300);
    app.me_by_token(text(&second, "access_token"))
        .await
        .expect(200);
}

#[tokio::test]
async fn id_24_refresh_with_a_used_token_ends_the_family() {
    let app = App::new().await;
    let first = app.program().await;
    let used = text(&first, "refresh_token");
    let second = app.refresh(used).await.expect(200).body;

    app.refresh(used)
        .await
        .expect_problem(401, "invalid_refresh_token");

    app.refresh(text(&second, "refresh_token"))
        .await
        .expect_problem(401, "invalid_refresh_token");
    app.me_by_token(text(&second, "access_token"))
        .await
        .expect(401);
    let mails = app.mailbox.to(ADDRESS);
    assert!(mails.last().unwrap().subject.contains("was ended"));
}

/// Whoever copied a token may have signed in beside its owner, and beside that.
#[tokio::test]
async fn id_24_used_token_ends_every_pair_that_its_sign_in_was_switched_to() {
    let app = App::new().await;
    let (first, tenant) = program_of_member(&app).await;
    let used = text(&first, "refresh_token");
    let copied = app.refresh(used).await.expect(200).body;
    let beside = switch(&app, &copied, &tenant).await.expect(200).body;
    let beside_that = switch(&app, &beside, &tenant).await.expect(200).body;
    let own = app.login(PASSWORD, "token").await.expect(200).body;

    app.refresh(used)
        .await
        .expect_problem(401, "invalid_refresh_token");

    for pair in [copied, beside, beside_that] {
        is_dead(&app, &pair).await;
    }
    // Another sign-in is none of its business.
    app.refresh(text(&own, "refresh_token")).await.expect(200);
    let mails = app.mailbox.to(ADDRESS);
    let ended = mails
        .iter()
        .filter(|mail| mail.subject.contains("was ended"));
    assert_eq!(ended.count(), 1);
}

#[tokio::test]
async fn id_24_used_token_of_after_a_proof_ends_what_was_switched_to_before_it() {
    let app = App::new().await;
    let (first, tenant) = program_of_member(&app).await;
    let beside = switch(&app, &first, &tenant).await.expect(200).body;
    let call = app.api.post("/v1/auth/reauthenticate");
    let call = call.bearer(text(&first, "access_token"));
    let call = call.json(&json!({ "password": PASSWORD }));
    let proved = call.send().await.expect(200).body;
    let used = text(&proved, "refresh_token");
    app.refresh(used).await.expect(200);

    app.refresh(used).await.expect(401);

    is_dead(&app, &beside).await;
}

/// However many there are: they do not all fit into a transaction.
#[tokio::test]
async fn id_24_used_token_ends_more_pairs_than_a_transaction_takes() {
    let app = App::new().await;
    let (first, tenant) = program_of_member(&app).await;
    let used = text(&first, "refresh_token");
    let copied = app.refresh(used).await.expect(200).body;
    switch(&app, &copied, &tenant).await.expect(200);
    let user = text(&first["user"], "id").parse().unwrap();
    let system = app.table.system();
    let begun = system.sign_ins(user).await.unwrap().families;
    for _ in 0..100 {
        let beside = RefreshFamily {
            id: FamilyId::generate(app.table.ids()),
            ..begun[1].clone()
        };
        let is_begun = begin_beside(&app, &begun[0], &beside).await;
        assert!(is_begun);
    }

    app.refresh(used).await.expect(401);

    let left = system.sign_ins(user).await.unwrap();
    assert!(left.families.is_empty(), "{}", left.families.len());
}

/// It begins between the look for what is to end and the end, and the process dies right after that.
#[tokio::test(flavor = "multi_thread")]
async fn id_24_pair_that_begins_while_its_sign_in_ends_goes_no_further() {
    let app = Arc::new(App::new().await);
    let (first, tenant) = program_of_member(&app).await;
    let used = text(&first, "refresh_token");
    let copied = app.refresh(used).await.expect(200).body;
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let thief = (Arc::clone(&app), copied.clone(), tenant.clone());
    app.between.before_next_transaction(async move {
        let (app, copied, tenant) = thief;
        let pair = switch(&app, &copied, &tenant).await.expect(200).body;
        begun.send(pair).unwrap();
        app.between.die_after_transactions(1);
    });

    app.refresh(used).await;

    app.between.live_again();
    let pair = begins.recv().await.unwrap();
    switch(&app, &pair, &tenant).await.expect(401);
    app.refresh(text(&pair, "refresh_token"))
        .await
        .expect_problem(401, "invalid_refresh_token");
    is_dead(&app, &pair).await;
    is_dead(&app, &copied).await;
}

/// Whoever dies after the end of the family leaves the mail to the sweeper: both are one transaction.
#[tokio::test]
async fn id_24_copied_token_is_told_to_the_person_once_even_if_mail_is_down() {
    let app = App::new().await;
    let first = app.program().await;
    let used = text(&first, "refresh_token");
    app.refresh(used).await.expect(200);
    let before = app.mailbox.to(ADDRESS).len();
    app.mailbox.close(true);

    let again = (0..5).map(|_| app.refresh(used));
    for answer in futures::future::join_all(again).await {
        answer.expect(401);
    }

    assert_eq!(app.owed().await.len(), 1);
    app.mailbox.close(false);
    app.send_all_owed().await;
    let mails = app.mailbox.to(ADDRESS);
    assert_eq!(mails.len(), before + 1);
    assert!(mails.last().unwrap().subject.contains("was ended"));
    let user = text(&first["user"], "id").parse().unwrap();
    let events = app.table.system().user_events(user, 20).await.unwrap();
    let is_reuse = |event: &&store::UserEvent| event.kind == "user.refresh_token_reused";
    assert_eq!(events.iter().filter(is_reuse).count(), 1);
}

#[tokio::test]
async fn id_24_refresh_by_many_at_once_succeeds_at_most_once() {
    let app = App::new().await;
    let first = app.program().await;
    let token = text(&first, "refresh_token");

    let tries = (0..20).map(|_| app.refresh(token));
    let answers = futures::future::join_all(tries).await;

    let succeeded = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!((succeeded, refused), (1, 19));
}

#[tokio::test]
async fn id_24_refresh_with_an_invented_old_token_ends_nothing() {
    let app = App::new().await;
    let first = app.program().await;
    let second = app
        .refresh(text(&first, "refresh_token"))
        .await
        .expect(200)
        .body;
    let mut parts: Vec<&str> = text(&second, "refresh_token").split('.').collect();
    let invented = "A".repeat(43);
    parts[3] = "1";
    parts[4] = &invented;

    app.refresh(&parts.join(".")).await.expect(401);

    app.refresh(text(&second, "refresh_token"))
        .await
        .expect(200);
}

#[tokio::test]
async fn id_25_refresh_after_thirty_days_is_refused() {
    let app = App::new().await;
    let mut pair = app.program().await;
    for _ in 0..29 {
        app.clock.advance(SignedDuration::from_hours(24));
        pair = app
            .refresh(text(&pair, "refresh_token"))
            .await
            .expect(200)
            .body;
    }

    app.clock.advance(SignedDuration::from_hours(24));

    app.refresh(text(&pair, "refresh_token"))
        .await
        .expect_problem(401, "invalid_refresh_token");
    app.me_by_token(text(&pair, "access_token"))
        .await
        .expect(401);
}

#[tokio::test]
async fn id_25_refresh_token_that_its_owner_revoked_is_dead() {
    let app = App::new().await;
    let stolen = app.program().await;
    let own = app.login(PASSWORD, "token").await.expect(200).body;

    let call = app.api.delete("/v1/me/sessions");
    let call = call.bearer(text(&own, "access_token"));
    call.send().await.expect(204);

    app.refresh(text(&stolen, "refresh_token"))
        .await
        .expect_problem(401, "invalid_refresh_token");
    app.me_by_token(text(&stolen, "access_token"))
        .await
        .expect(401);
    app.refresh(text(&own, "refresh_token")).await.expect(200);
}

#[tokio::test]
async fn refresh_with_what_is_no_token_is_refused() {
    let app = App::new().await;

    for token in ["", "m1r", "m1r.a.b.c.d.e", "m1r.....", "🔑"] {
        app.refresh(token)
            .await
            .expect_problem(401, "invalid_refresh_token");
    }
}
