//! The roles of a template, evaluated as IAM evaluates them, as far as the table goes. What is not understood here is
//! refused: left out, it would make a role look smaller than it is.

use std::collections::BTreeMap;

use serde_yaml_ng::{Mapping, Value};

/// The table, as statements name it.
const TABLE: &str =
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}";
/// Where a role says what it may do.
const OF_ROLE: [&str; 2] = ["AssumeRolePolicyDocument", "Policies"];
const OF_STATEMENT: [&str; 5] = ["Sid", "Effect", "Action", "Resource", "Condition"];

/// What each function's role says about the table.
#[derive(Clone, Debug)]
pub struct Roles(BTreeMap<String, Vec<Statement>>);

/// A call of the table, as IAM sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableCall {
    /// `dynamodb:GetItem`, …
    pub action: String,
    /// The index that is read; `None` for the table itself.
    pub index: Option<String>,
    /// The partition keys that it names.
    pub keys: Vec<String>,
    /// The attributes that it names, of a write.
    pub attributes: Vec<String>,
    /// What it asks to be told of the item.
    pub returns: Option<String>,
}

/// One statement about the table.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its name.
    pub id: String,
    /// Whether it allows; else it denies.
    pub allows: bool,
    /// The actions.
    pub actions: Vec<String>,
    /// Whether it is about the table itself.
    pub on_table: bool,
    /// The indexes that it is about; `*` for all.
    pub indexes: Vec<String>,
    /// What every key must look like: the value of `ForAllValues:StringLike` on `dynamodb:LeadingKeys`.
    pub keys: Option<Vec<String>>,
    /// What every attribute must be: the value of `ForAllValues:StringEquals` on `dynamodb:Attributes`.
    pub attributes: Option<Vec<String>>,
    /// What may be told of the item: the value on `dynamodb:ReturnValues`.
    pub returns: Option<Returns>,
}

/// What a call may ask to be told.
#[derive(Clone, Debug)]
pub struct Returns {
    values: Vec<String>,
    /// Whether a call that does not say what it wants is let through: `StringEqualsIfExists`.
    if_exists: bool,
}

impl Roles {
    /// The roles of `infra/template.yaml`, by function. Panics where one says something about the table that is not
    /// understood.
    pub fn of_template(text: &str) -> Self {
        let template: Value = serde_yaml_ng::from_str(text).unwrap();
        Self::read(&template).unwrap_or_else(|why| panic!("tests/src/policy.rs: {why}"))
    }

    fn read(template: &Value) -> Result<Self, String> {
        let mut roles = BTreeMap::new();
        for (name, resource) in mapping(&template["Resources"])? {
            let name = word(name)?;
            let kind = word(&resource["Type"])?;
            if !kind.starts_with("AWS::IAM::") {
                continue;
            }
            let function = name.strip_suffix("Role");
            let Some(function) = function.filter(|_| kind == "AWS::IAM::Role") else {
                return Err(format!("{name} is a {kind}, and no role of a function"));
            };
            let properties = &resource["Properties"];
            only(properties, &OF_ROLE).map_err(|why| format!("{name}: {why}"))?;
            let families = &template["Mappings"]["Keys"];
            let statements = statements(&properties["Policies"], families);
            let statements = statements.map_err(|why| format!("{name}: {why}"))?;
            roles.insert(function.to_lowercase(), statements);
        }
        Ok(Self(roles))
    }

    /// All functions with their statements about the table.
    pub fn statements(&self) -> impl Iterator<Item = (&str, &Statement)> {
        self.0.iter().flat_map(|(function, statements)| {
            statements
                .iter()
                .map(move |statement| (function.as_str(), statement))
        })
    }

    /// Whether the function's role allows the call: some statement does, and none denies it.
    pub fn allow(&self, function: &str, call: &TableCall) -> bool {
        let fitting = self.0[function]
            .iter()
            .filter(|statement| statement.fits(call));
        let (allowing, denying): (Vec<_>, Vec<_>) = fitting.partition(|statement| statement.allows);
        denying.is_empty() && !allowing.is_empty()
    }
}

impl Statement {
    /// `None` if it is about something else than the table.
    fn read(statement: &Value, families: &Value) -> Result<Option<Self>, String> {
        // `NotAction` and `NotResource` are about everything else, the table too.
        only(statement, &OF_STATEMENT)?;
        let actions = words(&statement["Action"])?;
        if !actions.iter().any(|action| is_on_table(action)) {
            return Ok(None);
        }
        let mut read = Self {
            id: statement["Sid"].as_str().unwrap_or_default().to_owned(),
            allows: match statement["Effect"].as_str() {
                Some("Allow") => true,
                Some("Deny") => false,
                _ => return Err(format!("the effect {:?}", statement["Effect"])),
            },
            actions,
            on_table: false,
            indexes: Vec::new(),
            keys: None,
            attributes: None,
            returns: None,
        };
        for target in list(&statement["Resource"]) {
            read.add_target(target)?;
        }
        if let Some(condition) = statement.get("Condition") {
            for (operator, compared) in mapping(condition)? {
                for (key, values) in mapping(compared)? {
                    read.add_condition(&word(operator)?, &word(key)?, values, families)?;
                }
            }
        }
        Ok(Some(read))
    }

