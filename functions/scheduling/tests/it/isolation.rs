use domain::{AccountId, MediaId, PostId};
use http::Method;
use serde_json::{Value, json};

use crate::world::{World, pointers};

/// Everything but the request's own id.
fn without_instance(mut body: Value) -> Value {
    body.as_object_mut().unwrap().remove("instance");
    body
}

#[tokio::test]
async fn foreign_post_is_answered_like_an_absent_one_on_every_route() {
    let world = World::new().await;
    let made = world
        .create(&world.at("2026-12-01T09:00:00Z"))
        .await
        .expect(201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let target = made.body["targets"][0]["id"].as_str().unwrap().to_owned();
    let stranger = world.stranger().await;
    let absent = PostId::generate(world.table.ids()).to_string();
    let empty = json!({});
    let when = json!({ "when": { "now": true } });
    let outcome = json!({ "outcome": "published" });
    let resolve = format!("/targets/{target}/resolve");
    let routes = [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(&empty)),
        (Method::DELETE, "", None),
        (Method::POST, "/schedule", Some(&when)),
        (Method::POST, "/unschedule", Some(&empty)),
        (Method::POST, "/cancel", Some(&empty)),
        (Method::POST, "/retry", Some(&empty)),
        (Method::POST, "/hold", Some(&empty)),
        (Method::POST, "/resume", Some(&empty)),
        (Method::POST, "/duplicate", Some(&empty)),
        (Method::POST, resolve.as_str(), Some(&outcome)),
        (Method::GET, "/timeline", None),
    ];

    for (method, rest, body) in routes {
        let send = async |id: &str| {
            let path = format!("/v1/posts/{id}{rest}");
            let call = world.api.call(method.clone(), path).by(&stranger);
            let call = call.header("if-match", "\"1\"");
            let call = match body {
                Some(body) => call.json(body),
                None => call,
            };
            call.send().await.expect_problem(404, "not_found")
        };
        let (foreign, random) = (send(&id).await, send(&absent).await);
        assert_eq!(
            without_instance(foreign.body),
            without_instance(random.body),
            "{method} {rest}"
        );
    }
    assert_eq!(world.read(&id).await.body, made.body);
}

#[tokio::test]
async fn foreign_account_or_medium_in_a_body_is_answered_like_an_absent_one() {
    let world = World::new().await;
    let image = world.image().await;
    let stranger = world.stranger().await;
    let create = async |account: &Value, media: &Value| {
        let body = json!({
            "when": { "draft": true },
            "base": { "text": "x", "media": [media] },
            "targets": [{ "account_id": account }],
        });
        let call = world.api.post("/v1/posts").by(&stranger).json(&body);
        call.send().await.expect_problem(404, "not_found")
    };

    let foreign = create(&json!(world.account), &json!(image)).await;
    let random = create(
        &json!(AccountId::generate(world.table.ids())),
        &json!(MediaId::generate(world.table.ids())),
    )
    .await;

    assert_eq!(
        pointers(&foreign),
        ["/base/media/0", "/targets/0/account_id"]
    );
    assert_eq!(
        without_instance(foreign.body),
        without_instance(random.body)
    );
    assert_eq!(world.uses(image).await, 0);
}

#[tokio::test]
async fn f_14_list_of_a_foreign_account_is_answered_like_that_of_an_absent_one() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let range = "from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z";

    for filter in ["", range] {
        let list = async |account: AccountId| {
            let path = format!("/v1/posts?account={account}&{filter}");
            let answer = world.api.get(path).by(&stranger).send().await;
            answer.expect_problem(404, "not_found").body
        };
        let foreign = list(world.account).await;
        let random = list(AccountId::generate(world.table.ids())).await;
        assert_eq!(without_instance(foreign), without_instance(random));
        let path = format!("/v1/posts?account={}&{filter}", world.account);
        world.get(path).await.expect(200);
    }
}

#[tokio::test]
async fn foreign_lists_and_cursors_do_not_mix() {
    let world = World::new().await;
    for _ in 0..3 {
        world.made(&world.a_draft()).await;
    }
    let stranger = world.stranger().await;
    let page = world.get("/v1/posts?limit=1").await.expect(200);
    let cursor = page.body["next"].as_str().unwrap();

    let list = world
        .api
        .get("/v1/posts")
        .by(&stranger)
        .send()
        .await
        .expect(200);
    assert_eq!(list.body["items"], json!([]));
    let path = format!("/v1/posts?limit=1&cursor={cursor}");
    let foreign = world.api.get(path).by(&stranger).send().await;
    foreign.expect_problem(400, "invalid_cursor");
}

#[tokio::test]
async fn target_of_another_post_is_unknown_to_this_one() {
    let world = World::new().await;
    let one = world
        .create(&world.at("2026-12-01T09:00:00Z"))
        .await
        .expect(201);
    let two = world.made(&world.at("2026-12-01T09:00:00Z")).await;

    let act = json!({ "targets": [one.body["targets"][0]["id"]] });
    let answer = world
        .act_with(&two, "cancel", &act)
        .await
        .expect_problem(404, "not_found");

    assert_eq!(pointers(&answer), ["/targets/0"]);
}

#[tokio::test]
async fn nobody_gets_anything_without_a_credential() {
    let world = World::new().await;

    for path in ["/v1/posts", "/v1/calendar?from=2026-12-01&to=2026-12-02"] {
        let answer = world.api.get(path).send().await;
        answer.expect_problem(401, "unauthenticated");
    }
}
