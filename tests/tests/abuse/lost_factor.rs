//! Somebody lost their second factor and their recovery codes: ID-22.

use domain::event::EventKind;
use domain::user::Origin;
use domain::{Clock as _, NoticeId};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{FactorsReset, OwedMail, ResetVerdict, TokenPurpose, UserAct};
use testkit::Answer;
use tests::people;
use tests::product::Product;

use crate::roles::must_be_allowed;
use crate::two::{Two, join};

const DAYS: SignedDuration = SignedDuration::from_hours(3 * 24);
const RESET: &str = "/v1/auth/reset-second-factor";
const STOP: &str = "/v1/auth/stop-second-factor-reset";
const LOST: &str = "/v1/auth/lost-second-factor";

/// Ada owns a tenant, bob has a passkey and is an admin there.
struct Lost {
    two: Two,
    /// Bob's.
    cookie: String,
    user: String,
}

impl Lost {
    async fn new() -> Self {
        let two = Two::new().await;
        let cookie = two.guard(&two.bob, "bob").await;
        // What is approved in the moment of a change is void like what was before.
        two.product.clock.advance(SignedDuration::from_secs(1));
        let user = user_of(&cookie);
        Self { two, cookie, user }
    }

    fn product(&self) -> &Product {
        &self.two.product
    }

    fn wait(&self, time: SignedDuration) {
        self.product().clock.advance(time);
    }

    /// What the link in bob's newest mail has.
    fn token(&self) -> String {
        people::newest_token(self.product(), "bob")
    }

    async fn approve(&self, by: &str, whom: &str) -> Answer {
        let path = format!("/v1/members/{whom}/second-factor/reset");
        let call = self.product().api.post(path).cookie(by);
        call.json(&json!({})).send().await
    }

    async fn state(&self, by: &str) -> Value {
        let path = format!("/v1/members/{}/second-factor", self.user);
        let call = self.product().api.get(path).cookie(by);
        call.send().await.expect(200).body
    }

    async fn follow(&self, to: &str, token: &str) -> Answer {
        let call = self.product().api.post(to);
        call.json(&json!({ "token": token })).send().await
    }

    async fn login(&self) -> Answer {
        let login = json!({ "email": people::address("bob"), "password": people::PASSWORD });
        let call = self.product().api.post("/v1/auth/login");
        call.json(&login).send().await
    }
}

/// Asks for help at the sign-in.
async fn ask(product: &Product, name: &str, password: &str) -> Answer {
    let body = json!({ "email": people::address(name), "password": password });
    product.api.post(LOST).json(&body).send().await
}

/// How many mails somebody has.
fn mails(product: &Product, name: &str) -> usize {
    product.mailbox.to(&people::address(name)).len()
}

