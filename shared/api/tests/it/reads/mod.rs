//! What it costs to find out who asks, and what they may do: two calls of the table that read, at most, from the first
//! request of an instance on. Two exceptions are tried here, too.

mod support;
mod world;

use std::sync::Arc;

use api::Gate;
use domain::membership::{AccountLimit, Permission, Role};
use jiff::SignedDuration;
use testkit::http::{colleague, guarded};
use testkit::{GENEROUS, TestApi, TestClock, gate, member, public_url};

use self::world::World;
use crate::app::router;

#[tokio::test]
async fn authorisation_of_a_session_a_token_and_a_key_reads_the_table_once() {
    let world = World::new().await;

    assert_eq!(world.reads(&world.owner).await, [1, 1, 1]);
}

#[tokio::test]
async fn authorisation_of_somebody_with_account_groups_reads_the_table_twice() {
    let world = World::new().await;
    let limit = world.group(&world.owner).await;
    let role = Role::Admin.into();
    let limited = colleague(&world.table, &world.clock, &world.owner, role, limit).await;

    assert_eq!(world.reads(&limited).await, [2, 2, 2]);
}

#[tokio::test]
async fn authorisation_of_somebody_whose_role_the_tenant_made_reads_the_table_twice() {
    let world = World::new().await;
    let role = world.role(&world.owner, [Permission::ReadPosts]).await;
    for limit in [AccountLimit::Unlimited, world.group(&world.owner).await] {
        let made = colleague(&world.table, &world.clock, &world.owner, role, limit).await;

        assert_eq!(world.reads(&made).await, [2, 2, 2]);
    }
}

#[tokio::test]
async fn authorisation_where_a_second_factor_is_required_reads_the_table_twice_at_most() {
    let world = World::new().await;
    let owner = world.guarded_owner().await;
    let role = world.role(&owner, [Permission::ReadPosts]).await;
    let limit = world.group(&owner).await;
    let made = colleague(&world.table, &world.clock, &owner, role, limit).await;
    let made = guarded(&world.table, &world.clock, &made).await;

    // The first read of a key is of its maker, too.
    assert_eq!(world.reads(&owner).await, [2, 2, 1]);
    assert_eq!(world.reads(&made).await, [2, 2, 2]);
}

/// The keys of the product belong to no request: an instance reads them again every five minutes, so that a retired one
/// is out of use by then.
#[tokio::test]
async fn product_keys_are_one_read_more_of_an_instance_every_five_minutes() {
    let world = World::new().await;
    let limit = world.group(&world.owner).await;
    let role = Role::Admin.into();
    let limited = colleague(&world.table, &world.clock, &world.owner, role, limit).await;
    let key = world.key(&limited).await;
    let instance = world.instance().await;
    let reads = async |bearer: &str| {
        let asked = world.asked(&instance, |call| call.bearer(bearer)).await;
        asked.reads
    };

    world.clock.advance(SignedDuration::from_secs(299));
    assert_eq!(reads(&key).await, 2);
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(reads(&key).await, 3);
    assert_eq!(reads(&world.token(&limited).await).await, 2);
    world.clock.advance(SignedDuration::from_secs(300));
    assert_eq!(reads(&world.token(&limited).await).await, 3);
    assert_eq!(reads(&key).await, 2);
}

#[tokio::test]
async fn instance_that_starts_without_keys_reads_them_when_it_needs_them() {
    let clock = TestClock::at("2026-12-01T08:00:00Z");
    let table = testkit::table(&clock).await;
    let shared = Arc::new(clock.clone());
    let early = Gate::with_limits(table.clone(), shared, &public_url(), GENEROUS);

    early.warm_up().await;

    // Makes them.
    let gate = gate(&table, &clock).await;
    let owner = member(&table, &clock, Role::Owner).await;
    let scopes = [Permission::ReadPosts];
    let key = testkit::http::api_key(&table, &clock, &gate, &owner, scopes).await;
    let api = TestApi::new(router(early), &clock);
    api.get("/v1/posts").bearer(&key).send().await.expect(200);
}
