//! All that is stored, and what a call changed of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest,
};
use tests::recorder::Key;

use crate::ids;

/// Keys of one batch that is read.
const READ_AT_ONCE: usize = 100;
/// Hashes and secrets in keys are at least as long.
const HASH: usize = 43;
/// Items of one batch that is written.
const WRITTEN_AT_ONCE: usize = 25;

type Item = HashMap<String, AttributeValue>;

/// Every item of the table by its key, or some of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored(BTreeMap<Key, Item>);

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

    /// Reads the items with these keys.
    pub(crate) async fn read_only(client: &Client, table: &str, keys: &BTreeSet<Key>) -> Self {
        let mut items = BTreeMap::new();
        let keys: Vec<Item> = keys.iter().map(key_item).collect();
        for keys in keys.chunks(READ_AT_ONCE) {
            let wanted = KeysAndAttributes::builder().set_keys(Some(keys.to_vec()));
            let wanted = wanted.consistent_read(true).build().unwrap();
            let read = client.batch_get_item().request_items(table, wanted);
            let answer = read.send().await.unwrap();
            assert!(answer.unprocessed_keys.is_none_or(|keys| keys.is_empty()));
            for item in answer.responses.unwrap().remove(table).unwrap_or_default() {
                items.insert((text(&item, "PK"), text(&item, "SK")), item);
            }
        }
        Self(items)
    }

    /// Those of the items that have these keys.
    pub(crate) fn only(&self, keys: &BTreeSet<Key>) -> Self {
        let items = keys.iter().filter_map(|key| self.0.get_key_value(key));
        Self(
            items
                .map(|(key, item)| (key.clone(), item.clone()))
                .collect(),
        )
    }

    /// Partition and sort key of every item that has this text anywhere.
    pub(crate) fn mentioning(&self, wanted: &str) -> Vec<String> {
        let items = self.0.iter();
        let found = items.filter(|(key, item)| format!("{key:?} {item:?}").contains(wanted));
        found.map(|((pk, sk), _)| format!("{pk} {sk}")).collect()
    }

    /// Every item with its key, as text; bytes are in hex.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|((pk, sk), item)| {
            let attributes = item.iter().map(|(name, value)| match value {
                AttributeValue::B(bytes) => format!("{name} = {}", hex::encode(bytes)),
                other => format!("{name} = {other:?}"),
            });
            let attributes: Vec<String> = attributes.collect();
            (format!("{pk} {sk}"), attributes.join("\n"))
        })
    }

    /// The names of an item's attributes, in their order.
    pub(crate) fn attributes(&self, partition: &str, sort: &str) -> Vec<&str> {
        let item = &self.0[&(partition.to_owned(), sort.to_owned())];
        let mut names: Vec<&str> = item.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
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
        let mut writes = Vec::new();
        for (key, item) in &self.0 {
            if now.0.get(key) != Some(item) {
                let put = PutRequest::builder().set_item(Some(item.clone())).build();
                writes.push(WriteRequest::builder().put_request(put.unwrap()).build());
            }
        }
        for key in now.0.keys().filter(|key| !self.0.contains_key(*key)) {
            let delete = DeleteRequest::builder().set_key(Some(key_item(key)));
            let delete = delete.build().unwrap();
            writes.push(WriteRequest::builder().delete_request(delete).build());
        }
        for writes in writes.chunks(WRITTEN_AT_ONCE) {
            let write = client.batch_write_item();
            let write = write.request_items(table, writes.to_vec());
            let answer = write.send().await.unwrap();
            assert!(answer.unprocessed_items.is_none_or(|left| left.is_empty()));
        }
    }
}

impl Change {
    /// What is done to which item, without the hashes in its key, and which event it is.
    pub(crate) fn act(&self) -> String {
        let key = self.to_string();
        let words = key.split([' ', '#']);
        let words = words.filter(|word| word.len() < HASH || ids::is_id(word));
        let event = self.after.as_ref().map(|item| text(item, "event"));
        format!(
            "{} {}",
            words.collect::<Vec<_>>().join(" "),
            event.unwrap_or_default()
        )
    }

    /// Whether the item has this text anywhere now.
    pub(crate) fn mentions(&self, wanted: &str) -> bool {
        let after = self.after.as_ref();
        after.is_some_and(|item| format!("{item:?}").contains(wanted))
    }

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

fn key_item((partition, sort): &Key) -> Item {
    HashMap::from([
        ("PK".to_owned(), AttributeValue::S(partition.clone())),
        ("SK".to_owned(), AttributeValue::S(sort.clone())),
    ])
}

fn text(item: &Item, name: &str) -> String {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default()
}
