//! Settings of a tenant that come with an import.

use std::collections::BTreeMap;

use domain::network::NetworkId;
use serde_json::{Map, Value, json};
use testkit::FakeNetwork;

use crate::world::World;

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";

fn options(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn network(name: &str) -> NetworkId {
    name.parse().unwrap()
}

#[tokio::test]
async fn import_takes_the_settings_and_leaves_the_name() {
    let world = World::new().await;
    let (ada, bob) = (world.owner(ADA).await, world.owner(BOB).await);
    let german = options(json!({ "langs": ["de"] }));
    let of_ada = BTreeMap::from([(network(FakeNetwork::ID), german.clone())]);
    world
        .set(&ada, |tenant| {
            "Difference Engines".clone_into(&mut tenant.name);
            tenant.time_zone = "Europe/Berlin".parse().unwrap();
            tenant.max_lateness_hours = 12;
            tenant.default_options = of_ada;
        })
        .await;
    let other = options(json!({ "langs": ["en"] }));
    let of_bob = BTreeMap::from([(NetworkId::PLAYGROUND, other.clone())]);
    world
        .set(&bob, |tenant| tenant.default_options = of_bob)
        .await;
    let before = world.head(&bob).await;

    let done = world.moved(&ada, &bob).await;

    assert_eq!(done.problems, []);
    let after = world.head(&bob).await;
    assert_eq!(after.name, before.name);
    assert_eq!(after.time_zone.as_str(), "Europe/Berlin");
    assert_eq!(after.max_lateness_hours, 12);
    let both = BTreeMap::from([
        (network(FakeNetwork::ID), german),
        (NetworkId::PLAYGROUND, other),
    ]);
    assert_eq!(after.default_options, both);
    assert_eq!(after.version, before.version + 1);
}

#[tokio::test]
async fn default_options_that_no_network_takes_are_left_out_of_an_import() {
    let world = World::new().await;
    let long = options(json!({ "note": "x".repeat(1_000) }));
    let here_too_long = (network(FakeNetwork::ID), long);
    let of_nowhere = (network("nowhere"), options(json!({ "langs": ["de"] })));
    for (number, wrong) in [here_too_long, of_nowhere].into_iter().enumerate() {
        let ada = world.owner(&format!("ada{number}@example.com")).await;
        let bob = world.owner(&format!("bob{number}@example.com")).await;
        world
            .set(&ada, |tenant| {
                tenant.max_lateness_hours = 12;
                tenant.default_options = BTreeMap::from([wrong]);
            })
            .await;

        let done = world.moved(&ada, &bob).await;

        assert_eq!(done.problems[0].code, "invalid_options");
        let after = world.head(&bob).await;
        assert_eq!(after.default_options, BTreeMap::new());
        assert_eq!(after.max_lateness_hours, 12, "the rest is taken");
    }
}

#[tokio::test]
async fn second_factor_that_an_export_requires_is_required_by_whoever_has_one() {
    let world = World::new().await;
    let (ada, bob) = (world.owner(ADA).await, world.owner(BOB).await);
    world.guard(&bob).await;
    world
        .set(&ada, |tenant| tenant.requires_second_factor = true)
        .await;

    let done = world.moved(&ada, &bob).await;

    assert_eq!(done.problems, []);
    assert!(world.head(&bob).await.requires_second_factor);
}

#[tokio::test]
async fn second_factor_is_not_required_by_an_import_of_somebody_who_has_none_and_they_are_told() {
    let world = World::new().await;
    let (ada, bob) = (world.owner(ADA).await, world.owner(BOB).await);
    world
        .set(&ada, |tenant| tenant.requires_second_factor = true)
        .await;

    let done = world.moved(&ada, &bob).await;

    assert_eq!(done.problems[0].code, "second_factor_missing");
    assert!(!world.head(&bob).await.requires_second_factor);
}

#[tokio::test]
async fn second_factor_that_a_tenant_requires_stays_required_after_an_import() {
    let world = World::new().await;
    let (ada, bob) = (world.owner(ADA).await, world.owner(BOB).await);
    world.guard(&bob).await;
    world
        .set(&bob, |tenant| tenant.requires_second_factor = true)
        .await;

    world.moved(&ada, &bob).await;

    assert!(world.head(&bob).await.requires_second_factor);
}

#[tokio::test]
async fn import_of_somebody_who_lacks_the_second_factor_that_is_required_stops() {
    let world = World::new().await;
    let (ada, bob) = (world.owner(ADA).await, world.owner(BOB).await);
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world
        .set(&bob, |tenant| tenant.requires_second_factor = true)
        .await;

    let import = world.check(&bob, id).await;

    assert_eq!(import.fault.as_deref(), Some("importer_lacks_rights"));
}
