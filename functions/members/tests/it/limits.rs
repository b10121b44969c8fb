//! How many roles and account groups a tenant can have.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::app::App;

/// Places that are left when 64 come at once.
const LEFT: u64 = 10;

impl App {
    /// As if there were so many already.
    async fn count(&self, counter: &str, number: u64) {
        let settings = self.table.settings();
        let update = self.client.update_item().table_name(&settings.name);
        let partition = format!("T#{}", self.owner.tenant);
        update
            .key("PK", AttributeValue::S(partition))
            .key("SK", AttributeValue::S(format!("USE#{counter}")))
            .update_expression("SET used = :used")
            .expression_attribute_values(":used", AttributeValue::N(number.to_string()))
            .send()
            .await
            .unwrap();
    }

    /// Of 64 at once, and of some after them, as many are made as there were places; a place that is given back is free.
    async fn fills(&self, path: &str, body: impl Fn(usize) -> Value) {
        let bodies: Vec<Value> = (0..64 + 12).map(&body).collect();
        let made = join_all(
            bodies[..64]
                .iter()
                .map(|body| self.post(&self.owner, path, body)),
        );
        let mut answers = made.await;
        for body in &bodies[64..] {
            answers.push(self.post(&self.owner, path, body).await);
        }
        let made: Vec<_> = answers.iter().filter(|one| one.status == 201).collect();
        for refused in answers.iter().filter(|one| one.status != 201) {
            // In such a crowd somebody may have no turn.
            let status = refused.status.as_u16();
            assert!([402, 503].contains(&status), "{}", refused.body);
        }
        assert_eq!(u64::try_from(made.len()).unwrap(), LEFT);

        let id = made[0].body["id"].as_str().unwrap();
        let one = format!("{path}/{id}");
        self.delete(&self.owner, &one).await.expect(204);
        let instead = self.post(&self.owner, path, &body(76)).await;
        instead.expect(201);
        let further = self.post(&self.owner, path, &body(77)).await;
        further.expect_problem(402, "plan_limit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn id_39_roles_are_not_more_than_their_limit_when_64_are_made_at_once() {
    let app = App::new().await;
    app.count("ROLES", domain::membership::ROLES_MAX - LEFT)
        .await;

    let body = |number| json!({ "name": format!("Role {number}"), "permissions": ["read_posts"] });
    app.fills("/v1/roles", body).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn id_39_account_groups_are_not_more_than_their_limit_when_64_are_made_at_once() {
    let app = App::new().await;
    let most = domain::membership::ACCOUNT_GROUPS_MAX;
    app.count("GROUPS", most - LEFT).await;

    let body = |number| json!({ "name": format!("Group {number}"), "account_ids": [] });
    app.fills("/v1/account-groups", body).await;
}
