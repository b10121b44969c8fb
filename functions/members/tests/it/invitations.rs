//! Invitations.

use domain::email::EmailAddress;
use domain::event::{Actor, EventKind};
use domain::membership::{Invitation, Role};
use domain::tenant::TimeZoneName;
use domain::user::{Origin, User};
use domain::{Clock, UserId};
use jiff::SignedDuration;
use members::InvitationLimits;
use serde_json::{Value, json};
use store::{
    Act, Invited, NewToken, OwedMail, Registration, SecretHash, Sending, StoredPassword,
    TokenPurpose, UserAct,
};
use testkit::http::session;
use testkit::{Answer, TestMember, member};

use crate::app::App;

pub(crate) const GRACE: &str = "grace@example.com";

impl App {
    pub(crate) async fn invite(&self, by: &TestMember, email: &str, role: &str) -> Answer {
        let body = json!({ "email": email, "role": role });
        self.post(by, "/v1/invitations", &body).await
    }

    /// The token of the newest mail to this address.
    pub(crate) fn token(&self, email: &str) -> String {
        let mails = self.mailbox.to(email);
        let text = &mails.last().expect("a mail").text;
        let (_, rest) = text.split_once("token=").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// Somebody who is registered with this address and signed in; their cookie.
    pub(crate) async fn registered(&self, email: &str) -> (UserId, String) {
        let id = UserId::generate(self.table.ids());
        let now = self.clock.now();
        let address: EmailAddress = email.parse().unwrap();
        let registration = Registration {
            user: User {
                id,
                email: address.clone(),
                email_verified: true,
                name: "Grace".to_owned(),
                locale: "en".to_owned(),
                time_zone: TimeZoneName::utc(),
                avatar: None,
                version: 1,
                created_at: now,
            },
            password: StoredPassword {
                sealed: vec![0],
                version: 1,
            },
            token: NewToken {
                secret: SecretHash::of(&format!("token of {id}")),
                purpose: TokenPurpose::VerifyEmail,
                user: id,
                address,
                password_version: 1,
                expires_at: now.saturating_add(SignedDuration::from_hours(1)).unwrap(),
            },
            mail: self.owed_mail(),
            act: UserAct {
                at: now,
                kind: EventKind::UserRegistered,
                origin: Origin::default(),
                detail: Value::Null,
            },
        };
        let system = self.table.system();
        system.register(registration).await.unwrap();
        (id, session(&self.table, &self.clock, id, None).await)
    }

    fn owed_mail(&self) -> OwedMail {
        let now = self.clock.now();
        OwedMail {
            id: domain::NoticeId::generate(self.table.ids()),
            sealed: vec![0],
            since: now,
            useless_from: now,
        }
    }

    pub(crate) async fn accept(&self, cookie: &str, token: &str) -> Answer {
        let call = self.api.post("/v1/invitations/accept").cookie(cookie);
        call.json(&json!({ "token": token })).send().await
    }

    async fn preview(&self, token: &str) -> Answer {
        let call = self.api.post("/v1/invitations/preview");
        call.json(&json!({ "token": token })).send().await
    }

    pub(crate) async fn open_invitations(&self) -> Vec<Value> {
        let list = self.get(&self.owner, "/v1/invitations").await.expect(200);
        list.body["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn id_41_invitation_is_accepted_once_by_whoever_has_the_address() {
    let app = App::new().await;
    let made = app
        .invite(&app.owner, "Grace@example.com", "editor")
        .await
        .expect(201);
    assert_eq!(made.body["state"], "open");
    let token = app.token("Grace@example.com");
    let shown = app.preview(&token).await.expect(200).body;
    assert_eq!(shown["tenant_name"], "Analytical Engines");
    assert_eq!(shown["email"], "Grace@example.com");
    assert_eq!(shown["role"], "editor");
    let (id, cookie) = app.registered(GRACE).await;

    let accepted = app.accept(&cookie, &token).await.expect(200).body;

    assert_eq!(accepted["tenant_id"], app.owner.tenant.to_string());
    assert_eq!(accepted["role"], "editor");
    let member = format!("/v1/members/{id}");
    let member = app.get(&app.owner, &member).await.expect(200).body;
    assert_eq!(member["role"], "editor");
    assert_eq!(member["name"], "Grace");
    assert!(app.open_invitations().await.is_empty());
    // Whoever lost the answer gets it again; the link is good for nobody else.
    app.accept(&cookie, &token).await.expect(200);
    let (_, other) = app.registered("other@example.com").await;
    let answer = app.accept(&other, &token).await;
    answer.expect_problem(410, "invitation_void");
    app.preview(&token)
        .await
        .expect_problem(410, "invitation_void");
    let again = app.invite(&app.owner, GRACE, "viewer").await;
    again.expect_problem(409, "already_member");
}

#[tokio::test]
async fn id_41_invitation_for_another_address_is_refused() {
    let app = App::new().await;
    app.invite(&app.owner, GRACE, "editor").await.expect(201);
    let token = app.token(GRACE);
    let (_, other) = app.registered("other@example.com").await;

    let answer = app.accept(&other, &token).await;

    answer.expect_problem(403, "another_address");
    assert_eq!(app.open_invitations().await.len(), 1);
}

#[tokio::test]
async fn id_41_resent_invitation_voids_the_link_before() {
    let app = App::new().await;
    let made = app.invite(&app.owner, GRACE, "viewer").await.expect(201);
    let first = app.token(GRACE);
    let (_, cookie) = app.registered(GRACE).await;
    let path = format!(
        "/v1/invitations/{}/resend",
        made.body["id"].as_str().unwrap()
    );

    app.post(&app.owner, &path, &json!({})).await.expect(200);

    let second = app.token(GRACE);
    assert_ne!(first, second);
    let answer = app.accept(&cookie, &first).await;
    answer.expect_problem(410, "invitation_void");
    app.accept(&cookie, &second).await.expect(200);
}

#[tokio::test]
async fn id_41_withdrawn_invitation_is_void() {
    let app = App::new().await;
    let made = app.invite(&app.owner, GRACE, "viewer").await.expect(201);
    let token = app.token(GRACE);
    let (_, cookie) = app.registered(GRACE).await;
    let path = format!("/v1/invitations/{}", made.body["id"].as_str().unwrap());

    app.delete(&app.owner, &path).await.expect(204);

    let answer = app.accept(&cookie, &token).await;
    answer.expect_problem(410, "invitation_void");
    let again = app.delete(&app.owner, &path).await;
    again.expect_problem(404, "not_found");
    app.invite(&app.owner, GRACE, "viewer").await.expect(201);
}

/// Whoever sends an invitation again has read it before it was withdrawn and the address invited anew, to less: the new
/// one has the same id, and its versions begin again.
#[tokio::test]
async fn id_41_withdrawn_invitation_does_not_come_back_when_it_is_sent_again() {
    let app = App::new().await;
    let made = app.invite(&app.owner, GRACE, "admin").await.expect(201);
    let id = made.body["id"].as_str().unwrap();
    let tenant = app.table.tenant(&app.owner.scope);
    let read = tenant.invitation(id.parse().unwrap()).await;
    let read = read.unwrap().unwrap();
    let path = format!("/v1/invitations/{id}");
    app.delete(&app.owner, &path).await.expect(204);
    app.clock.advance(SignedDuration::from_secs(1));
    let anew = app.invite(&app.owner, GRACE, "viewer").await.expect(201);

    let again = Invitation {
        version: read.version + 1,
        ..read
    };
    let sending = Sending {
        invitation: &again,
        secret: &SecretHash::of("another link"),
        mail: &app.owed_mail(),
    };
    let act = Act {
        actor: Actor::User(app.owner.user),
        at: app.clock.now(),
    };
    let sent = tenant.invite_again(&sending, &[], &act).await;

    assert_eq!(sent.unwrap(), Invited::Stale);
    assert_eq!(anew.body["id"], made.body["id"]);
    assert_eq!(app.open_invitations().await, [anew.body]);
    let (_, cookie) = app.registered(GRACE).await;
    let accepted = app.accept(&cookie, &app.token(GRACE)).await.expect(200);
    assert_eq!(accepted.body["role"], "viewer");
}

#[tokio::test]
async fn id_41_invitation_ends_after_seven_days() {
    let app = App::new().await;
    app.invite(&app.owner, GRACE, "viewer").await.expect(201);
    let token = app.token(GRACE);
    app.clock.advance(SignedDuration::from_hours(7 * 24));
    let (_, cookie) = app.registered(GRACE).await;

    let answer = app.accept(&cookie, &token).await;
    answer.expect_problem(410, "token_expired");
    let owner = session(
        &app.table,
        &app.clock,
        app.owner.user,
        Some(app.owner.tenant),
    )
    .await;
    let body = json!({ "email": GRACE, "role": "viewer" });
    let call = app.api.post("/v1/invitations").cookie(&owner).json(&body);
    call.send().await.expect(201);
    app.accept(&cookie, &app.token(GRACE)).await.expect(200);
}

#[tokio::test]
async fn invitation_of_somebody_who_is_invited_is_refused() {
    let app = App::new().await;
    app.invite(&app.owner, GRACE, "viewer").await.expect(201);

    let again = app.invite(&app.owner, "GRACE@example.com", "editor").await;

    again.expect_problem(409, "already_invited");
    assert_eq!(app.mailbox.to(GRACE).len(), 1);
}

#[tokio::test]
async fn invitation_made_twice_with_one_key_is_one_mail() {
    let app = App::new().await;
    let body = json!({ "email": GRACE, "role": "viewer" });
    let call = || {
        let call = app.api.post("/v1/invitations").by(&app.owner).json(&body);
        call.header("idempotency-key", "k").send()
    };

    let first = call().await.expect(201);
    let again = call().await.expect(201);

    assert_eq!(again.body, first.body);
    assert_eq!(app.mailbox.to(GRACE).len(), 1);
}

#[tokio::test]
async fn invitation_with_wrong_fields_names_each_of_them() {
    let app = App::new().await;
    for (body, pointer) in [
        (json!({ "email": "grace", "role": "viewer" }), "/email"),
        (json!({ "email": GRACE, "role": "boss" }), "/role"),
        (
            json!({ "email": GRACE, "role": "viewer", "account_groups": [] }),
            "/account_groups",
        ),
        (
            json!({ "email": GRACE, "role": "viewer", "invited_by": "x" }),
            "/invited_by",
        ),
        (
            json!({ "email": GRACE, "role": "viewer", "tenant_id": "x" }),
            "/tenant_id",
        ),
    ] {
        let answer = app.post(&app.owner, "/v1/invitations", &body).await;
        let answer = answer.expect_problem(422, "invalid_request");
        assert_eq!(
            answer.body["errors"][0]["pointer"], pointer,
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn invitation_link_is_nowhere_in_the_table() {
    let app = App::new().await;
    app.invite(&app.owner, GRACE, "viewer").await.expect(201);

    let token = app.token(GRACE);

    assert!(
        !testkit::table::everything(&app.client)
            .await
            .contains(&token)
    );
}

#[tokio::test]
async fn invitation_that_never_was_is_void() {
    let app = App::new().await;
    let (_, cookie) = app.registered(GRACE).await;
    for token in ["", "x", &"A".repeat(43)] {
        app.accept(&cookie, token)
            .await
            .expect_problem(410, "invitation_void");
        app.preview(token)
            .await
            .expect_problem(410, "invitation_void");
    }
}

#[tokio::test]
async fn invitation_and_its_acceptance_are_answered_with_the_places_that_are_left() {
    let app = App::new().await;
    app.change_tenant(|tenant| tenant.limits.members = 3).await;
    let told = |answer: &Answer, name: &str| -> Vec<String> {
        let values = answer.headers.get_all(name).into_iter();
        let texts = values.map(|value| value.to_str().unwrap().to_owned());
        texts
            .filter(|text| text.starts_with("\"members\""))
            .collect()
    };

    let invited = app.invite(&app.owner, GRACE, "viewer").await.expect(201);
    let (_, cookie) = app.registered(GRACE).await;
    let accepted = app.accept(&cookie, &app.token(GRACE)).await.expect(200);

    for (answer, left) in [(&invited, 2), (&accepted, 1)] {
        let policy = "\"members\";q=3;qu=\"members\"";
        assert_eq!(told(answer, "ratelimit-policy"), [policy]);
        assert_eq!(told(answer, "ratelimit"), [format!("\"members\";r={left}")]);
    }
}

#[tokio::test]
async fn every_act_on_an_invitation_is_one_event() {
    let app = App::new().await;
    let before = app.events().await.len();
    let made = app.invite(&app.owner, GRACE, "viewer").await.expect(201);
    let path = format!("/v1/invitations/{}", made.body["id"].as_str().unwrap());
    let resend = format!("{path}/resend");
    app.post(&app.owner, &resend, &json!({})).await.expect(200);
    app.delete(&app.owner, &path).await.expect(204);
    app.invite(&app.owner, GRACE, "viewer").await.expect(201);
    let (_, cookie) = app.registered(GRACE).await;
    app.accept(&cookie, &app.token(GRACE)).await.expect(200);

    let events = app.events().await;

    let expected = [
        "invitation.created",
        "invitation.resent",
        "invitation.withdrawn",
        "invitation.created",
        "member.joined",
    ];
    assert_eq!(events[before..], expected);
}

#[tokio::test]
async fn id_41_invitation_is_not_accepted_by_a_member_of_as_many_tenants_as_one_can_be() {
    let limits = InvitationLimits {
        memberships: 2,
        ..InvitationLimits::local()
    };
    let app = App::with_limits(limits).await;
    let (_, cookie) = app.registered(GRACE).await;
    for _ in 0..2 {
        let other = member(&app.table, &app.clock, Role::Owner).await;
        app.invite(&other, GRACE, "viewer").await.expect(201);
        app.accept(&cookie, &app.token(GRACE)).await.expect(200);
    }
    app.invite(&app.owner, GRACE, "viewer").await.expect(201);
    let token = app.token(GRACE);

    let refused = app.accept(&cookie, &token).await;

    refused.expect_problem(409, "too_many_memberships");
    // It stays open for when there is room.
    assert_eq!(app.open_invitations().await.len(), 1);
}