fn user_of(cookie: &str) -> String {
    cookie.split('.').nth(1).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_reset_that_was_approved_works_once_three_days_later() {
    let lost = Lost::new().await;

    let approved = lost.approve(&lost.two.ada, &lost.user).await.expect(201);

    assert_eq!(approved.body["usable_from"], "2026-12-04T08:58:11Z");
    assert!(!approved.body.to_string().contains("token"));
    let token = lost.token();
    lost.wait(DAYS - SignedDuration::from_secs(1));
    let early = lost.follow(RESET, &token).await;
    early.expect_problem(409, "reset_too_early");
    lost.login()
        .await
        .expect_problem(401, "second_factor_required");
    lost.wait(SignedDuration::from_secs(1));
    lost.follow(RESET, &token).await.expect(204);

    let cookie = lost.login().await.expect(200).cookie();
    assert_eq!(lost.two.me(&cookie).await["has_second_factor"], false);
    let again = lost.follow(RESET, &token).await;
    again.expect_problem(410, "token_used");
    let told = lost.product().mailbox.to(&people::address("bob"));
    let is_told = |words: &str| told.iter().any(|mail| mail.subject.contains(words));
    assert!(is_told("can be reset") && is_told("was removed"));
    let stored = testkit::table::everything(&lost.product().client).await;
    assert!(!stored.contains(&token));
    must_be_allowed(lost.product());
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_reset_ends_every_sign_in_and_voids_the_recovery_codes() {
    let lost = Lost::new().await;
    let renew = "/v1/me/second-factor/recovery-codes";
    let call = lost.product().api.post(renew).cookie(&lost.cookie);
    let codes = call.json(&json!({})).send().await.expect(200).body;
    lost.approve(&lost.two.ada, &lost.user).await.expect(201);
    let token = lost.token();
    lost.wait(DAYS);
    let login = json!({
        "email": people::address("bob"), "password": people::PASSWORD, "code": codes["recovery_codes"][0],
    });
    let call = lost.product().api.post("/v1/auth/login").json(&login);
    let cookie = call.send().await.expect(200).cookie();

    lost.follow(RESET, &token).await.expect(204);

    let call = lost.product().api.get("/v1/me").cookie(&cookie);
    call.send().await.expect(401);
    let cookie = lost.login().await.expect(200).cookie();
    let call = lost
        .product()
        .api
        .get("/v1/me/second-factor")
        .cookie(&cookie);
    let state = call.send().await.expect(200).body;
    let nothing = json!({
        "authenticator": false, "passkeys": 0, "recovery_codes_left": 0, "can_be_reset": true,
    });
    assert_eq!(state, nothing);
    // What is set up afterwards is counted from nothing.
    let cookie = lost.two.guard(&cookie, "bob again").await;
    assert_eq!(lost.two.me(&cookie).await["has_second_factor"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_reset_is_stopped_by_the_person_or_taken_back_by_a_manager() {
    let lost = Lost::new().await;
    lost.approve(&lost.two.ada, &lost.user).await.expect(201);
    let approved = lost.state(&lost.two.ada).await;
    assert_eq!(approved["has_second_factor"], true);
    assert_eq!(approved["reset"]["approved_by"], user_of(&lost.two.ada));
    let twice = lost.approve(&lost.two.ada, &lost.user).await;
    twice.expect_problem(409, "reset_approved");
    let token = lost.token();
    lost.wait(SignedDuration::from_secs(1));

    lost.follow(STOP, &token).await.expect(204);

    assert_eq!(lost.state(&lost.two.ada).await["reset"], Value::Null);
    lost.wait(SignedDuration::from_secs(1));
    lost.approve(&lost.two.ada, &lost.user).await.expect(201);
    let next = lost.token();
    let path = format!("/v1/members/{}/second-factor/reset", lost.user);
    let call = lost.product().api.call(Method::DELETE, path);
    call.cookie(&lost.two.ada).send().await.expect(204);
    assert_eq!(lost.state(&lost.two.ada).await["reset"], Value::Null);

    lost.wait(DAYS);
    let stopped = lost.follow(RESET, &token).await;
    stopped.expect_problem(410, "token_used");
    let withdrawn = lost.follow(RESET, &next).await;
    withdrawn.expect_problem(409, "reset_not_approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_reset_does_nothing_after_another_password_or_another_factor() {
    let lost = Lost::new().await;
    lost.approve(&lost.two.ada, &lost.user).await.expect(201);
    let first = lost.token();
    lost.wait(SignedDuration::from_secs(1));
    // Whoever adds a factor has one.
    lost.two.guard(&lost.cookie, "bob's second").await;
    assert_eq!(lost.state(&lost.two.ada).await["reset"], Value::Null);
    lost.wait(SignedDuration::from_secs(1));
    lost.approve(&lost.two.ada, &lost.user).await.expect(201);
    let second = lost.token();
    let forgot = json!({ "email": people::address("bob") });
    let call = lost.product().api.post("/v1/auth/forgot-password");
    call.json(&forgot).send().await.expect(202);
    let new = json!({ "token": lost.token(), "password": "seven looms weave flowers" });
    let call = lost.product().api.post("/v1/auth/reset-password");
    call.json(&new).send().await.expect(204);

    lost.wait(DAYS);

    for token in [first, second] {
        let answer = lost.follow(RESET, &token).await;
        answer.expect_problem(410, "token_expired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_every_tenant_of_the_person_must_approve() {
    let lost = Lost::new().await;
    let product = lost.product();
    // One that is theirs alone does not count.
    let own = json!({ "name": "Looms", "time_zone": "UTC" });
    let call = product.api.post("/v1/tenants").cookie(&lost.cookie);
    let bob = call.json(&own).send().await.expect(201).cookie();
    let charles = people::enter(product, "charles").await;
    let call = product.api.post("/v1/tenants").cookie(&charles);
    let other = call.json(&own).send().await.expect(201);
    let charles = other.cookie();
    let invitation = json!({ "email": people::address("bob"), "role": "viewer" });
    let call = product.api.post("/v1/invitations").cookie(&charles);
    call.json(&invitation).send().await.expect(201);
    let accept = json!({ "token": lost.token() });
    let call = product.api.post("/v1/invitations/accept").cookie(&bob);
    call.json(&accept).send().await.expect(200);
    lost.approve(&lost.two.ada, &lost.user).await.expect(201);
    let token = lost.token();
    lost.wait(SignedDuration::from_mins(1));

    let one = lost.follow(RESET, &token).await;
    one.expect_problem(409, "reset_not_approved");
    lost.approve(&charles, &lost.user).await.expect(201);
    lost.wait(DAYS - SignedDuration::from_secs(1));
    let both = lost.follow(RESET, &token).await;
    both.expect_problem(409, "reset_too_early");
    lost.wait(SignedDuration::from_secs(1));

    lost.follow(RESET, &token).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_nobody_approves_for_themselves_or_for_who_has_more() {
    let lost = Lost::new().await;
    let ada = user_of(&lost.two.ada);
    let product = lost.product();
    let editor = join(product, &lost.two.ada, "grace", "editor", &lost.two.tenant).await;

    let own = lost.approve(&lost.cookie, &lost.user).await;
    own.expect_problem(403, "another_person_required");
    let above = lost.approve(&lost.cookie, &ada).await;
    above.expect_problem(403, "outranked");
    let lacking = lost.approve(&editor, &lost.user).await;
    lacking.expect_problem(403, "forbidden");
    let nothing = lost.approve(&lost.two.ada, &user_of(&editor)).await;
    nothing.expect_problem(409, "no_second_factor");

    assert_eq!(lost.state(&lost.two.ada).await["reset"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_other_owners_are_told() {
    let lost = Lost::new().await;
    let product = lost.product();
    join(product, &lost.two.ada, "mary", "owner", &lost.two.tenant).await;

    lost.approve(&lost.two.ada, &lost.user).await.expect(201);

    let told = product.mailbox.to(&people::address("mary"));
    assert!(told.last().unwrap().text.contains(&people::address("bob")));
    assert!(!told.last().unwrap().text.contains("token="));
}

/// Between the look at the approvals and the act a manager changes their mind.
#[tokio::test(flavor = "multi_thread")]
async fn id_22_approval_that_is_taken_back_while_the_link_is_used_counts_no_more() {
    let lost = Lost::new().await;
    lost.approve(&lost.two.ada, &lost.user).await.expect(201);
    let token = lost.token();
    lost.wait(DAYS);
    let product = lost.product();
    let (system, now) = (product.table.system(), product.clock.now());
    let user = lost.user.parse().unwrap();
    let seen = system.stored_user(user).await.unwrap().unwrap();
    let verdict = system.factor_reset_verdict(&seen, now).await.unwrap();
    let ResetVerdict::Usable(approvals) = verdict else {
        panic!("{verdict:?}");
    };
    let secret = api::Secret::parse(&token).unwrap().hash();
    let purpose = TokenPurpose::ResetSecondFactor;
    let used = system.token(&secret, purpose, now).await.unwrap();
    let ada = people::sign_in(product, "ada").await;
    let path = format!("/v1/members/{}/second-factor/reset", lost.user);
    let call = product.api.call(Method::DELETE, path).cookie(&ada);
    call.send().await.expect(204);

    let is_reset = system
        .reset_second_factors(FactorsReset {
            token: &used,
            seen: &seen,
            approvals: &approvals,
            mail: &OwedMail {
                id: NoticeId::generate(product.table.ids()),
                sealed: Vec::new(),
                since: now,
                useless_from: now,
            },
            act: UserAct {
                at: now,
                kind: EventKind::UserFactorsReset,
                origin: Origin::default(),
                detail: Value::Null,
            },
        })
        .await;

    assert!(!is_reset.unwrap());
    lost.login()
        .await
        .expect_problem(401, "second_factor_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_whoever_lost_their_factor_asks_for_help_at_the_sign_in() {
    let lost = Lost::new().await;
    let product = lost.product();
    join(product, &lost.two.ada, "mary", "owner", &lost.two.tenant).await;
    join(product, &lost.two.ada, "grace", "editor", &lost.two.tenant).await;
    let names = ["ada", "mary", "grace", "bob"];
    let before = names.map(|name| mails(product, name));

    let asked = ask(product, "bob", people::PASSWORD).await.expect(202);

    assert_eq!(asked.body, json!({ "status": "accepted" }));
    // Owners, the person, and nobody who could not approve it.
    let told = names.map(|name| mails(product, name));
    let added: Vec<usize> = told
        .iter()
        .zip(before)
        .map(|(now, then)| now - then)
        .collect();
    assert_eq!(added, [1, 1, 0, 1]);
    let ada = product.mailbox.to(&people::address("ada"));
    let mail = ada.last().unwrap();
    assert!(mail.subject.contains("bob lost their second factor"));
    assert!(mail.text.contains("/settings/members") && !mail.text.contains("token="));
    // Whoever asks again tells nobody for a day, and hears nothing else.
    let again = ask(product, "bob", people::PASSWORD).await.expect(202);
    assert_eq!(again.body, asked.body);
    assert_eq!(names.map(|name| mails(product, name)), told);
    lost.wait(SignedDuration::from_hours(24));
    ask(product, "bob", people::PASSWORD).await.expect(202);
    assert_eq!(mails(product, "ada"), told[0] + 1);
    // It is a wish: nothing is approved by it.
    let ada = people::sign_in(product, "ada").await;
    assert_eq!(lost.state(&ada).await["reset"], Value::Null);
    lost.login()
        .await
        .expect_problem(401, "second_factor_required");
    must_be_allowed(product);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_members_are_asked_for_help_by_what_their_own_role_allows() {
    let lost = Lost::new().await;
    let (product, tenant) = (lost.product(), &lost.two.tenant);
    let ada = lost.two.ada.as_str();
    let role = async |name: &str, permissions: &[&str]| {
        let body = json!({ "name": name, "permissions": permissions });
        let call = product.api.post("/v1/roles").cookie(ada).json(&body);
        let role = call.send().await.expect(201).body["id"].clone();
        role.as_str().unwrap().to_owned()
    };
    let reads = ["read_tenant", "read_accounts", "read_posts", "read_media"];
    let desk = role("Desk", &[&reads[..], &["manage_members"]].concat()).await;
    // They have less than whoever is to be helped.
    let door = role("Door", &["read_tenant", "manage_members"]).await;
    let client = role("Client", &reads).await;
    for (name, role) in [("mary", &desk), ("joan", &door), ("grace", &client)] {
        join(product, ada, name, role, tenant).await;
    }
    let viewer = join(product, ada, "charles", "viewer", tenant).await;
    lost.two.guard(&viewer, "charles").await;
    let names = ["ada", "bob", "mary", "joan", "grace"];
    let before = names.map(|name| mails(product, name));

    ask(product, "charles", people::PASSWORD).await.expect(202);

    let added: Vec<usize> = names
        .iter()
        .zip(before)
        .map(|(name, then)| mails(product, name) - then)
        .collect();
    assert_eq!(added, [1, 1, 1, 0, 0]);
    must_be_allowed(product);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_call_for_help_tells_nothing_without_the_password() {
    let lost = Lost::new().await;
    let product = lost.product();
    let before = mails(product, "ada");
    let wrong = "not the password of bob";

    let known = ask(product, "bob", wrong).await;
    let known = known.expect_problem(401, "invalid_credentials");
    let unknown = ask(product, "nobody", wrong).await;
    let unknown = unknown.expect_problem(401, "invalid_credentials");

    assert_eq!(known.body["detail"], unknown.body["detail"]);
    assert_eq!(mails(product, "ada"), before);
    // The tries are those of the sign-in, and count there.
    for _ in 0..4 {
        ask(product, "bob", wrong).await.expect(401);
    }
    let early = lost.login().await;
    early.expect_problem(429, "sign_in_delayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_22_whoever_owns_all_their_workspaces_alone_is_told_that_nobody_can_help() {
    let lost = Lost::new().await;
    let product = lost.product();
    let unguarded = ask(product, "ada", people::PASSWORD).await;
    unguarded.expect_problem(409, "no_second_factor");
    let ada = lost.two.guard(&lost.two.ada, "ada").await;
    let call = product.api.get("/v1/me/second-factor").cookie(&ada);
    let state = call.send().await.expect(200).body;
    assert_eq!(state["can_be_reset"], false);
    let before = mails(product, "bob");

    let alone = ask(product, "ada", people::PASSWORD).await;

    let alone = alone.expect_problem(409, "nobody_can_approve");
    let detail = alone.body["detail"].as_str().unwrap();
    assert!(detail.contains("recovery codes"), "{detail}");
    assert_eq!(mails(product, "bob"), before);
    // With another owner she is not alone.
    join(product, &ada, "mary", "owner", &lost.two.tenant).await;
    ask(product, "ada", people::PASSWORD).await.expect(202);
    assert_eq!(mails(product, "bob"), before, "admins cannot approve it");
}
