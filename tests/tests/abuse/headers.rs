//! Headers that claim to be what only a credential or a gateway says: F-35.

use domain::membership::Role;
use serde_json::{Value, json};
use testkit::member;

use crate::document::Operation;
use crate::fixture::Person;
use crate::ids;
use crate::stored::Change;
use crate::world::{Observed, Request, World, at};

/// What nobody here has, in forged headers only.
const EVIL: &str = "evil.example";
const ADDRESS: &str = "192.0.2.66";
/// Whom forged headers name.
const OF_USER: [&str; 6] = [
    "x-user-id",
    "x-forwarded-user",
    "x-amzn-oidc-identity",
    "x-remote-user",
    "remote-user",
    "x-actor",
];
const OF_TENANT: [&str; 4] = ["x-tenant-id", "x-tenant", "x-account-id", "x-org-id"];

/// What proxies of others believe, with somebody else's ids.
fn forged(victim: &Person) -> Vec<(&'static str, String)> {
    let user = victim.ids.iter().find(|id| ids::prefix(id) == "usr");
    let user = user.unwrap().clone();
    let context = format!(
        "{{\"authorizer\":{{\"principalId\":\"{user}\"}},\"http\":{{\"sourceIp\":\"{ADDRESS}\"}}}}"
    );
    let fixed = [
        ("x-forwarded-for", ADDRESS),
        ("x-forwarded-host", EVIL),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "1"),
        ("x-forwarded-prefix", "/v1/tenants"),
        ("x-forwarded-email", "bob@example.com"),
        ("forwarded", "for=192.0.2.66;host=evil.example"),
        ("x-real-ip", ADDRESS),
        ("x-client-ip", ADDRESS),
        ("true-client-ip", ADDRESS),
        ("cf-connecting-ip", ADDRESS),
        ("via", "1.1 evil.example"),
        ("x-original-url", "/v1/tenants"),
        ("x-rewrite-url", "/v1/tenants"),
        ("x-http-method", "DELETE"),
        ("x-http-method-override", "DELETE"),
        ("x-method-override", "DELETE"),
        ("x-role", "owner"),
        ("x-permissions", "manage_members,manage_tenant"),
        ("x-support-session", "true"),
        ("x-amzn-request-context", &context),
        ("x-apigateway-event", "{}"),
    ];
    let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
    let users = OF_USER.map(|name| (name, user.clone()));
    let tenants = OF_TENANT.map(|name| (name, victim.tenant.clone()));
    fixed.into_iter().chain(users).chain(tenants).collect()
}

/// Every route, for nobody, for an owner and for somebody who may only read: with the headers it answers and does what it
/// does without.
#[tokio::test(flavor = "multi_thread")]
async fn f_35_forged_header_is_no_credential_and_changes_no_answer_and_no_effect() {
    let mut world = World::new().await;
    let viewer = member(&world.product.table, &world.product.clock, Role::Viewer).await;
    world.settle().await;
    let forged = forged(&world.bob);
    let forged: Vec<(&str, &str)> = forged
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut findings = Vec::new();
    let (mut effects, mut refused) = (0, 0);
    for operation in world.document.operations() {
        let request = request(&world, &operation).await;
        // People, their tenants' rights and no rights at all: a header could give what somebody lacks.
        let callers = [
            None,
            Some(world.ada.cookie.as_str()),
            Some(viewer.cookie.as_str()),
        ];
        for (caller, cookie) in ["nobody", "an owner", "a viewer"].into_iter().zip(callers) {
            let honest = world.call(cookie, &request).await;
            let seen = world.call_with(cookie, &request, &forged).await;

            effects += usize::from(!seen.changes.is_empty() && seen.status.is_success());
            refused += usize::from(caller == "a viewer" && seen.status == 403);
            let mut fault =
                |what: &str| findings.push(format!("{} by {caller}: {what}", operation.name()));
            if caller == "nobody" && !operation.is_public() && seen.status != 401 {
                fault("lets a forged caller in");
            }
            let (honest, believed) = (shown(&world, &honest), shown(&world, &seen));
            if honest != believed {
                let again = shown(&world, &world.call(cookie, &request).await);
                if !is_one_of(&honest, &again, &believed) {
                    fault(&format!("believes a header: {believed}, not {honest}"));
                }
            }
            for claimed in [EVIL, ADDRESS] {
                if seen.changes.iter().any(|change| change.mentions(claimed)) {
                    fault(&format!("stores {claimed}"));
                }
            }
        }
    }

    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    assert!(effects >= 50, "only {effects} calls changed something");
    assert!(refused >= 30, "only {refused} refused a viewer");
    for mail in world.product.mailbox.all() {
        let text = format!("{mail:?}");
        assert!(!text.contains(EVIL) && !text.contains(ADDRESS), "{text}");
    }
}

/// The smallest call of a route that its owner may make.
async fn request(world: &World, operation: &Operation) -> Request {
    let places = world.recognised(operation, &world.ada).await;
    Request {
        method: operation.method.clone(),
        path: operation.path_with(&at(&world.ada, &places.unwrap_or_default())),
        body: world.body(operation, &world.ada),
    }
}

/// All that a call was answered with and did, as it is whenever the same happens.
fn shown(world: &World, seen: &Observed) -> Value {
    let mut changes: Vec<String> = seen.changes.iter().map(Change::act).collect();
    changes.sort();
    let all = json!({
        "status": seen.status.as_u16(),
        "headers": seen.headers,
        "body": seen.body,
        "changes": changes,
    });
    let foreign = |text: String, id: &String| text.replace(id, "somebody else's");
    let text = world.bob.ids.iter().fold(all.to_string(), foreign);
    serde_json::from_str(&ids::without_states(&ids::without_ids(&text))).unwrap()
}

/// Whether it is as two that differ by chance: secrets, challenges and codes are other ones each time.
fn is_one_of(one: &Value, other: &Value, seen: &Value) -> bool {
    match (one, other, seen) {
        _ if one == other => seen == one,
        (Value::Object(one), Value::Object(other), Value::Object(seen)) => {
            let is_same = |name: &String| is_one_of(&one[name], &other[name], &seen[name]);
            one.keys().eq(other.keys()) && one.keys().eq(seen.keys()) && one.keys().all(is_same)
        }
        (Value::Array(one), Value::Array(other), Value::Array(seen)) => {
            let is_same = |place: usize| is_one_of(&one[place], &other[place], &seen[place]);
            one.len() == other.len() && one.len() == seen.len() && (0..one.len()).all(is_same)
        }
        (Value::String(_), Value::String(_), Value::String(_)) => true,
        _ => false,
    }
}

#[test]
fn f_35_answer_that_differs_by_more_than_chance_is_found() {
    let answer = |status: u16, name: &str, secret: &str| json!({ "status": status, "body": { "items": [{ "name": name, "secret": secret }] } });
    let (one, other) = (answer(200, "a", "1"), answer(200, "a", "2"));

    assert!(is_one_of(&one, &other, &answer(200, "a", "3")));
    assert!(!is_one_of(&one, &other, &answer(200, "b", "3")));
    assert!(!is_one_of(&one, &other, &answer(403, "a", "3")));
    assert!(!is_one_of(
        &one,
        &other,
        &json!({ "status": 200, "body": { "items": [] } })
    ));
    assert!(!is_one_of(&one, &one, &other));
}
