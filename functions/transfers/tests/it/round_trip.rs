//! What was exported, imported and exported again is what it was.

use domain::delivery::State;
use proptest::prelude::*;
use serde_json::Value;

use crate::bundle::Bundle;
use crate::world::{PIXELS, PostPlan, World};

/// The records of an export but those of the tenant and its members, with a number in the place of each id.
fn without_ids(bundle: &Bundle) -> Vec<Value> {
    let mut text = String::new();
    for kind in ["account", "account_group", "role", "media", "post"] {
        for mut record in bundle.records(kind) {
            let record = record.as_object_mut().unwrap();
            // Whoever imports has made all of it.
            record.remove("created_by");
            record.remove("connected_by");
            text += &serde_json::to_string(record).unwrap();
            text.push('\n');
        }
    }
    for prefix in ["acc", "grp", "rol", "med", "post", "dlv"] {
        let mut number = 0;
        while let Some(at) = text.find(&format!("{prefix}_0")) {
            let id = text[at..at + prefix.len() + 27].to_owned();
            number += 1;
            text = text.replace(&id, &format!("{prefix}-{number}"));
        }
    }
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The same record after an import: accounts of the past are connected nowhere, what waited is a draft, and of what may be
/// out somebody is asked.
fn as_imported(mut record: Value) -> Value {
    if record["type"] == "account" {
        record["state"] = "disconnected".into();
    }
    if record["type"] != "post" {
        return record;
    }
    for target in record["targets"].as_array_mut().unwrap() {
        match target["state"].as_str().unwrap() {
            "draft" | "scheduled" | "held" => {
                target["state"] = "draft".into();
                target["due_at"] = Value::Null;
            }
            "publishing" => target["state"] = "outcome_unknown".into(),
            _ => {}
        }
    }
    let mut targets = record["targets"].as_array().unwrap().iter();
    if targets.all(|target| target["state"] == "draft") {
        record["when"] = Value::Null;
    }
    record
}

/// Of media that came with an import the facts are proven; of those that a test made they are what it says.
fn without_facts(mut record: Value) -> Value {
    if record["type"] == "media" {
        record["facts"] = Value::Null;
    }
    record
}

fn plans() -> impl Strategy<Value = Vec<PostPlan>> {
    let state = proptest::sample::select(vec![
        State::Draft,
        State::Scheduled,
        State::Held,
        State::Calling,
        State::Uncertain,
        State::Asking,
        State::Published,
        State::HandedOver,
        State::Failed,
        State::Cancelled,
        State::Missed,
    ]);
    let targets = proptest::collection::vec(state, 1..3);
    let plan = ("[a-zA-Z äß☃]{1,40}", targets, any::<bool>());
    let plan = plan.prop_map(|(text, states, has_media)| PostPlan {
        text,
        states,
        has_media,
    });
    proptest::collection::vec(plan, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn export_of_an_import_equals_the_export_that_was_imported_modulo_ids(plans in plans()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let ada = world.owner("ada@example.com").await;
            let bob = world.owner("bob@example.com").await;
            let eve = world.owner("eve@example.com").await;
            world.furnish(&ada, PIXELS, &plans).await;

            world.moved(&ada, &bob).await;
            world.moved(&bob, &eve).await;

            let before = Bundle::of_volumes(&world.exported(&ada).await);
            let first = Bundle::of_volumes(&world.exported(&bob).await);
            let second = Bundle::of_volumes(&world.exported(&eve).await);
            let imported = without_ids(&before).into_iter().map(as_imported);
            let imported: Vec<Value> = imported.map(without_facts).collect();
            let found: Vec<Value> = without_ids(&first).into_iter().map(without_facts).collect();
            assert_eq!(imported, found);
            assert_eq!(without_ids(&first), without_ids(&second));
            let is_picture = |name: &&String| name.starts_with("media/");
            assert_eq!(before.files.keys().filter(is_picture).count(), 1);
        });
    }
}
