//! What a function asks of the table, as its role sees it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

use crate::policy::TableCall;

/// The calls of all functions. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Recorded>>);

/// Partition and sort key of an item.
pub type Key = (String, String);

#[derive(Debug, Default)]
struct Recorded {
    calls: BTreeSet<(&'static str, TableCall)>,
    written: BTreeSet<Key>,
}

/// Records the calls of one function's client.
#[derive(Clone, Debug)]
pub struct Recording {
    function: &'static str,
    recorder: Recorder,
}

impl Recorder {
    /// For the client of a function.
    pub fn of(&self, function: &'static str) -> Recording {
        Recording {
            function,
            recorder: self.clone(),
        }
    }

    /// What was asked so far, each once.
    pub fn calls(&self) -> Vec<(&'static str, TableCall)> {
        self.0.lock().unwrap().calls.iter().cloned().collect()
    }

    /// The items that functions have asked to write since this was last called, whether or not the table let them.
    pub fn take_written(&self) -> BTreeSet<Key> {
        std::mem::take(&mut self.0.lock().unwrap().written)
    }
}

impl Intercept for Recording {
    fn name(&self) -> &'static str {
        "recording"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit_once('.').map_or(target, |(_, name)| name);
        let body = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
        let calls = calls(operation, &body);
        let mut recorded = self.recorder.0.lock().unwrap();
        let calls = calls.into_iter().map(|call| (self.function, call));
        recorded.calls.extend(calls);
        recorded.written.extend(written(operation, &body));
        Ok(())
    }
}

/// A transaction is checked write by write, every other call as a whole.
fn calls(operation: &str, body: &Value) -> Vec<TableCall> {
    let call = |action: &str, keys: Vec<String>| TableCall {
        action: format!("dynamodb:{action}"),
        index: body["IndexName"].as_str().map(str::to_owned),
        keys,
        ..TableCall::default()
    };
    let naming = |call: TableCall, write: &Value| TableCall {
        attributes: attributes(write),
        returns: returns(write),
        ..call
    };
    match operation {
        "TransactWriteItems" => {
            let writes = body["TransactItems"].as_array().unwrap().iter();
            let write = |write: &Value| {
                let (verb, write) = write.as_object().unwrap().iter().next().unwrap();
                let action = match verb.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    verb => format!("{verb}Item"),
                };
                naming(call(&action, vec![partition(write)]), write)
            };
            writes.map(write).collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().unwrap().values();
            let keys = tables.flat_map(|table| table["Keys"].as_array().unwrap());
            let keys = keys.map(|key| key["PK"]["S"].as_str().unwrap().to_owned());
            vec![call(operation, keys.collect())]
        }
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().unwrap().values();
            let writes = tables.flat_map(|table| table.as_array().unwrap());
            let write =
                |write: &Value| partition(write.as_object().unwrap().values().next().unwrap());
            vec![call(operation, writes.map(write).collect())]
        }
        // The store names the partition first.
        "Query" => {
            let partition = body["ExpressionAttributeValues"][":0"]["S"].as_str();
            vec![call(operation, vec![partition.unwrap().to_owned()])]
        }
        _ => vec![naming(call(operation, vec![partition(body)]), body)],
    }
}

/// The attributes that a call about one item names: in the key, in the item, and in expressions, all of which the store
/// writes with places for names.
fn attributes(call: &Value) -> Vec<String> {
    let places = ["Key", "Item"].map(|place| &call[place]).into_iter();
    let stored =
        places.flat_map(|place| place.as_object().into_iter().flat_map(|item| item.keys()));
    let names = call["ExpressionAttributeNames"].as_object().into_iter();
    let named = names.flat_map(|names| names.values().filter_map(Value::as_str));
    let all: BTreeSet<&str> = stored.map(String::as_str).chain(named).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// What it asks to be told, also of an item that refuses it.
fn returns(call: &Value) -> Option<String> {
    let places = ["ReturnValues", "ReturnValuesOnConditionCheckFailure"];
    let mut asked = places.iter().filter_map(|place| call[place].as_str());
    asked.find(|asked| *asked != "NONE").map(str::to_owned)
}

fn written(operation: &str, body: &Value) -> Vec<Key> {
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => vec![key(body)],
        "TransactWriteItems" => {
            let writes = body["TransactItems"].as_array().unwrap().iter();
            let writes = writes.flat_map(|write| write.as_object().unwrap());
            let writes = writes.filter(|(verb, _)| *verb != "ConditionCheck");
            writes.map(|(_, write)| key(write)).collect()
        }
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().unwrap().values();
            let writes = tables.flat_map(|table| table.as_array().unwrap());
            let writes = writes.flat_map(|write| write.as_object().unwrap());
            writes.map(|(_, write)| key(write)).collect()
        }
        _ => Vec::new(),
    }
}

fn key(write: &Value) -> Key {
    let mut item = ["Key", "Item"].into_iter().map(|place| &write[place]);
    let item = item.find(|item| item.is_object()).unwrap();
    let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (text("PK"), text("SK"))
}

fn partition(write: &Value) -> String {
    let key = ["Key", "Item"].into_iter().map(|place| &write[place]);
    let mut keys = key.filter_map(|key| key["PK"]["S"].as_str());
    keys.next().unwrap_or_default().to_owned()
}
