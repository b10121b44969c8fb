//! Every route that changes something leaves exactly one event for the audit log when it succeeds, which says what was
//! done, by whom, and to what; so does every refusal for lack of a permission.

mod content;
mod kinds;
mod made;
mod outcomes;
mod person;
mod story;
mod team;

use std::collections::BTreeSet;

use domain::membership::Role;
use serde_json::{Value, json};

use story::{Story, filled};

/// What succeeds without being an act, with the reason. A route that comes in here needs one.
const NO_ACTS: [(&str, &str); 7] = [
    (
        "POST /v1/accounts/authorizations",
        "an account is connected, or not, when it is completed",
    ),
    (
        "POST /v1/auth/passkey/options",
        "a challenge, while nobody is known yet",
    ),
    (
        "POST /v1/auth/reauthenticate/options",
        "a challenge; what counts is its answer",
    ),
    (
        "POST /v1/auth/refresh",
        "goes on with a sign-in, which is the act; a second use of a token is one",
    ),
    (
        "POST /v1/invitations/preview",
        "reads; its token is in a body so that it is in no log",
    ),
    (
        "POST /v1/me/passkeys/options",
        "a challenge; what counts is its answer",
    ),
    (
        "POST /v1/me/second-factor/authenticator",
        "an offer, which counts once it is confirmed",
    ),
];

/// `method path` of every operation of the merged routers that may change something, with what it declares.
fn changing(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if method != "get" {
                found.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn id_44_every_success_of_a_route_that_changes_something_makes_exactly_one_event() {
    let mut story = Story::new(Role::Owner).await;
    let account = content::accounts(&mut story).await;
    content::media(&mut story).await;
    content::posts(&mut story, &account).await;
    content::disconnect(&mut story, &account).await;
    content::transfers(&mut story).await;
    content::tenant(&mut story).await;
    team::support(&mut story).await;
    outcomes::outcomes(&mut story).await;
    person::person(&mut story).await;
    team::team(&mut story).await;

    let declared: BTreeSet<String> = changing(&story.product.document)
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let named: BTreeSet<String> = NO_ACTS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(story.no_acts, named, "give each its reason");
    assert_eq!(
        &story.acts | &story.no_acts,
        declared,
        "play a success of each new route here"
    );
    assert!(story.acts.is_disjoint(&story.no_acts));
    let named = kinds::KINDS.map(|(operation, kind, _)| (operation.to_owned(), kind.to_owned()));
    assert_eq!(story.kinds, named.into(), "name what each may say");
}

#[tokio::test]
async fn every_refusal_for_lack_of_a_permission_makes_one_audited_event() {
    let story = Story::new(Role::Viewer).await;
    let tenant = story.member.tenant.to_string();
    let mut refused = 0;
    for (method, path, operation) in changing(&story.product.document) {
        let is_of_deleted = path.ends_with("/restore");
        let permission = operation["x-permission"].as_str().unwrap();
        let of_viewers = Role::Viewer.permissions();
        let is_free = ["signed_in", "public"].contains(&permission)
            || of_viewers
                .iter()
                .any(|free| api::permission::name(free) == permission);
        if is_free && !is_of_deleted {
            continue;
        }
        let ids = [&*tenant, &*tenant, &*tenant];
        let before = story.events().await;

        let api = &story.product.api;
        let call = api.call(method.parse().unwrap(), filled(&path, &ids));
        let answer = call.by(&story.member).json(&json!({})).send().await;
        if is_of_deleted {
            // Of a tenant that was not deleted nobody learns more.
            answer.expect_problem(404, "not_found");
        } else {
            answer.expect_problem(403, "forbidden");
        }

        assert_eq!(story.events().await, before + 1, "{method} {path}");
        refused += 1;
    }
    assert!(refused > 15, "{refused}");
}
