//! People of the platform who look into a tenant with its consent: ID-42.

use domain::membership::Permission;
use domain::tenant::ROOT_TENANT;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;
use tests::people;
use tests::product::Product;

use crate::canary::watch::Log;
use crate::document::Operation;
use crate::fixture::Person;
use crate::ids;
use crate::roles::must_be_allowed;
use crate::world::{Observed, Request, World, at, listed};

const SESSIONS: &str = "/v1/support-sessions";
const CURRENT: &str = "/v1/support-sessions/current";
const REASON: &str = "Ticket 1843: a post did not go out";
const READS_ONLY: &str = "support_read_only";

/// Ada owns a tenant; Mary supports others for the platform.
struct Desk {
    product: Product,
    tenant: String,
    ada: String,
    mary: String,
}

impl Desk {
    async fn new() -> Self {
        let product = Product::new().await;
        let cookie = people::enter(&product, "ada").await;
        let new = json!({ "name": "Analytical Engines", "time_zone": "UTC" });
        let call = product.api.post("/v1/tenants").cookie(&cookie).json(&new);
        let made = call.send().await.expect(201);
        Self {
            ada: made.cookie(),
            tenant: made.body["id"].as_str().unwrap().to_owned(),
            mary: people::supporter(&product, "mary").await,
            product,
        }
    }

    /// The same with a consent, and Mary in the tenant: her cookie there.
    async fn looking() -> (Self, String) {
        let desk = Self::new().await;
        allow(&desk.product, &desk.tenant, &desk.ada).await;
        let cookie = begin(&desk.product, &desk.tenant, &desk.mary).await;
        let cookie = cookie.expect(201).cookie();
        (desk, cookie)
    }

    async fn posts(&self, cookie: &str) -> Answer {
        self.product
            .api
            .get("/v1/posts")
            .cookie(cookie)
            .send()
            .await
    }

    async fn me(&self, cookie: &str) -> Value {
        let call = self.product.api.get("/v1/me").cookie(cookie);
        call.send().await.expect(200).body
    }

    async fn call(&self, method: Method, path: &str, cookie: &str, body: &Value) -> Answer {
        let call = self.product.api.call(method, path).cookie(cookie);
        call.json(body).send().await
    }

    /// What ada reads of it in the log of her tenant, once it is sealed; the newest first.
    async fn log(&self, kind: &str) -> Vec<Value> {
        for shard in 0..self.product.table.system().shards() {
            dispatch::backlog(&self.product.dispatch, shard)
                .await
                .unwrap();
        }
        let path = format!("/v1/audit?kind={kind}");
        let read = self.product.api.get(path).cookie(&self.ada).send().await;
        read.expect(200).body["items"].as_array().unwrap().clone()
    }
}

async fn allow(product: &Product, tenant: &str, owner: &str) {
    let path = format!("/v1/tenants/{tenant}/support-consent");
    let call = product
        .api
        .post(path)
        .cookie(owner)
        .json(&json!({ "days": 3 }));
    call.send().await.expect(200);
}

async fn begin(product: &Product, tenant: &str, by: &str) -> Answer {
    let body = json!({ "tenant_id": tenant, "reason": REASON });
    let call = product.api.post(SESSIONS).cookie(by);
    call.json(&body).send().await
}

/// A path of the right form, whether or not anything is there.
fn request(world: &World, operation: &Operation) -> Request {
    let named = world.ada.ids.iter().cycle().take(operation.path_ids());
    Request {
        method: operation.method.clone(),
        path: operation.path_with(&named.cloned().collect::<Vec<_>>()),
        body: world.body(operation, &world.ada),
    }
}

