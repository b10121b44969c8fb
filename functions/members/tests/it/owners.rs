//! A tenant keeps an owner.

use domain::membership::Role;
use futures::future::join_all;

use crate::app::App;

#[tokio::test]
async fn id_39_last_owner_can_neither_leave_nor_be_lowered() {
    let app = App::new().await;
    let admin = app.colleague(Role::Admin).await;

    let left = app.delete(&app.owner, "/v1/members/me").await;
    left.expect_problem(409, "last_owner");
    let lowered = app.assign(&app.owner, &app.owner, "admin").await;
    lowered.expect_problem(409, "last_owner");

    app.assign(&app.owner, &admin, "owner").await.expect(200);
    app.delete(&app.owner, "/v1/members/me").await.expect(204);
    let left = app.delete(&admin, "/v1/members/me").await;
    left.expect_problem(409, "last_owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_39_twenty_demotions_at_once_of_two_owners_leave_one() {
    let app = App::new().await;
    let second = app.colleague(Role::Owner).await;
    let both = [&app.owner, &second];
    let demotions = (0..20).map(|number| {
        let (by, of) = (both[number % 2], both[number / 2 % 2]);
        app.assign(by, of, "viewer")
    });

    let answers = join_all(demotions).await;

    let done = answers.iter().filter(|answer| answer.status == 200).count();
    for answer in &answers {
        // Whoever was lowered may not lower others any more, and the last one stays.
        let status = answer.status.as_u16();
        assert!([200, 403, 409, 503].contains(&status), "{}", answer.body);
    }
    assert!(done >= 1, "{answers:?}");
    let mut roles = Vec::new();
    for member in both {
        let own = app.get(member, "/v1/members/me").await.expect(200).body;
        roles.push(own["role"].as_str().unwrap().to_owned());
    }
    roles.sort();
    assert_eq!(roles, ["owner", "viewer"]);
}
