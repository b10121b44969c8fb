use domain::delivery::{Fault, FaultActor, FaultCategory, protocol};
use serde_json::{Value, json};

use crate::world::World;

fn ids(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|card| card["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn calendar_reads_dates_in_the_zone_that_is_named() {
    let world = World::new().await;
    let late_in_berlin = world.made(&world.at("2026-12-01T22:59:59Z")).await;
    let next_day_in_berlin = world.made(&world.at("2026-12-01T23:00:00Z")).await;
    let day = "from=2026-12-01&to=2026-12-02";

    let berlin = world
        .get(format!("/v1/calendar?{day}&zone=Europe/Berlin"))
        .await;
    assert_eq!(ids(&berlin.expect(200).body), [late_in_berlin.as_str()]);
    let utc = world.get(format!("/v1/calendar?{day}")).await.expect(200);
    assert_eq!(
        ids(&utc.body),
        [late_in_berlin.as_str(), next_day_in_berlin.as_str()]
    );
    let instants = "from=2026-12-01T23:00:00Z&to=2026-12-03T00:00:00%2B01:00";
    let exact = world
        .get(format!("/v1/calendar?{instants}"))
        .await
        .expect(200);
    assert_eq!(ids(&exact.body), [next_day_in_berlin.as_str()]);
}

#[tokio::test]
async fn calendar_of_a_bad_range_is_refused() {
    let world = World::new().await;
    for (query, status) in [
        ("from=2026-12-01", 400),
        ("from=2026-12-01&to=soon", 400),
        ("from=2026-12-02&to=2026-12-01", 400),
        ("from=2026-12-01&to=2026-12-02&zone=Berlin", 400),
        ("from=2026-12-01&to=2026-12-02&view=week", 400),
        ("from=2026-01-01&to=2028-01-01", 422),
    ] {
        let answer = world.get(format!("/v1/calendar?{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.body);
    }
}

#[tokio::test]
async fn calendar_follows_a_post_to_its_new_time() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;

    let patch = json!({ "when": { "at": "2027-01-05T09:00:00Z" } });
    world.patch(&id, &patch).await.expect(200);

    let december = world
        .get("/v1/calendar?from=2026-12-01&to=2027-01-01")
        .await;
    assert_eq!(december.expect(200).body["items"], json!([]));
    let january = world
        .get("/v1/calendar?from=2027-01-01&to=2027-02-01")
        .await;
    assert_eq!(ids(&january.expect(200).body), [id.as_str()]);
}

#[tokio::test]
async fn calendar_shows_a_target_that_is_tried_again_with_its_post() {
    let world = World::new().await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let called = world.begin_call(&id).await;
    let fault = Fault::new(
        "x",
        FaultCategory::Content,
        FaultActor::User,
        "no",
        "change it",
    );
    world
        .step(
            &called,
            &protocol::failed(protocol::Claim::of(&called), fault),
        )
        .await;
    world
        .wait_until("2026-12-02T10:00:00Z".parse().unwrap())
        .await;
    world.act_on(&id, "retry").await.expect(200);

    let calendar = world
        .get("/v1/calendar?from=2026-12-01&to=2026-12-02")
        .await
        .expect(200);

    assert_eq!(
        calendar.body["items"][0]["targets"][0]["due_at"],
        "2026-12-02T10:00:00Z"
    );
    let next_day = world
        .get("/v1/calendar?from=2026-12-02&to=2026-12-03")
        .await
        .expect(200);
    assert_eq!(next_day.body["items"], json!([]));
}
