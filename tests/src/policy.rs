//! The roles of a template, evaluated as IAM evaluates them, as far as the table goes.

use std::collections::BTreeMap;

use serde_yaml_ng::Value;

/// What each function's role says about the table.
#[derive(Clone, Debug)]
pub struct Roles(BTreeMap<String, Vec<Statement>>);

/// A call of the table, as IAM sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableCall {
    /// `dynamodb:GetItem`, …
    pub action: String,
    /// The index that is read; `None` for the table itself.
    pub index: Option<String>,
    /// The partition keys that it names.
    pub keys: Vec<String>,
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
}

impl Roles {
    /// The roles of `infra/template.yaml`, by function.
    pub fn of_template(text: &str) -> Self {
        let template: Value = serde_yaml_ng::from_str(text).unwrap();
        let resources = template["Resources"].as_mapping().unwrap();
        let roles = resources.iter().filter_map(|(name, resource)| {
            let function = name.as_str()?.strip_suffix("Role")?.to_lowercase();
            let policies = resource["Properties"]["Policies"].as_sequence()?;
            let statements = policies
                .iter()
                .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
                .map(|statement| Statement::read(statement, &template["Mappings"]["Keys"]))
                .filter(|statement| statement.on_table || !statement.indexes.is_empty());
            Some((function, statements.collect()))
        });
        Self(roles.collect())
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
    fn read(statement: &Value, families: &Value) -> Self {
        let targets: Vec<String> = list(&statement["Resource"]).into_iter().map(text).collect();
        let indexes = targets
            .iter()
            .filter_map(|target| target.split_once("/index/"));
        let condition = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        Self {
            id: statement["Sid"].as_str().unwrap_or_default().to_owned(),
            allows: statement["Effect"] == "Allow",
            actions: list(&statement["Action"]).into_iter().map(text).collect(),
            on_table: targets
                .iter()
                .any(|target| target.contains(":table/") && !target.contains("/index/")),
            indexes: indexes.map(|(_, index)| index.to_owned()).collect(),
            keys: condition.as_sequence().map(|keys| {
                let keys = keys.iter().map(|key| pattern(key, families));
                keys.collect()
            }),
        }
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
        on_target && on_keys && self.actions.iter().any(|action| like(action, &call.action))
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

/// A family by its place in the mapping, or a key as it stands.
fn pattern(key: &Value, families: &Value) -> String {
    match key {
        Value::Tagged(find) => {
            let path = find.value.as_sequence().unwrap();
            text(&families[path[1].as_str().unwrap()][path[2].as_str().unwrap()])
        }
        other => text(other),
    }
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Sequence(values) => values.iter().collect(),
        one => vec![one],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Tagged(tagged) => text(&tagged.value),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_is_like_what_its_signs_stand_for() {
        assert!(like("T#??#P#*", "T#ab#P#"));
        assert!(like("T#??#P#*", "T#ab#P#post"));
        assert!(!like("T#??", "T#abc"));
        assert!(!like("T#??#P#*", "T#abc#P#post"));
        assert!(like("*", ""));
    }
}