/// What is wrong with it as a refusal: it changes nothing, and leaves one line in the log of the tenant.
fn fault(world: &World, seen: &Observed) -> Option<String> {
    let is_line = matches!(seen.changes.as_slice(), [one] if one.is_denial_in(&world.ada.tenant));
    let is_refused = seen.status == StatusCode::FORBIDDEN && seen.body["code"] == READS_ONLY;
    let changes = listed(&seen.changes);
    (!is_refused || !is_line).then(|| format!("{} {} [{changes}]", seen.status, seen.body))
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_support_reads_what_it_may_and_is_refused_by_every_other_route() {
    let mut world = World::new().await;
    allow(&world.product, &world.ada.tenant, &world.ada.cookie).await;
    let mary = people::supporter(&world.product, "mary").await;
    let begun = begin(&world.product, &world.ada.tenant, &mary).await;
    let mary = begun.expect(201).cookie();
    world.settle().await;
    let mut findings = Vec::new();
    let (mut reads, mut refusals) = (0, 0);
    for operation in world.operations() {
        let what = operation.name();
        if !operation.is_for_support {
            let seen = world.call(Some(&mary), &request(&world, &operation)).await;
            findings.extend(fault(&world, &seen).map(|fault| format!("{what}: {fault}")));
            refusals += 1;
            continue;
        }
        let places = world.recognised(&operation, &world.ada).await;
        let path = |person: &Person| {
            operation.path_with(&at(person, places.as_deref().unwrap_or_default()))
        };
        let call = async |cookie: &str, path: String| {
            let request = Request {
                method: operation.method.clone(),
                path,
                body: None,
            };
            world.call(Some(cookie), &request).await
        };
        let seen = call(&mary, path(&world.ada)).await;
        if operation.method != Method::GET {
            // What ends it.
            let is_done = seen.status == StatusCode::NO_CONTENT;
            findings.extend((!is_done).then(|| format!("{what}: {} {}", seen.status, seen.body)));
            continue;
        }
        let own = call(&world.ada.cookie, path(&world.ada)).await;
        // Whoever looks in is no member.
        let is_as_theirs = match operation.path.as_str() {
            "/v1/members/me" => seen.status == StatusCode::NOT_FOUND,
            _ => seen.status == own.status && seen.status != StatusCode::NOT_FOUND,
        };
        if !is_as_theirs {
            let (theirs, body) = (own.status, &seen.body);
            findings.push(format!(
                "{what}: {} where ada gets {theirs}: {body}",
                seen.status
            ));
        }
        if operation.path.starts_with("/v1/media") && seen.body.to_string().contains("\"url\":\"") {
            findings.push(format!("{what} tells where bytes are: {}", seen.body));
        }
        if operation.path_ids() > 0 {
            let elsewhere = call(&mary, path(&world.bob)).await;
            let is_hidden = elsewhere.status == StatusCode::NOT_FOUND;
            findings.extend((!is_hidden).then(|| format!("{what} shows bob's")));
        }
        reads += 1;
    }

    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert!(reads > 15 && refusals > 60, "{reads} and {refusals}");
    for never in [
        "/v1/audit",
        "/v1/api-keys",
        "/v1/me/",
        "/v1/invitations/accept",
    ] {
        let operations = world.operations().into_iter();
        let mut below = operations.filter(|operation| operation.path.starts_with(never));
        assert!(below.all(|operation| !operation.is_for_support), "{never}");
    }
    must_be_allowed(&world.product);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_tenant_without_a_consent_is_answered_like_one_that_does_not_exist() {
    let desk = Desk::new().await;
    let random = ids::random("ten");

    let unknown = begin(&desk.product, &random, &desk.mary).await;
    let unknown = unknown.expect_problem(404, "not_found");
    let mut closed = vec![begin(&desk.product, &desk.tenant, &desk.mary).await];
    closed.push(begin(&desk.product, &ROOT_TENANT.to_string(), &desk.mary).await);
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    let consent = format!("/v1/tenants/{}/support-consent", desk.tenant);
    let shown = desk.product.api.get(&consent).cookie(&desk.ada);
    let shown = shown.send().await.expect(200).body;
    let withdraw = desk.product.api.delete(&consent).cookie(&desk.ada);
    withdraw.send().await.expect(204);
    closed.push(begin(&desk.product, &desk.tenant, &desk.mary).await);
    // Or it is over by itself.
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    desk.product
        .clock
        .advance(SignedDuration::from_hours(3 * 24));
    let joan = people::supporter(&desk.product, "joan").await;
    closed.push(begin(&desk.product, &desk.tenant, &joan).await);

    for answer in closed {
        let answer = answer.expect_problem(404, "not_found");
        assert_eq!(answer.body["detail"], unknown.body["detail"]);
    }
    assert_eq!(shown["until"], "2026-12-04T08:58:10Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_only_guarded_people_of_the_platform_begin_and_say_why() {
    let desk = Desk::new().await;
    let product = &desk.product;
    allow(product, &desk.tenant, &desk.ada).await;
    let to_ada = json!({ "tenant_id": desk.tenant, "reason": REASON });

    // Not an owner elsewhere, whatever they own.
    let refused = begin(product, &desk.tenant, &desk.ada).await;
    refused.expect_problem(403, "forbidden");
    // Not a program, whoever made its key, and not one with a token.
    let scopes = json!({ "name": "Newsroom", "scopes": ["read_posts"] });
    let key = desk
        .call(Method::POST, "/v1/api-keys", &desk.ada, &scopes)
        .await;
    let key = key.expect(201).body["secret"].as_str().unwrap().to_owned();
    let call = product.api.post(SESSIONS).bearer(&key).json(&to_ada);
    call.send().await.expect_problem(403, "person_required");
    let support = json!({ "name": "Desk", "scopes": ["support_tenants"] });
    let refused = desk
        .call(Method::POST, "/v1/api-keys", &desk.mary, &support)
        .await;
    assert_eq!(
        refused.expect(422).body["errors"][0]["code"],
        "not_for_keys"
    );
    let login =
        json!({ "email": people::address("ada"), "password": people::PASSWORD, "mode": "token" });
    let token = product.api.post("/v1/auth/login").json(&login).send().await;
    let token = token.expect(200).body["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let call = product.api.post(SESSIONS).bearer(&token).json(&to_ada);
    call.send().await.expect_problem(403, "person_required");
    // Not in a few words.
    let why = json!({ "tenant_id": desk.tenant, "reason": "  because  " });
    let refused = desk.call(Method::POST, SESSIONS, &desk.mary, &why).await;
    assert_eq!(
        refused.expect(422).body["errors"][0]["code"],
        "invalid_reason"
    );
    // Not from within.
    let cookie = begin(product, &desk.tenant, &desk.mary)
        .await
        .expect(201)
        .cookie();
    let nested = begin(product, &desk.tenant, &cookie).await;
    nested.expect_problem(403, READS_ONLY);
    let switch = json!({ "tenant_id": ROOT_TENANT });
    let nested = desk
        .call(Method::POST, "/v1/auth/switch", &cookie, &switch)
        .await;
    nested.expect_problem(403, READS_ONLY);
    // The session of before is dead.
    desk.posts(&desk.mary).await.expect(401);
    let left = product.api.delete(CURRENT).cookie(&cookie).send().await;
    let mary = left.expect(204).cookie();
    // Not without a recent proof.
    product.clock.advance(SignedDuration::from_mins(10));
    let stale = begin(product, &desk.tenant, &mary).await;
    stale.expect_problem(401, "insufficient_user_authentication");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_supporter_without_a_second_factor_is_refused() {
    let desk = Desk::new().await;
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    let cookie = people::enter(&desk.product, "joan").await;
    let me = desk.me(&cookie).await;
    let joan = me["user"]["id"].as_str().unwrap().parse().unwrap();
    let appointed = upkeep::appoint_supporter(&desk.product.upkeep, joan).await;
    assert!(appointed.unwrap().is_new);
    let again = upkeep::appoint_supporter(&desk.product.upkeep, joan).await;
    assert!(!again.unwrap().is_new);
    let switch = json!({ "tenant_id": ROOT_TENANT });
    let switched = desk
        .call(Method::POST, "/v1/auth/switch", &cookie, &switch)
        .await;

    let refused = begin(&desk.product, &desk.tenant, &switched.expect(200).cookie()).await;

    refused.expect_problem(403, "second_factor_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_only_owners_allow_support_by_a_recent_proof() {
    let two = crate::two::Two::new().await;
    let path = format!("/v1/tenants/{}/support-consent", two.tenant);
    let call = |cookie: &str, days: u16| {
        let call = two.product.api.post(&path).cookie(cookie);
        call.json(&json!({ "days": days })).send()
    };

    call(&two.bob, 1).await.expect_problem(403, "forbidden");
    let refused = call(&two.ada, 30).await.expect(422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/days");
    call(&two.ada, 7).await.expect(200);
    let shown = two.product.api.get(&path).cookie(&two.bob).send().await;
    assert!(shown.expect(200).body["until"].is_string());
    let withdraw = two.product.api.delete(&path).cookie(&two.bob);
    withdraw.send().await.expect_problem(403, "forbidden");
    two.product.clock.advance(SignedDuration::from_mins(10));
    let stale = call(&two.ada, 1).await;
    stale.expect_problem(401, "insufficient_user_authentication");
    // The way out is always open.
    let withdraw = two.product.api.delete(&path).cookie(&two.ada);
    withdraw.send().await.expect(204);
    let shown = two.product.api.get(&path).cookie(&two.bob).send().await;
    assert!(shown.expect(200).body["until"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_withdrawn_consent_ends_the_access_at_the_next_request_and_for_good() {
    let (desk, cookie) = Desk::looking().await;
    desk.posts(&cookie).await.expect(200);
    let consent = format!("/v1/tenants/{}/support-consent", desk.tenant);

    let withdraw = desk.product.api.delete(&consent).cookie(&desk.ada);
    withdraw.send().await.expect(204);

    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
    let tenant = format!("/v1/tenants/{}", desk.tenant);
    let hidden = desk.product.api.get(&tenant).cookie(&cookie).send().await;
    hidden.expect_problem(404, "not_found");
    let me = desk.me(&cookie).await;
    assert_eq!(
        (&me["tenant_id"], &me["support"]),
        (&Value::Null, &Value::Null)
    );
    // Another consent is another one.
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
    let left = desk
        .product
        .api
        .delete(CURRENT)
        .cookie(&cookie)
        .send()
        .await;
    let me = desk.me(&left.expect(204).cookie()).await;
    assert_eq!(me["tenant_id"], ROOT_TENANT.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_access_ends_after_an_hour_however_long_the_consent_is() {
    let (desk, cookie) = Desk::looking().await;
    let me = desk.me(&cookie).await;
    assert_eq!(me["tenant_id"], desk.tenant);
    assert_eq!(me["support"]["until"], "2026-12-01T09:58:10Z");
    // A longer consent makes no longer access.
    allow(&desk.product, &desk.tenant, &desk.ada).await;

    desk.product.clock.advance(SignedDuration::from_mins(30));
    desk.posts(&cookie).await.expect(200);
    desk.product
        .clock
        .advance(SignedDuration::from_secs(29 * 60 + 59));
    desk.posts(&cookie).await.expect(200);
    desk.product.clock.advance(SignedDuration::from_secs(1));

    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_access_ends_with_the_right_to_support_and_with_the_tenant() {
    let (desk, cookie) = Desk::looking().await;
    let joan = people::supporter(&desk.product, "joan").await;
    let mary = desk.me(&cookie).await["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let member = format!("/v1/members/{mary}");

    let demoted = desk
        .call(Method::PATCH, &member, &joan, &json!({ "role": "editor" }))
        .await;
    demoted.expect(200);
    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
    let admin = json!({ "role": "admin" });
    desk.call(Method::PATCH, &member, &joan, &admin)
        .await
        .expect(200);
    desk.posts(&cookie).await.expect(200);
    let tenant = format!("/v1/tenants/{}", desk.tenant);
    let deleted = desk
        .product
        .api
        .delete(&tenant)
        .cookie(&desk.ada)
        .send()
        .await;
    deleted.expect(204);

    desk.posts(&cookie)
        .await
        .expect_problem(403, "support_ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_audit_log_and_the_log_of_requests_say_who_acted_for_whom() {
    let log = Log::of_this_process();
    let (desk, cookie) = Desk::looking().await;
    let mary = desk.me(&cookie).await["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    desk.posts(&cookie).await.expect(200);
    let draft = json!({ "base": { "text": "Walk" } });
    let refused = desk.call(Method::POST, "/v1/posts", &cookie, &draft).await;
    refused.expect_problem(403, READS_ONLY);
    let left = desk
        .product
        .api
        .delete(CURRENT)
        .cookie(&cookie)
        .send()
        .await;
    left.expect(204);

    let entries = desk.log("support").await;
    let kinds: Vec<&str> = entries
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["support.ended", "support.begun", "support.allowed"]);
    assert_eq!(entries[1]["detail"]["reason"], REASON);
    assert_eq!(entries[2]["act"], Value::Null);
    let denied = desk.log("access").await;
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert_eq!(denied[0]["detail"]["code"], READS_ONLY);
    for entry in entries[..2].iter().chain(&denied) {
        assert_eq!(entry["actor"], format!("support:{mary}"));
        let act = json!({ "user_id": mary, "tenant_id": ROOT_TENANT });
        assert_eq!(entry["act"], act);
        assert_eq!(
            entry["subject"],
            json!({ "kind": "tenant", "id": desk.tenant })
        );
    }
    let export = desk.product.api.get("/v1/audit/export").cookie(&desk.ada);
    let export = export.send().await.expect(200).body;
    assert!(
        export.as_str().unwrap().contains(r#""kind":"support""#),
        "{export}"
    );
    let answered: Vec<Value> = log
        .lines()
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["message"] == "answered")
        .filter(|line| line["span"]["act"] == format!("support:{mary}"))
        .collect();
    let routes: Vec<&Value> = answered.iter().map(|line| &line["span"]["route"]).collect();
    assert_eq!(routes, ["/v1/me", "/v1/posts", "/v1/posts", CURRENT]);
}

#[test]
fn id_42_nothing_that_changes_something_is_for_support() {
    for permission in Permission::ALL {
        let reads = api::permission::name(permission).starts_with("read_");
        assert!(reads || !permission.is_for_support(), "{permission:?}");
    }
    assert!(!Permission::ReadAudit.is_for_support());
}
