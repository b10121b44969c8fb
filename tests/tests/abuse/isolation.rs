//! A tenant's ids in the hands of another tenant: F-14.

use http::{Method, StatusCode};
use serde_json::json;

use crate::document::{Operation, Parameter, kind};
use crate::fixture::Person;
use crate::ids;
use crate::places::{Place, put, texts};
use crate::stored::Change;
use crate::world::{Observed, Request, World, at, fill, listed};

/// Names another tenant by its meaning, for people whom no tenant of a customer has: `support.rs` tries it.
const OF_SUPPORT: &str = "/v1/support-sessions";

/// What is wrong, one line each.
type Findings = Vec<String>;

fn none(findings: &Findings) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// The kinds of ids that there are.
fn kinds(person: &Person) -> Vec<String> {
    let mut kinds: Vec<String> = person
        .ids
        .iter()
        .map(|id| ids::prefix(id).to_owned())
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Where the path's own ids are; a finding where the fixture has none for it.
async fn places(
    world: &World,
    operation: &Operation,
    findings: &mut Findings,
) -> Option<Vec<usize>> {
    let places = world.recognised(operation, &world.bob).await;
    if places.is_none() {
        findings.push(format!(
            "{}: its owner gets 404 for every id of theirs. Make what it names in tests/tests/abuse/fixture.rs",
            operation.name()
        ));
    }
    places
}

/// Compares the answers to a foreign and to a random id.
fn compare(
    what: &str,
    foreign: &Observed,
    random: &Observed,
    world: &World,
    findings: &mut Findings,
) {
    if !foreign.looks_like(random) {
        findings.push(format!(
            "{what}: the answer tells a foreign id from a random one: {} {} and {} {}",
            foreign.status, foreign.body, random.status, random.body
        ));
    }
    let is_theirs = |change: &&Change| {
        let ids = world.bob.ids.iter();
        ids.into_iter().any(|id| change.partition.contains(id))
    };
    let written: Vec<_> = foreign.changes.iter().filter(is_theirs).cloned().collect();
    if !written.is_empty() {
        findings.push(format!("{what}: it changed {}", listed(&written)));
    }
}

fn denied(what: &str, seen: &Observed, world: &World, findings: &mut Findings) {
    if let Some(fault) = seen.fault_as_denial(&world.ada) {
        findings.push(format!("{what}: {fault}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn id_37_f_14_foreign_id_in_a_path_is_answered_like_a_random_one() {
    let world = World::new().await;
    let mut findings = Findings::new();
    let mut probes = 0;
    for operation in world.operations() {
        if operation.path_ids() == 0 {
            continue;
        }
        let Some(places) = places(&world, &operation, &mut findings).await else {
            continue;
        };
        let (own, foreign) = (at(&world.ada, &places), at(&world.bob, &places));
        let random: Vec<String> = own.iter().map(|id| ids::random(ids::prefix(id))).collect();
        let body = world.body(&operation, &world.ada);
        let call = async |named: &[String]| {
            let request = Request {
                method: operation.method.clone(),
                path: operation.path_with(named),
                body: body.clone(),
            };
            world.call(Some(&world.ada.cookie), &request).await
        };
        // One id after the other is not the caller's, then all.
        let mut cases: Vec<_> = (0..own.len()).map(|place| place..=place).collect();
        cases.push(0..=own.len() - 1);
        cases.dedup();
        for case in cases {
            let with = |others: &[String]| {
                let mut named = own.clone();
                named[case.clone()].clone_from_slice(&others[case.clone()]);
                named
            };
            let seen_foreign = call(&with(&foreign)).await;
            let seen_random = call(&with(&random)).await;
            let what = format!("{} with foreign ids {case:?}", operation.name());
            compare(&what, &seen_foreign, &seen_random, &world, &mut findings);
            denied(&what, &seen_foreign, &world, &mut findings);
            denied(&what, &seen_random, &world, &mut findings);
            probes += 1;
        }
    }

    none(&findings);
    assert!(probes > 20, "only {probes} probes were generated");
}

/// Texts of queries that are no ids; every other one is of something that is the tenant's. A new parameter belongs here
/// only if nothing has its value as an id.
const WORDS: [&str; 8] = [
    "GET /v1/audit kind",
    "GET /v1/calendar from",
    "GET /v1/calendar to",
    "GET /v1/calendar zone",
    "GET /v1/me/avatar v",
    "GET /v1/members/{id}/avatar v",
    "GET /v1/posts state",
    "GET /v1/posts tag",
];

/// The texts of no form that a route takes in its query, but cursors.
fn texts_of_query(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.query.iter().filter(|parameter| {
        let schema = &parameter.schema;
        parameter.name != "cursor" && kind(schema) == "string" && schema.get("format").is_none()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn id_37_f_14_foreign_id_in_a_query_is_answered_like_a_random_one() {
    let world = World::new().await;
    let mut findings = Findings::new();
    let mut words = Vec::new();
    let mut taken_by = Vec::new();
    for operation in world.operations() {
        for parameter in texts_of_query(&operation) {
            let Some(places) = places(&world, &operation, &mut findings).await else {
                continue;
            };
            let path = operation.path_with(&at(&world.ada, &places));
            let call = async |value: &str| {
                let request = Request {
                    method: operation.method.clone(),
                    path: format!(
                        "{path}?{}",
                        query(&world, &operation, &[(&parameter.name, value)])
                    ),
                    body: world.body(&operation, &world.ada),
                };
                world.call(Some(&world.ada.cookie), &request).await
            };
            let name = format!("{} {}", operation.name(), parameter.name);
            let is_word = WORDS.contains(&name.as_str());
            let mut taken = Vec::new();
            for id in &world.bob.ids {
                let kind = ids::prefix(id);
                let seen_foreign = call(id).await;
                let seen_random = call(&ids::random(kind)).await;
                let what = format!("{name}={id}");
                compare(&what, &seen_foreign, &seen_random, &world, &mut findings);
                // What is no id of the kind that is wanted is refused for its form.
                if !is_word && seen_random.status != StatusCode::BAD_REQUEST {
                    denied(&what, &seen_foreign, &world, &mut findings);
                    denied(&what, &seen_random, &world, &mut findings);
                    taken.push(kind.to_owned());
                }
            }
            if is_word {
                words.push(name);
                continue;
            }
            let mut is_own_taken = false;
            for id in &world.ada.ids {
                let is_of_kind = taken.iter().any(|kind| ids::prefix(id) == kind);
                is_own_taken |= is_of_kind && call(id).await.status != StatusCode::NOT_FOUND;
            }
            if !is_own_taken {
                findings.push(format!(
                    "{name}: no id of the caller is taken. Make what it names in tests/tests/abuse/fixture.rs"
                ));
            }
            taken_by.push(name);
        }
    }

    none(&findings);
    words.sort();
    assert_eq!(words, WORDS, "name no parameter that there is not");
    taken_by.sort();
    let expected = [
        "DELETE /v1/roles/{id} replacement",
        "GET /v1/audit actor",
        "GET /v1/audit subject",
        "GET /v1/posts account",
    ];
    assert_eq!(taken_by, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_37_f_14_foreign_id_in_a_body_is_answered_like_a_random_one() {
    let world = World::new().await;
    let mut findings = Findings::new();
    let mut probes = 0;
    for operation in world.operations() {
        let Some(schema) = operation.body.clone() else {
            continue;
        };
        if operation.path == OF_SUPPORT {
            continue;
        }
        let Some(places) = places(&world, &operation, &mut findings).await else {
            continue;
        };
        let path = operation.path_with(&at(&world.ada, &places));
        for place in texts(&world.document, &schema) {
            let call = async |id: &str| {
                let mut body = world.document.sample("", &schema);
                put(&world.document, &schema, &mut body, &place.steps, json!(id));
                fill(&mut body, &world.ada);
                let request = Request {
                    method: operation.method.clone(),
                    path: path.clone(),
                    body: Some(body),
                };
                world.call(Some(&world.ada.cookie), &request).await
            };
            let what = format!("{} with an id at {}", operation.name(), place.pointer());
            let mut taken = Vec::new();
            for id in kinds(&world.bob).iter().map(|kind| first(&world.bob, kind)) {
                let kind = ids::prefix(&id);
                let seen_foreign = call(&id).await;
                let seen_random = call(&ids::random(kind)).await;
                let what = format!("{what} ({kind})");
                compare(&what, &seen_foreign, &seen_random, &world, &mut findings);
                if seen_random.status == StatusCode::NOT_FOUND {
                    denied(&what, &seen_foreign, &world, &mut findings);
                    denied(&what, &seen_random, &world, &mut findings);
                    taken.push(kind.to_owned());
                }
                probes += 1;
            }
            let own = world
                .ada
                .ids
                .iter()
                .filter(|id| taken.iter().any(|kind| ids::prefix(id) == kind));
            let mut is_own_taken = false;
            for id in own {
                is_own_taken |= call(id).await.status != StatusCode::NOT_FOUND;
            }
            if let Some(fault) = hole(&place, &taken, is_own_taken) {
                findings.push(format!("{what}: {fault}"));
            }
        }
    }

    none(&findings);
    assert!(probes > 100, "only {probes} probes were generated");
}

/// Why the probes of a place prove nothing.
fn hole(place: &Place, taken: &[String], is_own_taken: bool) -> Option<&'static str> {
    match taken {
        [] if place.says_id => Some(
            "no random id is answered with 404 there. Check the id, or complete tests/tests/abuse/samples.rs so that the call gets as far",
        ),
        [] => None,
        _ if is_own_taken => None,
        _ => Some(
            "the caller's own ids are answered with 404, too. Make what it names in tests/tests/abuse/fixture.rs",
        ),
    }
}

fn first(person: &Person, kind: &str) -> String {
    let mut of_kind = person.ids.iter().filter(|id| ids::prefix(id) == kind);
    of_kind.next().unwrap().clone()
}

/// The query with what it must have, and these.
fn query(world: &World, operation: &Operation, set: &[(&str, &str)]) -> String {
    let required = operation.query.iter().filter(|parameter| {
        parameter.is_required && set.iter().all(|(name, _)| *name != parameter.name)
    });
    let required = required.map(|parameter| {
        let value = world.document.sample(&parameter.name, &parameter.schema);
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={text}", parameter.name)
    });
    let set = set.iter().map(|(name, value)| format!("{name}={value}"));
    required.chain(set).collect::<Vec<_>>().join("&")
}

#[tokio::test(flavor = "multi_thread")]
async fn id_37_f_14_cursor_of_another_tenant_or_list_is_answered_like_a_forged_one() {
    let world = World::new().await;
    let mut findings = Findings::new();
    let lists: Vec<Operation> = world
        .operations()
        .into_iter()
        .filter(|operation| operation.method == Method::GET)
        .filter(|operation| {
            operation
                .query
                .iter()
                .any(|parameter| parameter.name == "cursor")
        })
        .collect();
    assert!(lists.len() >= 3, "{lists:?}");
    let mut cursors = Vec::new();
    for list in &lists {
        let Some(places) = places(&world, list, &mut findings).await else {
            continue;
        };
        let read = async |person: &Person, more: &[(&str, &str)]| {
            let set = [&[("limit", "1")], more].concat();
            let path = list.path_with(&at(person, &places));
            let request = Request {
                method: Method::GET,
                path: format!("{path}?{}", query(&world, list, &set)),
                body: None,
            };
            world.call(Some(&person.cookie), &request).await
        };
        let next = async |person: &Person| {
            read(person, &[]).await.body["next"]
                .as_str()
                .map(str::to_owned)
        };
        let (Some(own), Some(foreign)) = (next(&world.ada).await, next(&world.bob).await) else {
            findings.push(format!(
                "{}: a page of one has no next one. Make two of it in tests/tests/abuse/fixture.rs",
                list.name()
            ));
            continue;
        };
        let goes_on = read(&world.ada, &[("cursor", &own)]).await;
        if goes_on.status != StatusCode::OK {
            findings.push(format!(
                "{}: its own cursor gets {}",
                list.name(),
                goes_on.body
            ));
        }
        let forged = read(&world.ada, &[("cursor", &forged(&own))]).await;
        let mut tried = vec![("of the other tenant".to_owned(), foreign)];
        tried.extend(cursors.iter().cloned());
        for (whose, cursor) in tried {
            let seen = read(&world.ada, &[("cursor", &cursor)]).await;
            let what = format!("{} with a cursor {whose}", list.name());
            compare(&what, &seen, &forged, &world, &mut findings);
            let is_line = |seen: &Observed| matches!(seen.changes.as_slice(), [one] if one.is_denial_in(&world.ada.tenant));
            if seen.body["code"] != "invalid_cursor" || !is_line(&seen) {
                findings.push(format!("{what}: {} [{}]", seen.body, listed(&seen.changes)));
            }
        }
        cursors.push((format!("of {}", list.name()), own));
    }

    none(&findings);
}

/// The cursor with another position and the same seal.
fn forged(cursor: &str) -> String {
    let (begin, rest) = cursor.split_at(cursor.len() / 2);
    let other = if rest.starts_with('A') { "B" } else { "A" };
    format!("{begin}{other}{}", &rest[1..])
}
