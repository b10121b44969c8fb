//! All that is stored, and what a call changed of it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

type Item = HashMap<String, AttributeValue>;

/// Every item of the table by its key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored(BTreeMap<(String, String), Item>);

/// One item that a call made, changed or removed.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) partition: String,
    sort: String,
    before: Option<Item>,
    after: Option<Item>,
}

impl Stored {
    /// Reads the whole table.
    pub(crate) async fn read(client: &Client, table: &str) -> Self {
        let mut items = BTreeMap::new();
        let mut start = None;
        loop {
            let scan = client.scan().table_name(table).consistent_read(true);
            let page = scan.set_exclusive_start_key(start).send().await.unwrap();
            for item in page.items.unwrap_or_default() {
                items.insert((text(&item, "PK"), text(&item, "SK")), item);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Self(items);
            }
        }
    }

    /// Partition and sort key of every item that has this text anywhere.
    pub(crate) fn mentioning(&self, wanted: &str) -> Vec<String> {
        let items = self.0.iter();
        let found = items.filter(|(key, item)| format!("{key:?} {item:?}").contains(wanted));
        found.map(|((pk, sk), _)| format!("{pk} {sk}")).collect()
    }

    /// Partition and sort key of every item whose key begins so.
    pub(crate) fn beginning(&self, wanted: &str) -> Vec<String> {
        let keys = self.0.keys().map(|(pk, sk)| format!("{pk} {sk}"));
        keys.filter(|key| key.starts_with(wanted)).collect()
    }

    /// The items of a tenant.
    pub(crate) fn of(&self, tenant: &str) -> Self {
        let mut items = self.0.clone();
        items.retain(|(pk, _), _| pk.contains(tenant));
        Self(items)
    }

    /// What is different in `later`. Counters of limits are left out: they are of nobody.
    pub(crate) fn changes(&self, later: &Self) -> Vec<Change> {
        let mut keys: Vec<_> = self.0.keys().chain(later.0.keys()).collect();
        keys.sort();
        keys.dedup();
        keys.into_iter()
            .filter(|(partition, _)| !partition.starts_with("X#RL#"))
            .filter(|key| self.0.get(*key) != later.0.get(*key))
            .map(|key| Change {
                partition: key.0.clone(),
                sort: key.1.clone(),
                before: self.0.get(key).cloned(),
                after: later.0.get(key).cloned(),
            })
            .collect()
    }

    /// Makes the table what it was, given what it is.
    pub(crate) async fn restore(&self, client: &Client, table: &str, now: &Self) {
        for (key, item) in &self.0 {
            if now.0.get(key) != Some(item) {
                let put = client.put_item().table_name(table);
                put.set_item(Some(item.clone())).send().await.unwrap();
            }
        }
        for (partition, sort) in now.0.keys().filter(|key| !self.0.contains_key(*key)) {
            let delete = client.delete_item().table_name(table);
            delete
                .key("PK", AttributeValue::S(partition.clone()))
                .key("SK", AttributeValue::S(sort.clone()))
                .send()
                .await
                .unwrap();
        }
    }
}

impl Change {
    /// Whether it is the line about a refusal in the audit log of this tenant.
    pub(crate) fn is_denial_in(&self, tenant: &str) -> bool {
        let is_line = |item: &Item| text(item, "event") == "access.denied";
        self.partition == format!("T#{tenant}#EVT")
            && self.before.is_none()
            && self.after.as_ref().is_some_and(is_line)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match (&self.before, &self.after) {
            (None, _) => "made",
            (_, None) => "removed",
            (Some(_), Some(_)) => "changed",
        };
        write!(f, "{verb} {} {}", self.partition, self.sort)
    }
}

fn text(item: &Item, name: &str) -> String {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default()
}
