use serde_json::{Value, json};

use crate::world::{World, pointers};

/// Changes a sound body and tells which fields are named.
async fn refused(world: &World, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut body = world.at("2026-12-01T09:00:00Z");
    change(&mut body);
    let answer = world
        .create(&body)
        .await
        .expect_problem(422, "invalid_request");
    pointers(&answer).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn body_with_many_faults_names_all_of_them() {
    let world = World::new().await;

    let named = refused(&world, |body| {
        body["when"] = json!({ "at": "2026-12-01T09:00:00" });
        body["base"] = json!({ "text": "\u{0}", "media": ["med_x"] });
        body["targets"] = json!([
            { "account_id": "acc_x" },
            { "account_id": world.account },
            { "account_id": world.account, "override": { "text": "\u{7}" } },
        ]);
        body["tags"] = json!(["", "fine"]);
    })
    .await;

    assert_eq!(
        named,
        [
            "/base/media/0",
            "/base/text",
            "/tags/0",
            "/targets/0/account_id",
            "/targets/2/account_id",
            "/targets/2/override/text",
            "/when/at",
        ]
    );
}

#[tokio::test]
async fn body_with_another_number_of_targets_than_1_to_40_is_refused() {
    let world = World::new().await;
    let too_many: Vec<Value> = (0..41)
        .map(|_| json!({ "account_id": domain::AccountId::generate(world.table.ids()) }))
        .collect();

    assert_eq!(
        refused(&world, |body| body["targets"] = json!([])).await,
        ["/targets"]
    );
    assert_eq!(
        refused(&world, |body| body["targets"] = json!(too_many)).await,
        ["/targets"]
    );
    let mut draft = world.a_draft();
    draft["targets"] = json!([]);
    world.create(&draft).await.expect(422);
}

#[tokio::test]
async fn body_with_more_than_20_media_is_refused() {
    let world = World::new().await;
    let media: Vec<Value> = (0..21)
        .map(|_| json!(domain::MediaId::generate(world.table.ids())))
        .collect();

    let named = refused(&world, |body| body["base"]["media"] = json!(media)).await;

    assert_eq!(named, ["/base/media"]);
}

#[tokio::test]
async fn body_with_another_when_than_exactly_one_is_refused() {
    let world = World::new().await;
    let at = "2026-12-01T09:00:00Z";
    for (when, pointer) in [
        (json!({}), "/when"),
        (json!({ "draft": true, "now": true }), "/when"),
        (json!({ "now": true, "at": at }), "/when"),
        (json!({ "draft": false }), "/when/draft"),
        (json!({ "now": false }), "/when/now"),
        (json!({ "at": at, "zone": "Europe/Atlantis" }), "/when/zone"),
        (
            json!({ "draft": true, "zone": "Europe/Berlin" }),
            "/when/zone",
        ),
        (json!({ "at": at, "fold": "sideways" }), "/when/fold"),
        (json!({ "now": true, "fold": "later" }), "/when/fold"),
        (json!({ "at": "2026-12-01" }), "/when/at"),
        (json!({ "at": "tomorrow" }), "/when/at"),
        (json!({ "at": 5 }), "/when/at"),
        (json!({ "at": "2040-01-01T00:00:00Z" }), "/when/at"),
        (json!({ "at": at, "until": at }), "/when/until"),
    ] {
        let named = refused(&world, |body| body["when"] = when.clone()).await;
        assert_eq!(named, [pointer], "{when}");
    }
}

#[tokio::test]
async fn body_with_an_unknown_field_or_a_wrong_type_is_refused_by_pointer() {
    let world = World::new().await;

    assert_eq!(
        refused(&world, |body| body["colour"] = json!("red")).await,
        ["/colour"]
    );
    assert_eq!(
        refused(&world, |body| body["base"]["body"] = json!("x")).await,
        ["/base/body"]
    );
    let options = |body: &mut Value| body["targets"][0]["options"] = json!([]);
    assert_eq!(refused(&world, options).await, ["/targets/0/options"]);
    let text = |body: &mut Value| body["base"]["text"] = json!(7);
    assert_eq!(refused(&world, text).await, ["/base/text"]);
    let target = |body: &mut Value| body["targets"][0]["text"] = json!("x");
    assert_eq!(refused(&world, target).await, ["/targets/0/text"]);
    let missing = |body: &mut Value| {
        body.as_object_mut().unwrap().remove("when");
    };
    assert_eq!(refused(&world, missing).await, ["/when"]);
}

#[tokio::test]
async fn body_that_is_no_json_is_malformed() {
    let world = World::new().await;
    let send = |content_type: &'static str, body: &'static str| {
        let call = world.api.post("/v1/posts").by(&world.owner);
        call.raw(content_type, body).send()
    };

    let broken = send("application/json", "{\"when\":").await;
    broken.expect_problem(400, "malformed_request");
    let other = send("text/plain", "hello").await;
    other.expect_problem(415, "unsupported_media_type");
    let list = world.get("/v1/posts").await.expect(200);
    assert_eq!(list.body["items"], json!([]));
}

#[tokio::test]
async fn body_that_is_too_large_is_refused() {
    let world = World::new().await;
    let mut body = world.a_draft();
    body["base"]["text"] = json!("x".repeat(300_000));

    world
        .create(&body)
        .await
        .expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn query_parameter_that_is_unknown_or_unreadable_is_refused_by_name() {
    let world = World::new().await;
    for (query, name) in [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("state=happy", "state"),
        ("account=acc_x", "account"),
        ("from=yesterday", "from"),
    ] {
        let answer = world.get(format!("/v1/posts?{query}")).await;
        let answer = answer.expect_problem(400, "malformed_request");
        assert_eq!(answer.body["errors"][0]["pointer"], name, "{query}");
    }
    let cursor = world.get("/v1/posts?cursor=abc").await;
    cursor.expect_problem(400, "invalid_cursor");
}

#[tokio::test]
async fn query_for_an_impossible_range_is_refused() {
    let world = World::new().await;
    for query in [
        "from=2026-12-02T00:00:00Z&to=2026-12-01T00:00:00Z",
        "from=2000-01-01T00:00:00Z&to=2026-12-01T00:00:00Z",
    ] {
        let answer = world.get(format!("/v1/posts?{query}")).await;
        answer.expect_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn action_with_a_bad_body_is_refused() {
    let world = World::new().await;
    let id = world.made(&world.a_draft()).await;

    let unknown = world.act_with(&id, "cancel", &json!({ "why": "x" })).await;
    unknown.expect_problem(422, "invalid_request");
    let empty = world
        .act_with(&id, "cancel", &json!({ "targets": [] }))
        .await;
    assert_eq!(pointers(&empty.expect(422)), ["/targets"]);
    let malformed = world
        .act_with(&id, "cancel", &json!({ "targets": ["x"] }))
        .await;
    assert_eq!(pointers(&malformed.expect(422)), ["/targets/0"]);
    let timeless = world.act_with(&id, "schedule", &json!({})).await;
    assert_eq!(pointers(&timeless.expect(422)), ["/when"]);
    let draft = json!({ "when": { "draft": true } });
    let draft = world.act_with(&id, "schedule", &draft).await;
    assert_eq!(pointers(&draft.expect(422)), ["/when/draft"]);
}

#[tokio::test]
async fn path_with_a_malformed_id_is_answered_like_an_absent_one() {
    let world = World::new().await;

    world.read("post_x").await.expect_problem(404, "not_found");
    world
        .act_on("7", "cancel")
        .await
        .expect_problem(404, "not_found");
    let put = world
        .api
        .call(http::Method::PUT, "/v1/posts")
        .by(&world.owner);
    put.send().await.expect_problem(405, "method_not_allowed");
}
