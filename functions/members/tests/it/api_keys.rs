//! API keys: ID-43.

use std::collections::BTreeSet;

use domain::api_key::ApiKey;
use domain::event::Actor;
use domain::membership::{Permission, Role};
use domain::{ApiKeyId, Clock};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Act, SecretHash};
use testkit::TestMember;
use testkit::http::api_key;
use testkit::table::everything;

use crate::app::{App, Key};

const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(crate) async fn listed(app: &App, by: &TestMember) -> Vec<Value> {
    let list = app.get(by, "/v1/api-keys").await.expect(200);
    list.body["items"].as_array().unwrap().clone()
}

/// The permissions that a key has at this moment.
async fn rights(app: &App, key: &Key) -> BTreeSet<String> {
    let told = app.whoami(key).await.expect(200).body;
    let names = told["permissions"].as_array().unwrap().iter();
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[tokio::test]
async fn id_43_key_is_shown_once_and_stored_as_a_hash() {
    let app = App::new().await;
    let body = json!({ "name": " Newsroom ", "scopes": ["read_tenant", "read_posts"] });

    let made = app.post(&app.owner, "/v1/api-keys", &body).await;

    let made = made.expect(201);
    let key = Key::of(&made);
    assert_eq!(made.body["name"], "Newsroom");
    assert_eq!(made.body["scopes"], json!(["read_tenant", "read_posts"]));
    assert_eq!(made.body["state"], "active");
    assert_eq!(made.body["expires_at"], "2027-03-01T08:00:00Z");
    let mut shown = made.body.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(listed(&app, &app.owner).await, [shown]);
    let (begin, secret) = key.secret.split_at("m1_live_".len() + 78);
    assert_eq!(begin[8..34], key.id["key_".len()..]);
    app.whoami(&key).await.expect(200);
    let stored = everything(&app.client).await;
    assert!(stored.contains(&key.id));
    assert!(!stored.contains(&key.secret));
    assert!(!stored.contains(secret));
    assert!(!stored.contains(&secret[1..44]));
}

#[tokio::test]
async fn id_43_act_on_a_key_is_one_event() {
    let app = App::new().await;
    let before = app.events().await.len();
    let key = app.api_key(&app.owner, &["read_tenant"]).await;
    let rotate = format!("/v1/api-keys/{}/rotate", key.id);
    let rotated = app.post(&app.owner, &rotate, &json!({})).await.expect(201);
    let path = format!("/v1/api-keys/{}", Key::of(&rotated).id);

    app.delete(&app.owner, &path).await.expect(204);
    app.delete(&app.owner, &path).await.expect(204);

    assert_eq!(
        app.events().await[before..],
        ["api_key.created", "api_key.replaced", "api_key.revoked"]
    );
}

#[tokio::test]
async fn id_43_key_expires_and_is_revoked_at_once() {
    let app = App::new().await;
    let body = json!({ "name": "Short", "scopes": ["read_tenant"], "expires_in_days": 1 });
    let short = app.api_key_of(&app.owner, &body).await;
    let long = app.api_key(&app.owner, &["read_tenant"]).await;
    let path = format!("/v1/api-keys/{}", long.id);

    app.delete(&app.owner, &path).await.expect(204);
    let revoked = app.whoami(&long).await;
    app.clock.advance(DAY - SignedDuration::from_secs(1));
    app.whoami(&short).await.expect(200);
    app.clock.advance(SignedDuration::from_secs(1));

    revoked.expect_problem(401, "unauthenticated");
    let expired = app.whoami(&short).await;
    expired.expect_problem(401, "api_key_expired");
}

#[tokio::test]
async fn id_43_use_of_a_key_is_noted_at_most_once_in_five_minutes() {
    let app = App::new().await;
    let key = app.api_key(&app.owner, &["read_tenant"]).await;
    let noted = async || listed(&app, &app.owner).await[0]["last_used_at"].clone();

    assert_eq!(noted().await, json!(null));
    app.whoami(&key).await.expect(200);
    assert_eq!(noted().await, "2026-12-01T08:00:00Z");
    app.clock.advance(SignedDuration::from_secs(299));
    app.whoami(&key).await.expect(200);
    assert_eq!(noted().await, "2026-12-01T08:00:00Z");
    app.clock.advance(SignedDuration::from_secs(1));
    app.whoami(&key).await.expect(200);
    assert_eq!(noted().await, "2026-12-01T08:05:00Z");
}

#[tokio::test]
async fn id_43_key_has_what_its_maker_still_has() {
    let app = App::new().await;
    let admin = app.colleague(Role::Admin).await;
    let scopes = ["read_tenant", "manage_accounts", "schedule_posts"];
    let key = app.api_key(&admin, &scopes).await;

    assert_eq!(rights(&app, &key).await, names(scopes));
    app.assign(&app.owner, &admin, "editor").await.expect(200);
    let demoted = rights(&app, &key).await;
    assert_eq!(demoted, names(["read_tenant", "schedule_posts"]));
    app.assign(&app.owner, &admin, "owner").await.expect(200);
    assert_eq!(rights(&app, &key).await, names(scopes));
}

#[tokio::test]
async fn id_16_key_dies_with_the_membership_of_its_maker_for_good() {
    let app = App::new().await;
    let admin = app.colleague(Role::Admin).await;
    let key = app.api_key(&admin, &["read_tenant"]).await;
    app.whoami(&key).await.expect(200);
    let path = format!("/v1/members/{}", admin.user);
    app.delete(&app.owner, &path).await.expect(204);

    let gone = app.whoami(&key).await;
    app.clock.advance(SignedDuration::from_secs(1));
    app.readmit(&admin, Role::Admin).await;
    let back = app.whoami(&key).await;

    gone.expect_problem(401, "unauthenticated");
    back.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn id_16_key_of_a_deleted_or_unknown_tenant_is_nobodys() {
    let app = App::new().await;
    let key = app.api_key(&app.owner, &["read_tenant"]).await;

    app.change_tenant(|tenant| tenant.state = domain::tenant::TenantState::Deleted)
        .await;

    let refused = app.whoami(&key).await;
    refused.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn id_43_key_of_a_custom_role_loses_what_the_role_loses() {
    let app = App::new().await;
    let permissions = ["read_tenant", "read_posts", "manage_api_keys"];
    let role = app.role("Robots", &permissions).await;
    let keeper = app.colleague(Role::Viewer).await;
    app.assign(&app.owner, &keeper, &role).await.expect(200);
    let key = app.api_key(&keeper, &["read_tenant", "read_posts"]).await;
    assert_eq!(
        rights(&app, &key).await,
        names(["read_tenant", "read_posts"])
    );

    let less = json!({ "permissions": ["read_tenant"] });
    let path = format!("/v1/roles/{role}");
    app.patch(&app.owner, &path, &less).await.expect(200);

    assert_eq!(rights(&app, &key).await, names(["read_tenant"]));
}

#[tokio::test]
async fn id_43_key_reaches_the_accounts_of_its_groups_that_its_maker_reaches() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let both = app.group("Both", &[ada, bob]).await;
    let one = app.group("One", &[ada]).await;
    let admin = app.colleague(Role::Admin).await;
    let of = |groups: Value| json!({ "name": "Newsroom", "scopes": ["read_tenant"], "account_groups": groups });
    let open = app.api_key_of(&admin, &of(json!(null))).await;
    let wide = app.api_key_of(&admin, &of(json!([both]))).await;
    let narrow = app.api_key_of(&admin, &of(json!([one]))).await;
    let reach = async |key: &Key| app.whoami(key).await.expect(200).body["account_ids"].clone();

    assert_eq!(reach(&open).await, json!(null));
    assert_eq!(reach(&wide).await, json!([ada, bob]));
    assert_eq!(reach(&narrow).await, json!([ada]));
    let member = format!("/v1/members/{}", admin.user);
    let limited = json!({ "account_groups": [one] });
    app.patch(&app.owner, &member, &limited).await.expect(200);
    for key in [&open, &wide, &narrow] {
        assert_eq!(reach(key).await, json!([ada]));
    }
    let emptied = json!({ "account_ids": [] });
    let group = format!("/v1/account-groups/{one}");
    app.patch(&app.owner, &group, &emptied).await.expect(200);
    assert_eq!(reach(&wide).await, json!([]));
}

#[tokio::test]
async fn id_43_key_with_a_group_that_does_not_exist_is_refused_at_it() {
    let app = App::new().await;
    let body = json!({
        "name": "Newsroom",
        "scopes": ["read_posts"],
        "account_groups": ["grp_00000000000000000000000007"],
    });

    let refused = app.post(&app.owner, "/v1/api-keys", &body).await;

    let refused = refused.expect_problem(404, "not_found");
    assert_eq!(refused.body["errors"][0]["pointer"], "/account_groups/0");
}

#[tokio::test]
async fn id_43_key_with_more_than_its_maker_has_is_refused() {
    let app = App::new().await;
    let role = app.role("Robots", &["read_posts", "manage_api_keys"]).await;
    let keeper = app.colleague(Role::Viewer).await;
    app.assign(&app.owner, &keeper, &role).await.expect(200);
    let more = json!({ "name": "More", "scopes": ["read_posts", "schedule_posts"] });
    let theirs = app.api_key(&app.owner, &["schedule_posts"]).await;
    let rotate = format!("/v1/api-keys/{}/rotate", theirs.id);

    let made = app.post(&keeper, "/v1/api-keys", &more).await;
    let rotated = app.post(&keeper, &rotate, &json!({})).await;

    made.expect_problem(403, "beyond_own_rights");
    rotated.expect_problem(403, "beyond_own_rights");
}

#[tokio::test]
async fn id_43_key_that_cannot_be_is_refused_at_each_field() {
    let app = App::new().await;
    let body = json!({
        "name": "\n",
        "scopes": ["read_posts", "manage_api_keys", "delete_tenant"],
        "account_groups": [],
        "expires_in_days": 366,
        "addresses": ["203.0.113.1/24"],
    });

    let refused = app.post(&app.owner, "/v1/api-keys", &body).await;

    let refused = refused.expect_problem(422, "invalid_request");
    let errors = refused.body["errors"].as_array().unwrap();
    let errors: Vec<_> = errors
        .iter()
        .map(|error| (error["pointer"].as_str().unwrap(), &error["code"]))
        .collect();
    assert_eq!(
        errors,
        [
            ("/name", &json!("invalid_name")),
            ("/scopes/1", &json!("not_for_keys")),
            ("/account_groups", &json!("too_many")),
            ("/expires_in_days", &json!("out_of_range")),
            ("/addresses/0", &json!("invalid_address")),
        ]
    );
}

#[tokio::test]
async fn id_43_key_is_taken_from_its_addresses_only() {
    let app = App::new().await;
    let body = json!({
        "name": "Office",
        "scopes": ["read_tenant"],
        "addresses": ["203.0.113.0/24", "2001:db8::7"],
    });
    let key = app.api_key_of(&app.owner, &body).await;
    let from = async |address: &str| {
        let call = app.api.get("/v1/members/me").bearer(&key.secret);
        call.from_address(address).send().await
    };

    for address in ["203.0.113.7", "2001:db8::7", "::ffff:203.0.113.9"] {
        from(address).await.expect(200);
    }
    for address in ["203.0.114.7", "2001:db8::8", "127.0.0.1"] {
        let refused = from(address).await;
        refused.expect_problem(403, "address_not_allowed");
    }
    let nowhere = app.whoami(&key).await;
    nowhere.expect_problem(403, "address_not_allowed");
    // Anybody can write a header.
    let forged = app.api.get("/v1/members/me").bearer(&key.secret);
    let forged = forged.header("x-forwarded-for", "203.0.113.7");
    let forged = forged.from_address("203.0.114.7").send().await;
    forged.expect_problem(403, "address_not_allowed");
    let events = app.events().await;
    let denied = events.iter().filter(|kind| *kind == "access.denied");
    assert_eq!(denied.count(), 5);
}

#[tokio::test]
async fn id_43_tenant_has_fifty_keys_until_one_is_revoked() {
    let app = App::new().await;
    let body = json!({ "name": "Newsroom", "scopes": ["read_posts"] });
    for _ in 0..50 {
        let scopes = [Permission::ReadPosts];
        api_key(&app.table, &app.clock, &app.gate, &app.owner, scopes).await;
    }
    let refused = app.post(&app.owner, "/v1/api-keys", &body).await;
    let first = listed(&app, &app.owner).await[0]["id"].clone();
    let old = format!("/v1/api-keys/{}", first.as_str().unwrap());
    let rotate = format!("{old}/rotate");
    let rotated = app.post(&app.owner, &rotate, &json!({})).await.expect(201);
    app.delete(&app.owner, &old).await.expect(204);
    let still = app.post(&app.owner, "/v1/api-keys", &body).await;
    let new = format!("/v1/api-keys/{}", Key::of(&rotated).id);
    app.delete(&app.owner, &new).await.expect(204);

    refused.expect_problem(402, "plan_limit");
    still.expect_problem(402, "plan_limit");
    app.api_key(&app.owner, &["read_posts"]).await;
}

#[tokio::test]
async fn id_43_many_keys_in_an_hour_are_refused() {
    let app = App::new().await;
    let body = json!({ "name": "Newsroom", "scopes": ["read_posts"] });
    for _ in 0..30 {
        app.api_key(&app.owner, &["read_posts"]).await;
    }

    let refused = app.post(&app.owner, "/v1/api-keys", &body).await;

    refused.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn id_43_key_of_another_tenant_is_not_found() {
    let app = App::new().await;
    let stranger = testkit::member(&app.table, &app.clock, Role::Owner).await;
    let key = app.api_key(&app.owner, &["read_tenant"]).await;
    let path = format!("/v1/api-keys/{}", key.id);

    let revoked = app.delete(&stranger, &path).await;
    let rotated = app
        .post(&stranger, &format!("{path}/rotate"), &json!({}))
        .await;

    revoked.expect_problem(404, "not_found");
    rotated.expect_problem(404, "not_found");
    assert_eq!(listed(&app, &stranger).await, Vec::<Value>::new());
    app.whoami(&key).await.expect(200);
}

/// Whoever loses the right between its check and the act: the act does not happen.
#[tokio::test]
async fn id_43_key_acts_do_not_outlast_the_right_that_they_rest_on() {
    let app = App::new().await;
    let keeper = app.colleague(Role::Admin).await;
    let made = app.api_key(&app.owner, &["read_tenant"]).await;
    let system = app.table.system();
    let member = system.member(keeper.user, keeper.tenant).await.unwrap();
    let held = member.unwrap().standing;
    let tenant = app.table.tenant(&keeper.scope);
    let old = tenant.api_key(made.id.parse().unwrap()).await;
    let old = old.unwrap().unwrap();
    let new = ApiKey {
        id: ApiKeyId::generate(app.table.ids()),
        created_by: keeper.user,
        ..old.clone()
    };
    let secret = || SecretHash::of("a secret");
    let act = Act {
        actor: Actor::User(keeper.user),
        at: app.clock.now(),
    };
    app.assign(&app.owner, &keeper, "viewer").await.expect(200);

    let made_anew = tenant.create_api_key(&new, secret(), &held, &act).await;
    let rests_on = [&held];
    let replaced = tenant.replace_api_key(&old, (&new, secret()), old.ends_at, &rests_on, &act);
    let replaced = replaced.await;
    let revoked = tenant.revoke_api_key(&old, &held, &act).await;

    assert!(!made_anew.unwrap());
    assert!(!replaced.unwrap());
    assert!(!revoked.unwrap());
    app.whoami(&made).await.expect(200);
    assert_eq!(listed(&app, &app.owner).await.len(), 1);
}
