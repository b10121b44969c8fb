//! The API's document, as far as tests are generated from it.

use http::Method;
use serde_json::{Map, Value, json};

use crate::ids;
use crate::samples;

/// Marks a place where an id of the caller belongs; the prefix of its kind follows.
pub(crate) const OWN_ID: &str = "own id: ";

/// The document.
#[derive(Clone, Debug)]
pub(crate) struct Document(Value);

/// One route.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// `public`, `signed_in` or the name of a permission.
    pub(crate) access: String,
    pub(crate) query: Vec<Parameter>,
    /// Whether it needs a recent proof of the person.
    pub(crate) is_recent: bool,
    /// Whether it takes an idempotency key.
    pub(crate) takes_key: bool,
    /// Whether it takes an API key as its credential.
    pub(crate) takes_api_keys: bool,
    /// Whether it is open to whoever looks into the tenant with its consent.
    pub(crate) is_for_support: bool,
    /// The schema of its JSON body.
    pub(crate) body: Option<Value>,
    /// The schemas of what it answers in JSON when it succeeds.
    pub(crate) answers: Vec<Value>,
}

/// A parameter of the query.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) schema: Value,
    pub(crate) is_required: bool,
}

impl Operation {
    /// As it is called in messages.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// How many ids its path names.
    pub(crate) fn path_ids(&self) -> usize {
        self.path.matches('{').count()
    }

    /// Its path with these ids.
    pub(crate) fn path_with(&self, ids: &[String]) -> String {
        let mut path = String::new();
        let mut rest = self.path.as_str();
        for id in ids {
            let (before, after) = rest.split_once('{').unwrap();
            path += before;
            path += id;
            rest = after.split_once('}').unwrap().1;
        }
        path + rest
    }

    /// Whether this path is one of its.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        let (own, given) = (self.path.split('/'), path.split('/'));
        let is_same = |(own, given): (&str, &str)| own == given || own.starts_with('{');
        own.clone().count() == given.clone().count() && own.zip(given).all(is_same)
    }

    pub(crate) fn is_public(&self) -> bool {
        self.access == "public"
    }

    /// Who is let through to where its body is looked at; nobody in particular where it is public. An owner has all
    /// permissions but that of support.
    pub(crate) fn asked_by<'a>(&self, owner: &'a str, supporter: &'a str) -> Option<&'a str> {
        match self.access.as_str() {
            "public" => None,
            "support_tenants" => Some(supporter),
            _ => Some(owner),
        }
    }
}

impl Document {
    pub(crate) fn new(document: Value) -> Self {
        Self(document)
    }

