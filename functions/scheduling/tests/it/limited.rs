//! Members who are limited to account groups: other accounts, and posts on them, do not exist for them.

use std::collections::BTreeSet;

use domain::AccountId;
use domain::membership::{AccountLimit, Role};
use serde_json::{Value, json};
use testkit::http::{account_group, colleague};
use testkit::{Answer, TestMember};

use crate::world::World;

impl World {
    async fn limited_to(&self, accounts: &[AccountId]) -> TestMember {
        let group = account_group(&self.table, &self.clock, &self.owner, accounts).await;
        let limit = AccountLimit::Groups(BTreeSet::from([group]));
        let role = Role::Editor.into();
        colleague(&self.table, &self.clock, &self.owner, role, limit).await
    }

    async fn get_by(&self, member: &TestMember, path: &str) -> Answer {
        self.api.get(path).by(member).send().await
    }

    async fn ids_by(&self, member: &TestMember, path: &str) -> Vec<Value> {
        let list = self.get_by(member, path).await.expect(200).body;
        let items = list["items"].as_array().unwrap().iter();
        items.map(|card| card["id"].clone()).collect()
    }

    fn on(accounts: &[AccountId]) -> Value {
        let targets: Vec<Value> = accounts
            .iter()
            .map(|account| json!({ "account_id": account }))
            .collect();
        json!({
            "when": { "at": "2026-12-02T09:00:00Z" },
            "base": { "text": "The engine weaves algebraic patterns." },
            "targets": targets,
        })
    }
}

#[tokio::test]
async fn limited_member_sees_posts_on_their_accounts_only() {
    let world = World::new().await;
    let theirs = world.another_account("theirs").await;
    let client = world.limited_to(&[theirs]).await;
    let mine = world.made(&World::on(&[theirs])).await;
    let other = world.made(&World::on(&[world.account])).await;
    let both = world.made(&World::on(&[theirs, world.account])).await;
    let range = "from=2026-12-01T00:00:00Z&to=2026-12-03T00:00:00Z";

    for list in [
        "/v1/posts".to_owned(),
        format!("/v1/posts?account={theirs}"),
        format!("/v1/posts?{range}"),
        format!("/v1/calendar?{range}&zone=UTC"),
    ] {
        let seen = world.ids_by(&client, &list).await;
        assert_eq!(seen, [json!(mine)], "{list}");
        assert!(!world.ids_by(&world.owner, &list).await.is_empty());
    }
    let of_other = format!("/v1/posts?account={}", world.account);
    let answer = world.get_by(&client, &of_other).await;
    answer.expect_problem(404, "not_found");
    assert!(!world.ids_by(&world.owner, &of_other).await.is_empty());
    let path = format!("/v1/posts/{mine}");
    world.get_by(&client, &path).await.expect(200);
    for hidden in [&other, &both] {
        for path in [
            format!("/v1/posts/{hidden}"),
            format!("/v1/posts/{hidden}/timeline"),
        ] {
            let answer = world.get_by(&client, &path).await;
            answer.expect_problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn limited_member_acts_on_posts_of_their_accounts_only() {
    let world = World::new().await;
    let theirs = world.another_account("theirs").await;
    let client = world.limited_to(&[theirs]).await;
    let mine = world.made(&World::on(&[theirs])).await;
    let both = world.made(&World::on(&[theirs, world.account])).await;

    for act in [
        "hold",
        "resume",
        "unschedule",
        "cancel",
        "retry",
        "duplicate",
    ] {
        let path = format!("/v1/posts/{both}/{act}");
        let call = world.api.post(&path).by(&client).json(&json!({}));
        call.send().await.expect_problem(404, "not_found");
    }
    let path = format!("/v1/posts/{both}");
    let edit = json!({ "tags": ["x"] });
    let call = world.api.patch(&path).by(&client).json(&edit);
    let answer = call.header("if-match", "\"1\"").send().await;
    answer.expect_problem(404, "not_found");
    let call = world.api.delete(&path).by(&client);
    call.send().await.expect_problem(404, "not_found");
    assert_eq!(world.stored(&both).await.post.version, 1);
    let path = format!("/v1/posts/{mine}/hold");
    let call = world.api.post(&path).by(&client).json(&json!({}));
    call.send().await.expect(200);
}

#[tokio::test]
async fn limited_member_posts_to_their_accounts_only() {
    let world = World::new().await;
    let theirs = world.another_account("theirs").await;
    let client = world.limited_to(&[theirs]).await;
    let create = async |body: &Value| {
        let call = world.api.post("/v1/posts").by(&client).json(body);
        call.send().await
    };

    let refused = create(&World::on(&[theirs, world.account])).await;
    let refused = refused.expect_problem(404, "not_found");
    assert_eq!(
        refused.body["errors"][0]["pointer"],
        "/targets/1/account_id"
    );
    let made = create(&World::on(&[theirs])).await.expect(201).body;
    let path = format!("/v1/posts/{}", made["id"].as_str().unwrap());
    let targets = json!({ "targets": [{ "account_id": world.account }] });
    let call = world.api.patch(&path).by(&client).json(&targets);
    let answer = call.header("if-match", "\"1\"").send().await;
    answer.expect_problem(404, "not_found");
}
