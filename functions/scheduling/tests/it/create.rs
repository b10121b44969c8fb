use domain::membership::Role;
use serde_json::json;

use crate::world::{World, etag};

#[tokio::test]
async fn post_at_a_wall_time_is_scheduled_for_the_instant_that_it_is_there() {
    let world = World::new().await;
    let body = json!({
        "when": { "at": "2026-12-01T09:00:00", "zone": "Europe/Berlin" },
        "base": { "text": "Hello" },
        "targets": [{ "account_id": world.account }],
        "tags": ["launch"],
    });

    let answer = world.create(&body).await.expect(201);

    let post = &answer.body;
    assert_eq!(
        post["when"],
        json!({
            "at": "2026-12-01T09:00:00",
            "zone": "Europe/Berlin",
            "due_at": "2026-12-01T08:00:00Z",
            "adjusted": false,
        })
    );
    assert_eq!(post["state"], "scheduled");
    assert_eq!(
        post["base"],
        json!({ "text": "Hello", "media": [], "thread": [] })
    );
    assert_eq!(post["tags"], json!(["launch"]));
    let target = &post["targets"][0];
    assert_eq!(target["account_id"], json!(world.account));
    assert_eq!(target["network"], "fake");
    assert_eq!(target["state"], "scheduled");
    assert_eq!(target["due_at"], "2026-12-01T08:00:00Z");
    for absent in [
        "remote_id",
        "permalink",
        "published_at",
        "lateness_ms",
        "proof",
        "error",
    ] {
        assert!(target[absent].is_null(), "{absent}");
    }
    assert_eq!(
        target["allowed_actions"],
        json!(["unschedule", "cancel", "hold"])
    );
    assert_eq!(
        post["allowed_actions"],
        json!([
            "edit",
            "unschedule",
            "cancel",
            "hold",
            "duplicate",
            "delete"
        ])
    );
    assert_eq!(etag(&answer), "\"1\"");
    let id = post["id"].as_str().unwrap();
    assert_eq!(answer.headers["location"], format!("/v1/posts/{id}"));
    assert_eq!(world.read(id).await.expect(200).body, *post);
}

#[tokio::test]
async fn post_at_a_time_that_the_clock_skips_is_moved_and_says_so() {
    let world = World::new().await;
    let mut body = world.at("2027-03-28T02:30:00");
    body["when"]["zone"] = json!("Europe/Berlin");

    let answer = world.create(&body).await.expect(201);

    assert_eq!(answer.body["when"]["adjusted"], true);
    assert_eq!(answer.body["when"]["at"], "2027-03-28T02:30:00");
    assert_eq!(answer.body["when"]["due_at"], "2027-03-28T01:30:00Z");
}

#[tokio::test]
async fn post_at_a_time_that_comes_twice_can_mean_the_later_one() {
    let world = World::new().await;
    let mut body = world.at("2027-10-31T02:30:00");
    body["when"]["zone"] = json!("Europe/Berlin");
    let earlier = world.create(&body).await.expect(201);
    body["when"]["fold"] = json!("later");
    let later = world.create(&body).await.expect(201);

    assert_eq!(earlier.body["when"]["due_at"], "2027-10-31T00:30:00Z");
    assert_eq!(later.body["when"]["due_at"], "2027-10-31T01:30:00Z");
}

#[tokio::test]
async fn post_a_minute_ago_is_due_now_and_longer_ago_is_refused() {
    let world = World::new().await;

    let recent = world.create(&world.at("2026-11-30T11:59:00Z")).await;
    let older = world.create(&world.at("2026-11-30T11:58:59Z")).await;

    assert_eq!(
        recent.expect(201).body["when"]["due_at"],
        "2026-11-30T12:00:00Z"
    );
    let older = older.expect_problem(422, "invalid_request");
    assert_eq!(older.body["errors"][0]["pointer"], "/when/at");
    assert_eq!(older.body["errors"][0]["code"], "in_the_past");
}

#[tokio::test]
async fn post_with_media_counts_its_use() {
    let world = World::new().await;
    let image = world.image().await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["base"]["media"] = json!([image]);

    let answer = world.create(&body).await.expect(201);

    assert_eq!(answer.body["base"]["media"], json!([image]));
    assert_eq!(world.uses(image).await, 1);
}

