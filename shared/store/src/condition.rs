//! Conditions and updates as values, and the expressions that DynamoDB takes.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::OperationId;

use crate::attribute::{Attributes, text};
use crate::item::OPERATION;
use crate::key::Key;
use crate::schema::PK;

/// What must hold for a write.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Exists(&'static str),
    Absent(&'static str),
    Equals(&'static str, AttributeValue),
    Differs(&'static str, AttributeValue),
    AtMost(&'static str, AttributeValue),
    Below(&'static str, AttributeValue),
    Above(&'static str, AttributeValue),
    In(&'static str, Vec<AttributeValue>),
}

impl Condition {
    /// The item exists.
    pub(crate) fn item_exists() -> Self {
        Self::Exists(PK)
    }

    /// The item does not exist.
    pub(crate) fn item_absent() -> Self {
        Self::Absent(PK)
    }
}

/// One change of an item.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Set(&'static str, AttributeValue),
    Add(&'static str, AttributeValue),
    Remove(&'static str),
}

/// One write, alone or in a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) key: Key,
    pub(crate) kind: WriteKind,
    pub(crate) condition: Option<Condition>,
    /// Whether it asks for nothing of the item where a transaction refuses it.
    pub(crate) is_silent: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum WriteKind {
    Put(Attributes),
    Update(Vec<Action>),
    Delete,
    /// Nothing: the transaction holds only while the condition does.
    Check,
}

impl Write {
    /// Stores the item whether or not there is one.
    pub(crate) fn put(key: Key, attributes: Attributes) -> Self {
        Self {
            key,
            kind: WriteKind::Put(attributes),
            condition: None,
            is_silent: false,
        }
    }

    pub(crate) fn update(key: Key, actions: Vec<Action>) -> Self {
        Self {
            key,
            kind: WriteKind::Update(actions),
            condition: None,
            is_silent: false,
        }
    }

    pub(crate) fn delete(key: Key) -> Self {
        Self {
            key,
            kind: WriteKind::Delete,
            condition: None,
            is_silent: false,
        }
    }

    /// No write: a transaction that has it happens only while the condition holds. Asks for less than an update does.
    pub(crate) fn check(key: Key, condition: Condition) -> Self {
        Self {
            key,
            kind: WriteKind::Check,
            condition: Some(condition),
            is_silent: false,
        }
    }

    pub(crate) fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Asks for nothing of the item where a transaction refuses it, as a role may demand (`dynamodb:ReturnValues`).
    pub(crate) fn silently(mut self) -> Self {
        self.is_silent = true;
        self
    }

    /// The write with the operation that makes its own success recognisable.
    pub(crate) fn stamped(mut self, operation: OperationId) -> Self {
        match &mut self.kind {
            WriteKind::Put(attributes) => {
                attributes.insert(OPERATION.to_owned(), text(operation));
            }
            WriteKind::Update(actions) => {
                let adds = actions
                    .iter()
                    .any(|action| matches!(action, Action::Add(_, _)));
                actions.push(Action::Set(OPERATION, text(operation)));
                if adds {
                    self.condition = Some(unless_done(operation, self.condition.take()));
                }
            }
            WriteKind::Delete | WriteKind::Check => {}
        }
        self
    }
}

/// What adds to a number is not done twice: its own condition may hold again after it.
fn unless_done(operation: OperationId, condition: Option<Condition>) -> Condition {
    let is_new = Condition::Any(vec![
        Condition::Absent(OPERATION),
        Condition::Differs(OPERATION, text(operation)),
    ]);
    Condition::All(condition.into_iter().chain([is_new]).collect())
}

/// Expressions with their placeholders.
#[derive(Debug, Default)]
pub(crate) struct Expressions {
    names: BTreeSet<&'static str>,
    values: HashMap<String, AttributeValue>,
}

impl Expressions {
    /// The text of a condition.
    pub(crate) fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::All(conditions) => self.joined(conditions, " AND "),
            Condition::Any(conditions) => self.joined(conditions, " OR "),
            Condition::Exists(name) => format!("attribute_exists({})", self.name(name)),
            Condition::Absent(name) => format!("attribute_not_exists({})", self.name(name)),
            Condition::Equals(name, value) => {
                format!("{} = {}", self.name(name), self.value(value))
            }
            Condition::Differs(name, value) => {
                format!("{} <> {}", self.name(name), self.value(value))
            }
            Condition::AtMost(name, value) => {
                format!("{} <= {}", self.name(name), self.value(value))
            }
            Condition::Below(name, value) => format!("{} < {}", self.name(name), self.value(value)),
            Condition::Above(name, value) => {
                format!("{} > {}", self.name(name), self.value(value))
            }
            Condition::In(name, values) => {
                let name = self.name(name);
                let values: Vec<String> = values.iter().map(|value| self.value(value)).collect();
                format!("{name} IN ({})", values.join(", "))
            }
        }
    }

    /// The text of an update.
    pub(crate) fn update(&mut self, actions: &[Action]) -> String {
        let (mut set, mut add, mut remove) = (Vec::new(), Vec::new(), Vec::new());
        for action in actions {
            match action {
                Action::Set(name, value) => {
                    set.push(format!("{} = {}", self.name(name), self.value(value)));
                }
                Action::Add(name, value) => {
                    add.push(format!("{} {}", self.name(name), self.value(value)));
                }
                Action::Remove(name) => remove.push(self.name(name)),
            }
        }
        let clauses = [("SET", set), ("ADD", add), ("REMOVE", remove)];
        let texts: Vec<String> = clauses
            .into_iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect();
        texts.join(" ")
    }

    /// The placeholder of an attribute's name: any name may be a reserved word.
    pub(crate) fn name(&mut self, name: &'static str) -> String {
        self.names.insert(name);
        format!("#{name}")
    }

    /// The placeholder of a value.
    pub(crate) fn value(&mut self, value: &AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value.clone());
        placeholder
    }

    /// The names, as the SDK takes them: `None` where there are none.
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        let names: HashMap<String, String> = self
            .names
            .iter()
            .map(|name| (format!("#{name}"), (*name).to_owned()))
            .collect();
        (!names.is_empty()).then_some(names)
    }

    /// The values, as the SDK takes them: `None` where there are none.
    pub(crate) fn values(self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then_some(self.values)
    }

    fn joined(&mut self, conditions: &[Condition], word: &str) -> String {
        // DynamoDB refuses parentheses that join nothing.
        if let [one] = conditions {
            return self.condition(one);
        }
        let texts: Vec<String> = conditions
            .iter()
            .map(|condition| self.condition(condition))
            .collect();
        format!("({})", texts.join(word))
    }
}
