//! The places of a body: where texts stand, and where objects do.

use serde_json::Value;

use crate::document::{Document, kind, says_id};

/// A schema that contains itself is followed this far.
const DEPTH: usize = 6;

/// A step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Item,
}

/// A place in a body.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) steps: Vec<Step>,
    /// Whether its schema says that an id stands there.
    pub(crate) says_id: bool,
    is_object: bool,
    is_text: bool,
}

impl Place {
    /// The JSON pointer to it in a value that has one item in every list.
    pub(crate) fn pointer(&self) -> String {
        let step = |step: &Step| match step {
            Step::Member(name) => format!("/{name}"),
            Step::Item => "/0".to_owned(),
        };
        self.steps.iter().map(step).collect()
    }
}

/// Everywhere that a text can stand.
pub(crate) fn texts(document: &Document, schema: &Value) -> Vec<Place> {
    let places = all(document, schema).into_iter();
    places.filter(|place| place.is_text).collect()
}

/// Everywhere that an object with named members stands, the body itself included.
pub(crate) fn objects(document: &Document, schema: &Value) -> Vec<Place> {
    let places = all(document, schema).into_iter();
    places.filter(|place| place.is_object).collect()
}

fn all(document: &Document, schema: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    collect(document, schema, "", &[], &mut found);
    found
}

fn collect(
    document: &Document,
    schema: &Value,
    name: &str,
    steps: &[Step],
    found: &mut Vec<Place>,
) {
    if steps.len() > DEPTH {
        return;
    }
    let resolved = document.resolve(schema);
    let members = document.members(schema);
    let below = |step: Step| [steps, &[step]].concat();
    let is_text = kind(resolved) == "string" && !resolved["enum"].is_array();
    found.push(Place {
        steps: steps.to_vec(),
        says_id: is_text && (says_id(name, schema) || says_id(name, resolved)),
        is_object: !members.is_empty(),
        is_text,
    });
    for (name, member) in &members {
        collect(
            document,
            member,
            name,
            &below(Step::Member(name.clone())),
            found,
        );
    }
    if kind(resolved) == "array" {
        let first = found.len();
        collect(
            document,
            &resolved["items"],
            name,
            &below(Step::Item),
            found,
        );
        // A list says of its items what they are.
        if let Some(item) = found.get_mut(first).filter(|item| item.is_text) {
            item.says_id |= says_id(name, resolved);
        }
    }
}

/// Puts a value at a place, and makes what must be around it.
pub(crate) fn put(
    document: &Document,
    schema: &Value,
    body: &mut Value,
    steps: &[Step],
    new: Value,
) {
    let Some((step, rest)) = steps.split_first() else {
        *body = new;
        return;
    };
    match step {
        Step::Member(name) => {
            let member = document.members(schema)[name].clone();
            let object = body.as_object_mut().unwrap();
            let value = object.entry(name.clone()).or_insert_with(|| match rest {
                [] => Value::Null,
                _ => document.sample(name, &member),
            });
            put(document, &member, value, rest, new);
        }
        Step::Item => {
            let item = document.resolve(schema)["items"].clone();
            let list = body.as_array_mut().unwrap();
            if list.is_empty() {
                list.push(match rest {
                    [] => Value::Null,
                    _ => document.sample("", &item),
                });
            }
            put(document, &item, &mut list[0], rest, new);
        }
    }
}
