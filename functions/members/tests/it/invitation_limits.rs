//! How many invitations go out.

use domain::membership::Role;
use futures::future::join_all;
use jiff::SignedDuration;
use members::InvitationLimits;
use serde_json::json;
use store::RateLimit;
use testkit::http::another_session;
use testkit::{Answer, TestMember, member};

use crate::app::App;

const GRACE: &str = "grace@example.com";

/// At once, and again in every day.
fn a_day(many: u32) -> RateLimit {
    RateLimit::per(many, SignedDuration::from_hours(24))
}

impl App {
    async fn mail(&self, by: &TestMember, email: &str) -> Answer {
        let body = json!({ "email": email, "role": "viewer" });
        self.post(by, "/v1/invitations", &body).await
    }

    async fn mail_again(&self, by: &TestMember, invitation: &Answer) -> Answer {
        let id = invitation.body["id"].as_str().unwrap();
        let path = format!("/v1/invitations/{id}/resend");
        self.post(by, &path, &json!({})).await
    }

    /// The owner, who signed in again.
    async fn owner_again(&self) -> TestMember {
        let (user, tenant) = (self.owner.user, Some(self.owner.tenant));
        TestMember {
            cookie: another_session(&self.table, &self.clock, user, tenant).await,
            ..self.owner.clone()
        }
    }

    /// Somebody else, with a tenant of their own.
    async fn stranger(&self) -> TestMember {
        member(&self.table, &self.clock, Role::Owner).await
    }
}

fn parted(answers: Vec<Answer>) -> (usize, Vec<Answer>) {
    let (sent, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    (sent.len(), refused)
}

#[tokio::test]
async fn id_08_person_invites_exactly_so_many_when_64_are_invited_at_once() {
    let app = App::with_limits(InvitationLimits {
        by_inviter: a_day(10),
        ..InvitationLimits::local()
    })
    .await;
    let addresses: Vec<String> = (0..64).map(|one| format!("p{one}@example.com")).collect();

    let answers = join_all(addresses.iter().map(|to| app.mail(&app.owner, to))).await;

    let (sent, refused) = parted(answers);
    assert_eq!(sent, 10);
    for refused in refused {
        refused.expect_problem(429, "invitations_held_back");
    }
    let mails = addresses.iter().map(|to| app.mailbox.to(to).len());
    assert_eq!(mails.sum::<usize>(), 10);
    // Somebody else in the same tenant is not held up.
    let admin = app.colleague(Role::Admin).await;
    app.mail(&admin, GRACE).await.expect(201);
    app.clock.advance(SignedDuration::from_mins(144));
    let owner = app.owner_again().await;
    app.mail(&owner, "late@example.com").await.expect(201);
    let further = app.mail(&owner, "later@example.com").await;
    further.expect_problem(429, "invitations_held_back");
}

#[tokio::test]
async fn id_08_address_is_sent_exactly_so_many_when_64_tenants_invite_it_at_once() {
    let app = App::with_limits(InvitationLimits {
        by_address: a_day(10),
        ..InvitationLimits::local()
    })
    .await;
    let mut owners = Vec::new();
    for _ in 0..64 {
        owners.push(app.stranger().await);
    }
    // However it is written.
    let written = [GRACE, "Grace@Example.com"];

    let tries = owners.iter().zip(written.iter().cycle());
    let answers = join_all(tries.map(|(owner, to)| app.mail(owner, to))).await;

    let (sent, refused) = parted(answers);
    assert_eq!(sent, 10);
    for refused in refused {
        let refused = refused.expect_problem(429, "invitee_held_back");
        assert_eq!(refused.headers["retry-after"], "8641");
    }
    let mails = written.iter().map(|to| app.mailbox.to(to).len());
    assert_eq!(mails.sum::<usize>(), 10);
}

#[tokio::test]
async fn id_08_one_person_takes_only_a_part_of_what_an_address_is_sent() {
    let app = App::with_limits(InvitationLimits {
        by_pair: a_day(3),
        by_address: a_day(4),
        ..InvitationLimits::local()
    })
    .await;
    let made = app.mail(&app.owner, GRACE).await.expect(201);
    for _ in 0..2 {
        app.mail_again(&app.owner, &made).await.expect(200);
    }

    for _ in 0..5 {
        let refused = app.mail_again(&app.owner, &made).await;
        refused.expect_problem(429, "invitee_held_back");
    }

    assert_eq!(app.mailbox.to(GRACE).len(), 3);
    let other = app.stranger().await;
    let invited = app.mail(&other, GRACE).await.expect(201);
    let refused = app.mail_again(&other, &invited).await;
    refused.expect_problem(429, "invitee_held_back");
}

#[tokio::test]
async fn id_08_invitation_that_is_not_sent_uses_up_nothing() {
    let app = App::with_limits(InvitationLimits {
        by_tenant: a_day(3),
        by_inviter: a_day(3),
        by_pair: a_day(2),
        by_address: a_day(2),
        ..InvitationLimits::local()
    })
    .await;
    let made = app.mail(&app.owner, GRACE).await.expect(201);
    for _ in 0..5 {
        let open = app.mail(&app.owner, GRACE).await;
        open.expect_problem(409, "already_invited");
    }
    app.mail_again(&app.owner, &made).await.expect(200);
    for _ in 0..5 {
        let full = app.mail_again(&app.owner, &made).await;
        full.expect_problem(429, "invitee_held_back");
    }

    app.mail(&app.owner, "alan@example.com").await.expect(201);

    let fourth = app.mail(&app.owner, "edith@example.com").await;
    fourth.expect_problem(429, "invitations_held_back");
}

#[tokio::test]
async fn id_08_invitation_whose_mail_cannot_be_sealed_uses_up_nothing() {
    let app = App::with_limits(InvitationLimits {
        by_tenant: a_day(2),
        by_inviter: a_day(2),
        by_pair: a_day(2),
        by_address: a_day(2),
        ..InvitationLimits::local()
    })
    .await;
    // Longer than an opened key is kept where the key service does not answer.
    app.clock.advance(SignedDuration::from_hours(2));
    let owner = app.owner_again().await;
    app.keys.fail(true);
    for _ in 0..3 {
        app.mail(&owner, GRACE).await.expect(503);
    }
    app.keys.fail(false);

    let made = app.mail(&owner, GRACE).await.expect(201);

    app.mail_again(&owner, &made).await.expect(200);
    let third = app.mail_again(&owner, &made).await;
    third.expect_problem(429, "invitations_held_back");
}

#[tokio::test]
async fn id_08_limit_of_an_address_tells_not_whether_it_is_registered() {
    let app = App::with_limits(InvitationLimits {
        by_pair: a_day(1),
        ..InvitationLimits::local()
    })
    .await;
    let known = app.stranger().await;
    testkit::http::register(&app.table, &app.clock, &known).await;
    let registered = app.table.system().user(known.user).await.unwrap();
    let registered = registered.unwrap().email;
    let mut told = Vec::new();
    for to in [registered.as_str(), "nobody@example.com"] {
        let made = app.mail(&app.owner, to).await.expect(201);

        let mut refused = app.mail_again(&app.owner, &made).await;

        assert_eq!(refused.status, 429);
        refused.body["instance"] = json!(null);
        told.push((refused.body, refused.headers["retry-after"].clone()));
    }
    assert_eq!(told[0], told[1]);
}
