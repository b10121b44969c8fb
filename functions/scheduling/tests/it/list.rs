use domain::delivery::protocol;
use serde_json::{Value, json};

use crate::world::World;

fn ids(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|card| card["id"].as_str().unwrap().to_owned())
        .collect()
}

/// All pages of a list, each at most `limit` long.
async fn all(world: &World, query: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = format!("/v1/posts?limit={limit}&{query}");
    for _ in 0..100 {
        let page = world.get(&path).await.expect(200).body;
        let page_ids = ids(&page);
        assert!(page_ids.len() <= limit);
        found.extend(page_ids);
        let Some(next) = page["next"].as_str() else {
            return found;
        };
        path = format!("/v1/posts?limit={limit}&{query}&cursor={next}");
    }
    panic!("the list does not end");
}

#[tokio::test]
async fn list_shows_drafts_and_scheduled_posts_newest_first() {
    let world = World::new().await;
    let mut made = Vec::new();
    for number in 0..7 {
        world.clock.advance(jiff::SignedDuration::from_secs(1));
        let body = if number % 2 == 0 {
            world.a_draft()
        } else {
            world.at("2026-12-01T09:00:00Z")
        };
        made.push(world.made(&body).await);
    }
    made.reverse();

    assert_eq!(all(&world, "", 50).await, made);
    assert_eq!(all(&world, "", 2).await, made);
    assert_eq!(all(&world, "", 1).await, made);
}

#[tokio::test]
async fn card_shows_what_people_look_for() {
    let world = World::new().await;
    let mut body = world.at("2026-12-01T09:00:00");
    body["when"]["zone"] = json!("Europe/Berlin");
    body["base"]["text"] = json!("One\ntwo  three");
    body["tags"] = json!(["launch"]);
    let made = world.create(&body).await.expect(201).body;

    let page = world.get("/v1/posts").await.expect(200).body;

    assert_eq!(
        page["items"][0],
        json!({
            "id": made["id"],
            "state": "scheduled",
            "when": made["when"],
            "snippet": "One two three",
            "tags": ["launch"],
            "targets": [{
                "id": made["targets"][0]["id"],
                "account_id": world.account,
                "network": "fake",
                "state": "scheduled",
                "due_at": "2026-12-01T08:00:00Z",
                "permalink": null,
            }],
            "updated_at": made["updated_at"],
        })
    );
}

#[tokio::test]
async fn list_with_filters_shows_only_what_they_name() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let draft = world.made(&world.a_draft()).await;
    let mut tagged = world.at("2026-12-01T09:00:00Z");
    tagged["tags"] = json!(["launch", "größer"]);
    let second = jiff::SignedDuration::from_secs(1);
    world.clock.advance(second);
    let tagged = world.made(&tagged).await;
    world.clock.advance(second);
    let mut others = world.at("2026-12-01T09:00:00Z");
    others["targets"] = json!([{ "account_id": other }]);
    let others = world.made(&others).await;

    assert_eq!(all(&world, "state=draft", 50).await, [draft.as_str()]);
    let scheduled = all(&world, "state=scheduled", 50).await;
    assert_eq!(scheduled, [others.as_str(), tagged.as_str()]);
    assert_eq!(all(&world, "tag=launch", 50).await, [tagged.as_str()]);
    assert_eq!(
        all(&world, "tag=gr%C3%B6%C3%9Fer", 50).await,
        [tagged.as_str()]
    );
    assert_eq!(
        all(&world, &format!("account={other}"), 50).await,
        [others.as_str()]
    );
    assert!(all(&world, "state=published", 50).await.is_empty());
}

#[tokio::test]
async fn list_of_what_is_being_sent_shows_the_state_of_this_moment() {
    let world = World::new().await;
    let later = world.made(&world.at("2026-12-01T10:00:00Z")).await;
    let id = world.made(&world.at("2026-12-01T09:00:00Z")).await;
    let delivery = world.stored(&id).await.deliveries.remove(0);
    let due = delivery.due.unwrap();
    let range = "from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z";
    let found = async |state: &str| {
        let newest = all(&world, &format!("state={state}"), 50).await;
        let by_due = all(&world, &format!("state={state}&{range}"), 50).await;
        assert_eq!(newest, by_due, "{state}");
        newest
    };
    world.wait_until(due).await;
    assert!(found("queued").await.is_empty());
    assert!(found("publishing").await.is_empty());

    let queued = protocol::queued(due, delivery.revision, due, due);
    let queued = world.step(&delivery, &queued).await;
    assert_eq!(found("queued").await, [id.as_str()]);
    assert!(found("publishing").await.is_empty());
    let card = world.get("/v1/posts?state=queued").await.expect(200).body;
    assert_eq!(card["items"][0]["state"], "queued");

    world.begin_call_of(&queued).await;
    assert_eq!(found("publishing").await, [id.as_str()]);
    assert!(found("queued").await.is_empty());
    let mut scheduled = found("scheduled").await;
    scheduled.retain(|found| *found != id);
    assert_eq!(scheduled, [later]);
}

