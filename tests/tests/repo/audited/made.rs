//! Events that wait to be sealed, as they are stored.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::{Actor, Owner, Subject};
use serde_json::{Value, json};
use tests::product::Product;

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Made {
    pub(super) owner: Owner,
    pub(super) kind: String,
    pub(super) actor: Actor,
    pub(super) subject: Subject,
}

/// The keys of an event's item.
pub(super) type Place = (String, String);

/// Where the events are that wait to be sealed.
pub(super) async fn waiting(product: &Product) -> BTreeSet<Place> {
    let mut waiting = BTreeSet::new();
    for shard in 0..product.table.system().shards() {
        let query = product.client.query();
        let query = query.table_name(&product.table.settings().name);
        let query = query.index_name("by_attention");
        let query = query.key_condition_expression("att_shard = :shard");
        let partition = AttributeValue::S(format!("A#{shard:03}"));
        let query = query.expression_attribute_values(":shard", partition);
        let entries = query.into_paginator().items().send();
        let entries: Result<Vec<_>, _> = entries.collect().await;
        for entry in entries.unwrap() {
            if text(&entry, "kind") == "seal" {
                waiting.insert((text(&entry, "PK"), text(&entry, "SK")));
            }
        }
    }
    waiting
}

/// The event at a place.
pub(super) async fn made(product: &Product, (partition, sort): &Place) -> Made {
    let get = product.client.get_item();
    let get = get.table_name(&product.table.settings().name);
    let get = get.key("PK", AttributeValue::S(partition.clone()));
    let get = get.key("SK", AttributeValue::S(sort.clone()));
    let item = get.send().await.unwrap().item.unwrap();
    let owner = match item.get("ten") {
        Some(_) => Owner::Tenant(text(&item, "ten").parse().unwrap()),
        None => Owner::User(text(&item, "user").parse().unwrap()),
    };
    Made {
        owner,
        kind: text(&item, "event"),
        actor: serde_json::from_value(json_of(&item["actor"])).unwrap(),
        subject: serde_json::from_value(json_of(&item["subject"])).unwrap(),
    }
}

fn text(item: &HashMap<String, AttributeValue>, name: &str) -> String {
    item[name].as_s().unwrap().clone()
}

/// What an event has that is looked at here: texts, in lists and maps.
fn json_of(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!(text),
        AttributeValue::L(values) => values.iter().map(json_of).collect(),
        AttributeValue::M(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), json_of(value)))
            .collect(),
        _ => Value::Null,
    }
}
