//! What people do once a publishing call has gone wrong.

use serde_json::{Value, json};
use testkit::{Behaviour, FakeNetwork};
use tests::people;

use super::story::{Story, id};

/// Minutes after which nobody looks any more: the last of all looks is 73 minutes after the call.
const PATIENCE: u32 = 240;

pub(super) async fn outcomes(story: &mut Story) {
    story.cookie = people::enter(&story.product, "joan").await;
    let own = json!({ "name": "Looms", "time_zone": "UTC" });
    story.act("POST /v1/tenants", &[], &own).await;
    let named = json!({ "network": FakeNetwork::ID, "credentials": { "identifier": "joan" } });
    let account = id(&story.act("POST /v1/accounts", &[], &named).await);

    let failed = published(story, &account, Behaviour::Rejects, "failed").await;
    story
        .act("POST /v1/posts/{id}/retry", &[&id(&failed)], &json!({}))
        .await;

    let lost = published(story, &account, Behaviour::LosesAnswer, "outcome_unknown").await;
    let found = json!({ "outcome": "published" });
    let ids = [id(&lost), id(&lost["targets"][0])];
    let resolve = "POST /v1/posts/{id}/targets/{target}/resolve";
    story.act(resolve, &[&ids[0], &ids[1]], &found).await;
}

/// A post that went out now, with what became of it.
async fn published(story: &mut Story, account: &str, by: Behaviour, state: &str) -> Value {
    // What is still under way is answered before.
    story.minutes(1).await;
    story.network.script([by]);
    let post = json!({
        "when": { "now": true },
        "base": { "text": format!("To be {state}") },
        "targets": [{ "account_id": account }],
    });
    let post = id(&story.act("POST /v1/posts", &[], &post).await);
    for _ in 0..PATIENCE {
        story.minutes(1).await;
        let read = story.read(&format!("/v1/posts/{post}")).await;
        if read["targets"][0]["state"] == state {
            return read;
        }
    }
    panic!("it never became {state}");
}