#[tokio::test]
async fn list_with_a_rare_match_gives_short_pages_and_ends() {
    let world = World::new().await;
    let mut rare = world.a_draft();
    rare["tags"] = json!(["rare"]);
    let rare = world.made(&rare).await;
    // One page reads 4 × 82 entries, two per post.
    for _ in 0..170 {
        world.made(&world.a_draft()).await;
    }

    let first = world
        .get("/v1/posts?tag=rare&limit=1")
        .await
        .expect(200)
        .body;

    assert_eq!(first["items"], json!([]));
    assert!(first["next"].is_string());
    assert_eq!(all(&world, "tag=rare", 1).await, [rare]);
}

#[tokio::test]
async fn list_by_due_time_reaches_from_its_begin_to_before_its_end() {
    let world = World::new().await;
    let mut made = Vec::new();
    for at in [
        "2026-12-01T00:00:00Z",
        "2026-12-31T23:59:59Z",
        "2027-01-01T00:00:00Z",
        "2027-03-01T00:00:00Z",
    ] {
        made.push(world.made(&world.at(at)).await);
    }
    world.made(&world.a_draft()).await;
    let between = async |from: &str, to: &str, limit| {
        all(&world, &format!("from={from}&to={to}"), limit).await
    };

    let december = between("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", 50).await;
    assert_eq!(december, made[..2]);
    let all_of_them = between("2026-12-01T00:00:00Z", "2027-03-01T00:00:01Z", 1).await;
    assert_eq!(all_of_them, made);
    assert_eq!(
        all(&world, "from=2027-01-01T00:00:00Z", 50).await,
        made[2..]
    );
    assert_eq!(all(&world, "to=2026-12-01T00:00:01Z", 50).await, made[..1]);
    let empty = between("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", 50).await;
    assert!(empty.is_empty());
}

#[tokio::test]
async fn list_by_due_time_filters_too() {
    let world = World::new().await;
    let mut tagged = world.at("2026-12-01T09:00:00Z");
    tagged["tags"] = json!(["launch"]);
    let tagged = world.made(&tagged).await;
    let cancelled = world.made(&world.at("2026-12-01T10:00:00Z")).await;
    world.act_on(&cancelled, "cancel").await.expect(200);
    let range = "from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z";

    assert_eq!(
        all(&world, &format!("{range}&tag=launch"), 50).await,
        [tagged]
    );
    assert_eq!(
        all(&world, &format!("{range}&state=cancelled"), 50).await,
        [cancelled]
    );
}

#[tokio::test]
async fn list_of_posts_with_many_targets_keeps_them_whole() {
    let world = World::new().await;
    let mut targets = Vec::new();
    for number in 0..40 {
        let account = world.another_account(&format!("account {number}")).await;
        targets.push(json!({ "account_id": account }));
    }
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["targets"] = json!(targets);
    for _ in 0..5 {
        world.made(&body).await;
    }
    let range = "from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z";

    for query in ["limit=2", "limit=200"] {
        for filter in ["", range] {
            let page = world
                .get(format!("/v1/posts?{query}&{filter}"))
                .await
                .expect(200);
            for card in page.body["items"].as_array().unwrap() {
                assert_eq!(card["targets"].as_array().unwrap().len(), 40);
            }
            assert!(!page.body["items"].as_array().unwrap().is_empty());
        }
    }
    assert_eq!(all(&world, "", 2).await.len(), 5);
    assert_eq!(all(&world, range, 2).await.len(), 5);
}

#[tokio::test]
async fn cursor_works_only_for_the_list_that_it_came_from() {
    let world = World::new().await;
    for _ in 0..3 {
        world.made(&world.a_draft()).await;
    }
    let page = world
        .get("/v1/posts?limit=1&state=draft")
        .await
        .expect(200)
        .body;
    let cursor = page["next"].as_str().unwrap();

    let other = world
        .get(format!("/v1/posts?limit=1&cursor={cursor}"))
        .await;
    other.expect_problem(400, "invalid_cursor");
    let same = world
        .get(format!("/v1/posts?limit=1&state=draft&cursor={cursor}"))
        .await;
    same.expect(200);
}
