//! What support reads, and what it is refused.

use domain::membership::Permission;
use http::{Method, StatusCode};
use tests::people;

use super::{READS_ONLY, allow, begin};
use crate::document::Operation;
use crate::fixture::Person;
use crate::roles::must_be_allowed;
use crate::world::{Observed, Request, World, at, listed};

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

#[test]
fn id_42_nothing_that_changes_something_is_for_support() {
    for permission in Permission::ALL {
        let reads = api::permission::name(permission).starts_with("read_");
        assert!(reads || !permission.is_for_support(), "{permission:?}");
    }
    assert!(!Permission::ReadAudit.is_for_support());
}