    fn add_target(&mut self, target: &Value) -> Result<(), String> {
        let named = match target {
            Value::Tagged(form) if form.tag == "Sub" => form.value.as_str(),
            _ => None,
        };
        let within = named.and_then(|named| named.strip_prefix(TABLE));
        match (within, within.and_then(|rest| rest.strip_prefix("/index/"))) {
            (Some(""), _) => self.on_table = true,
            (_, Some(index)) => self.indexes.push(index.to_owned()),
            _ => return Err(format!("the resource {target:?} is not understood")),
        }
        Ok(())
    }

    /// All conditions of a statement must hold.
    fn add_condition(
        &mut self,
        operator: &str,
        key: &str,
        values: &Value,
        families: &Value,
    ) -> Result<(), String> {
        match (operator, key) {
            ("ForAllValues:StringLike", "dynamodb:LeadingKeys") => {
                let patterns = list(values).into_iter().map(|key| pattern(key, families));
                self.keys = Some(patterns.collect::<Result<_, _>>()?);
            }
            ("ForAllValues:StringEquals", "dynamodb:Attributes") => {
                self.attributes = Some(words(values)?);
            }
            ("StringEquals" | "StringEqualsIfExists", "dynamodb:ReturnValues") => {
                self.returns = Some(Returns {
                    values: words(values)?,
                    if_exists: operator == "StringEqualsIfExists",
                });
            }
            _ => {
                return Err(format!(
                    "the condition {operator} on {key} is not understood"
                ));
            }
        }
        Ok(())
    }

    fn fits(&self, call: &TableCall) -> bool {
        let on_target = match &call.index {
            None => self.on_table,
            Some(index) => self.indexes.iter().any(|named| like(named, index)),
        };
        // As in IAM, a condition for all values holds for a call without any.
        let on_keys = self.keys.as_ref().is_none_or(|patterns| {
            let mut keys = call.keys.iter();
            keys.all(|key| patterns.iter().any(|pattern| like(pattern, key)))
        });
        // In IAM this one, too, holds for a call without any; but a call that names none was not recorded.
        let of_attributes = self.attributes.as_ref().is_none_or(|known| {
            let mut named = call.attributes.iter();
            !call.attributes.is_empty() && named.all(|name| known.contains(name))
        });
        let told = self.returns.as_ref().is_none_or(|may| match &call.returns {
            Some(wanted) => may.values.contains(wanted),
            None => may.if_exists,
        });
        // Names of actions are the same in capitals.
        let action = call.action.to_lowercase();
        let mut actions = self.actions.iter().map(|action| action.to_lowercase());
        on_target
            && on_keys
            && of_attributes
            && told
            && actions.any(|pattern| like(&pattern, &action))
    }
}

/// `StringLike`: `*` stands for any characters, `?` for one.
pub fn like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| like(rest, &text[at..]))
        }
        Some(wanted) => {
            let mut characters = text.chars();
            let is_next = characters
                .next()
                .is_some_and(|next| wanted == '?' || wanted == next);
            is_next && like(&pattern[wanted.len_utf8()..], characters.as_str())
        }
    }
}

/// Whether a pattern of actions fits any of the table's.
fn is_on_table(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    like(&service.to_lowercase(), "dynamodb")
}

/// Those of a role's statements that are about the table.
fn statements(policies: &Value, families: &Value) -> Result<Vec<Statement>, String> {
    let mut found = Vec::new();
    for policy in list(policies) {
        only(policy, &["PolicyName", "PolicyDocument"])?;
        let document = &policy["PolicyDocument"];
        only(document, &["Version", "Statement"])?;
        for statement in list(&document["Statement"]) {
            let read = Statement::read(statement, families);
            found.extend(read.map_err(|why| format!("{:?}: {why}", statement["Sid"]))?);
        }
    }
    Ok(found)
}

/// A family by its place in the mapping, or a key as it stands.
fn pattern(key: &Value, families: &Value) -> Result<String, String> {
    match key {
        Value::Tagged(find) if find.tag == "FindInMap" => match words(&find.value)?.as_slice() {
            [mapping, family, member] if mapping == "Keys" => word(&families[family][member]),
            _ => Err(format!("the keys {key:?} are not understood")),
        },
        other => word(other),
    }
}

/// Refuses a mapping that has another member.
fn only(value: &Value, known: &[&str]) -> Result<(), String> {
    for (name, _) in mapping(value)? {
        if !known.contains(&word(name)?.as_str()) {
            return Err(format!("{name:?} is not understood"));
        }
    }
    Ok(())
}

fn mapping(value: &Value) -> Result<&Mapping, String> {
    match value {
        Value::Mapping(mapping) => Ok(mapping),
        other => Err(format!("{other:?} is no mapping")),
    }
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Sequence(values) => values.iter().collect(),
        one => vec![one],
    }
}

fn words(value: &Value) -> Result<Vec<String>, String> {
    list(value).into_iter().map(word).collect()
}

/// A text as it stands. Short forms are none: what becomes of them is not known here.
fn word(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => Err(format!("{other:?} is no text")),
    }
}

#[cfg(test)]
mod tests;