    /// All routes.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let paths = self.0["paths"].as_object().unwrap();
        let of_path = |(path, item): (&String, &Value)| {
            let operations = item.as_object().unwrap().iter();
            let read = |(method, operation): (&String, &Value)| Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                access: operation["x-permission"].as_str().unwrap().to_owned(),
                query: parameters(operation),
                is_recent: operation["x-recent-authentication"] == true,
                takes_key: operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|parameter| parameter["name"] == "Idempotency-Key"),
                takes_api_keys: operation["security"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|scheme| scheme.get("api_key").is_some()),
                is_for_support: operation["x-support"] == true,
                body: operation
                    .pointer("/requestBody/content/application~1json/schema")
                    .cloned(),
                answers: answers(operation),
            };
            operations.map(read).collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// What a schema says, with references followed and the one alternative that is not null.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            return self.resolve(self.0.pointer(pointer).unwrap());
        }
        for word in ["oneOf", "anyOf"] {
            if let Some(alternatives) = schema[word].as_array() {
                let is_something = |schema: &&Value| schema["type"] != "null";
                return self.resolve(alternatives.iter().find(is_something).unwrap());
            }
        }
        schema
    }

    /// The members that an object of this schema may have; none where it takes any.
    pub(crate) fn members(&self, schema: &Value) -> Map<String, Value> {
        let schema = self.resolve(schema);
        let mut members = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            members.extend(self.members(part));
        }
        members
    }

    /// A value of a schema with nothing that is optional. Where an id of the caller belongs it has [`OWN_ID`].
    pub(crate) fn sample(&self, name: &str, schema: &Value) -> Value {
        if let Some(sample) = named(schema).and_then(samples::of_schema) {
            return sample;
        }
        let resolved = self.resolve(schema);
        if let Some(first) = resolved["enum"].get(0) {
            return first.clone();
        }
        match kind(resolved) {
            "object" => self.object(resolved),
            "array" => {
                let item = &resolved["items"];
                // Lists of texts may be empty; of objects, those that are required may not.
                match kind(self.resolve(item)) {
                    "object" => json!([self.sample(name, item)]),
                    _ if self.resolve(item)["enum"].is_array() => json!([self.sample(name, item)]),
                    _ => json!([]),
                }
            }
            "integer" | "number" => samples::of_member(name).unwrap_or_else(|| json!(1)),
            "boolean" => json!(true),
            _ => text(name, resolved),
        }
    }

    fn object(&self, schema: &Value) -> Value {
        let members = self.members(schema);
        let mut object = Map::new();
        for required in schema["required"].as_array().into_iter().flatten() {
            let name = required.as_str().unwrap();
            object.insert(name.to_owned(), self.sample(name, &members[name]));
        }
        Value::Object(object)
    }

    /// The names of all members of all schemas.
    pub(crate) fn member_names(&self) -> Vec<(String, Value)> {
        let schemas = self.0["components"]["schemas"].as_object().unwrap();
        let mut names: Vec<(String, Value)> = schemas
            .values()
            .flat_map(|schema| self.members(schema))
            .collect();
        names.sort_by(|one, other| one.0.cmp(&other.0));
        names.dedup_by(|one, other| one.0 == other.0);
        names
    }
}

/// The type of a schema, null apart.
pub(crate) fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or_default()
        }
        _ if schema["properties"].is_object() || schema["allOf"].is_array() => "object",
        _ => "",
    }
}

/// Whether a text says that it is an id, by its name, its example or its description.
pub(crate) fn says_id(name: &str, schema: &Value) -> bool {
    let description = schema["description"].as_str().unwrap_or_default();
    let example = schema["example"].as_str().unwrap_or_default();
    name == "id"
        || name.ends_with("_id")
        || name.ends_with("_ids")
        || ids::is_id(example)
        || description.starts_with("Id of")
        || description.starts_with("Ids of")
}

/// The name under which a schema is known.
fn named(schema: &Value) -> Option<&str> {
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    [schema]
        .into_iter()
        .chain(alternatives)
        .find_map(|schema| schema["$ref"].as_str()?.rsplit('/').next())
}

fn text(name: &str, schema: &Value) -> Value {
    if says_id(name, schema) {
        let example = schema["example"].as_str().filter(|text| ids::is_id(text));
        let kind = example.map(ids::prefix).or_else(|| samples::id_kind(name));
        let kind = kind.unwrap_or_else(|| {
            panic!("which kind of id does `{name}` take? Give its schema an example of one")
        });
        return json!(format!("{OWN_ID}{kind}"));
    }
    samples::of_member(name)
        .or_else(|| schema.get("example").cloned())
        .unwrap_or_else(|| json!("2026-12-02T09:00:00Z"))
}

fn answers(operation: &Value) -> Vec<Value> {
    let answers = operation["responses"].as_object().into_iter().flatten();
    answers
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(_, answer)| answer.pointer("/content/application~1json/schema"))
        .cloned()
        .collect()
}

fn parameters(operation: &Value) -> Vec<Parameter> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| Parameter {
            name: parameter["name"].as_str().unwrap().to_owned(),
            schema: parameter["schema"].clone(),
            is_required: parameter["required"] == true,
        })
        .collect()
}