#[tokio::test]
async fn post_with_an_override_says_something_else_there_only() {
    let world = World::new().await;
    let other = world.another_account("charles").await;
    let mut body = world.at("2026-12-01T09:00:00Z");
    body["targets"] = json!([
        { "account_id": world.account },
        { "account_id": other, "override": { "text": "Shorter" }, "options": { "languages": ["en"] } },
    ]);

    let answer = world.create(&body).await.expect(201);

    assert_eq!(answer.body["targets"][0]["override"], json!({}));
    assert_eq!(
        answer.body["targets"][1]["override"],
        json!({ "text": "Shorter" })
    );
    assert_eq!(
        answer.body["targets"][1]["options"],
        json!({ "languages": ["en"] })
    );
    let stored = world.stored(answer.body["id"].as_str().unwrap()).await;
    let texts: Vec<String> = stored
        .body
        .targets
        .iter()
        .map(|target| stored.body.content_of(target).text)
        .collect();
    assert_eq!(texts[1], "Shorter");
    assert_ne!(texts[0], texts[1]);
}

#[tokio::test]
async fn post_for_forty_accounts_with_twenty_media_fits_into_one_transaction() {
    let world = World::new().await;
    let mut targets = Vec::new();
    for number in 0..40 {
        let account = world.another_account(&format!("account {number}")).await;
        targets.push(json!({ "account_id": account }));
    }
    let mut media = Vec::new();
    for _ in 0..20 {
        media.push(world.image().await);
    }
    let mut body = world.a_draft();
    body["targets"] = json!(targets);
    body["base"]["media"] = json!(media);

    let id = world.made(&body).await;

    let read = world.read(&id).await.expect(200);
    assert_eq!(read.body["targets"].as_array().unwrap().len(), 40);
    assert_eq!(world.uses(media[19]).await, 1);
}

#[tokio::test]
async fn post_beyond_the_plan_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let mut tenant = testkit::http::tenant(&world.table, &world.clock);
    tenant.limits.posts_per_month = 1;
    let user = domain::UserId::generate(world.table.ids());
    let member =
        testkit::http::member_of(&world.table, &world.clock, user, &tenant, Role::Owner).await;
    let world = World {
        owner: member,
        ..world
    };
    let account = world.another_account("limited").await;
    let world = World { account, ..world };
    world.made(&world.a_draft()).await;

    let answer = world.create(&world.a_draft()).await;

    answer.expect_problem(402, "plan_limit");
    let list = world.get("/v1/posts").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn post_by_an_author_can_be_a_draft_only() {
    let world = World::new().await;
    let (author, account) = world.member(Role::Author).await;
    let world = World {
        owner: author,
        account,
        ..world
    };

    world.create(&world.a_draft()).await.expect(201);
    let scheduled = world.create(&world.at("2026-12-01T09:00:00Z")).await;

    scheduled.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn post_by_a_viewer_is_refused() {
    let world = World::new().await;
    let (viewer, account) = world.member(Role::Viewer).await;
    let world = World {
        owner: viewer,
        account,
        ..world
    };

    world
        .create(&world.a_draft())
        .await
        .expect_problem(403, "forbidden");
    world.get("/v1/posts").await.expect(200);
}

#[tokio::test]
async fn post_for_a_disconnected_account_is_refused() {
    let world = World::new().await;
    world.disconnect(world.account).await;

    let answer = world.create(&world.a_draft()).await.expect(422);

    assert_eq!(answer.body["errors"][0]["pointer"], "/targets/0/account_id");
    assert_eq!(answer.body["errors"][0]["code"], "account_disconnected");
}

#[tokio::test]
async fn post_is_answered_with_what_is_left_of_the_month() {
    let world = World::new().await;
    let body = json!({
        "when": { "draft": true },
        "base": { "text": "Hello" },
        "targets": [{ "account_id": world.account }],
    });
    world.create(&body).await.expect(201);

    let answer = world.create(&body).await.expect(201);

    let told = |name: &str| -> Vec<String> {
        let values = answer.headers.get_all(name).into_iter();
        let texts = values.map(|value| value.to_str().unwrap().to_owned());
        texts.filter(|text| text.starts_with("\"posts\"")).collect()
    };
    assert_eq!(
        told("ratelimit-policy"),
        ["\"posts\";q=100000;qu=\"posts\""]
    );
    assert_eq!(told("ratelimit"), ["\"posts\";r=99998"]);
}
