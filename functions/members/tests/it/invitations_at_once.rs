//! Invitations that many accept at once.

use futures::future::join_all;

use crate::app::App;

const GRACE: &str = "grace@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn id_09_invitation_accepted_by_64_at_once_is_one_member_and_one_event() {
    let app = App::new().await;
    let scope = &app.owner.scope;
    app.invite(&app.owner, GRACE, "viewer").await.expect(201);
    let (id, cookie) = app.registered(GRACE).await;
    let token = app.token(GRACE);
    let (_, other) = app.registered("other@example.com").await;
    let before = app.events().await.len();

    // Somebody else has the link, too.
    let tries = (0..64).map(|number| {
        let cookie = if number % 4 == 3 { &other } else { &cookie };
        app.accept(cookie, &token)
    });
    let answers = join_all(tries).await;

    for (number, answer) in answers.into_iter().enumerate() {
        if number % 4 == 3 {
            // The same as before and after the acceptance.
            let status = answer.status.as_u16();
            assert!([403, 410].contains(&status), "{}", answer.body);
        } else {
            answer.expect(200);
        }
    }
    assert_eq!(app.events().await[before..], ["member.joined"]);
    let used = app.table.tenant(scope).members_used().await.unwrap();
    assert_eq!(used, 2);
    let member = format!("/v1/members/{id}");
    let member = app.get(&app.owner, &member).await.expect(200).body;
    assert_eq!(member["role"], "viewer");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_41_invitations_accepted_at_once_fill_the_last_place_once() {
    let app = App::new().await;
    let scope = &app.owner.scope;
    app.change_tenant(|tenant| tenant.limits.members = 2).await;
    let mut invited = Vec::new();
    for number in 0..6 {
        let email = format!("grace{number}@example.com");
        app.invite(&app.owner, &email, "viewer").await.expect(201);
        let (_, cookie) = app.registered(&email).await;
        invited.push((cookie, app.token(&email)));
    }

    let tries = invited
        .iter()
        .map(|(cookie, token)| app.accept(cookie, token));
    let answers = join_all(tries).await;

    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1, "{answers:?}");
    let used = app.table.tenant(scope).members_used().await.unwrap();
    assert_eq!(used, 2);
    let more = app.invite(&app.owner, GRACE, "viewer").await;
    more.expect_problem(402, "plan_limit");
}
