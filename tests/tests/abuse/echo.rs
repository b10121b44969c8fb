//! Whether a text that was taken is what it was, wherever it is shown: F-34.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::document::{Document, Operation};
use crate::places::texts;
use crate::world::{Request, World};

/// A text that a request brings.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    /// Where it stands in the body.
    pub(crate) pointer: String,
    pub(crate) text: String,
}

/// What came of a text that was taken.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// Answers that show it, by the document.
    pub(crate) places: usize,
    /// Those that show something else.
    pub(crate) faults: Vec<String>,
}

/// All routes, with the places of texts in what they answer.
#[derive(Debug)]
pub(crate) struct Echo(Vec<(Operation, BTreeSet<String>)>);

impl Echo {
    pub(crate) fn new(document: &Document) -> Self {
        let routes = document.operations().into_iter().map(|route| {
            let places = route
                .answers
                .iter()
                .flat_map(|schema| texts(document, schema));
            let places = places.map(|place| place.pointer()).collect();
            (route, places)
        });
        Self(routes.collect())
    }

    /// Makes a call that succeeds once more, and looks for its text in the answer and in whatever can be read afterwards
    /// along its path: the thing itself, and the lists that it is in. All must show it byte for byte.
    pub(crate) async fn of(
        &self,
        world: &World,
        cookie: Option<&str>,
        request: &Request,
        brought: &Brought,
    ) -> Shown {
        let api = &world.product.api;
        let mut call = api.call(request.method.clone(), &request.path);
        if let Some(cookie) = cookie {
            call = call.cookie(cookie);
        }
        let body = request.body.clone().unwrap_or_default();
        let answer = call.header("if-match", "*").json(&body).send().await;
        assert!(answer.status.is_success(), "{request:?}: {}", answer.body);
        let mut shown = Shown::default();
        let (path, _) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let made = answer.body["id"].as_str();
        let named: Vec<&str> = path.split('/').chain(made).collect();
        for route in self.at(&request.method, path) {
            look(route, &answer.body, &named, brought, &mut shown);
        }

        let is_renewed = answer.headers.contains_key("set-cookie");
        let renewed = is_renewed.then(|| answer.cookie());
        if let Some(cookie) = renewed.as_deref().or(cookie) {
            for path in along(path, made) {
                for route in self.at(&Method::GET, &path) {
                    if shows(&route.1, brought) {
                        let found = api.get(&path).cookie(cookie).send().await.expect(200);
                        look(route, &found.body, &named, brought, &mut shown);
                    }
                }
            }
        }
        world.undo().await;
        shown
    }

    /// The routes with this method at a path. A name goes before a place of an id.
    fn at(&self, method: &Method, path: &str) -> Vec<&(Operation, BTreeSet<String>)> {
        let all = self.0.iter().filter(|(route, _)| route.is_at(path));
        let is_name = all.clone().any(|(route, _)| route.path == path);
        all.filter(|(route, _)| route.method == *method && (!is_name || route.path == path))
            .collect()
    }
}

/// Looks for the text in an answer that shows it, by the document: in the thing itself, or in those of a list that are
/// named.
fn look(
    (route, places): &(Operation, BTreeSet<String>),
    body: &Value,
    named: &[&str],
    brought: &Brought,
    shown: &mut Shown,
) {
    if !shows(places, brought) {
        return;
    }
    let things: Vec<&Value> = match body["items"].as_array() {
        None => vec![body],
        Some(items) => {
            let is_named =
                |item: &&Value| item["id"].as_str().is_some_and(|id| named.contains(&id));
            items.iter().filter(is_named).collect()
        }
    };
    for thing in things {
        shown.places += 1;
        let found = thing.pointer(&brought.pointer);
        if found.and_then(Value::as_str) != Some(&brought.text) {
            let found: String = format!("{found:?}").chars().take(200).collect();
            shown.faults.push(format!("{} shows {found}", route.name()));
        }
    }
}

/// Whether a text is at this place, of the thing itself or of one in a list.
fn shows(places: &BTreeSet<String>, brought: &Brought) -> bool {
    places.contains(&brought.pointer) || places.contains(&format!("/items/0{}", brought.pointer))
}

/// A path and all above it, and that of what was made there.
fn along(path: &str, made: Option<&str>) -> Vec<String> {
    let mut paths = Vec::from_iter(made.map(|id| format!("{path}/{id}")));
    let mut rest = path;
    while !rest.is_empty() {
        paths.push(rest.to_owned());
        rest = &rest[..rest.rfind('/').unwrap_or_default()];
    }
    paths
}

#[test]
fn f_34_text_that_is_shown_as_another_is_found() {
    let text = json!({ "type": "string" });
    let thing = json!({ "type": "object", "properties": { "name": text } });
    let items = json!({ "type": "array", "items": thing });
    let list = json!({ "type": "object", "properties": { "items": items } });
    let route = |schema: &Value| {
        let content = json!({ "application/json": { "schema": schema } });
        json!({ "x-permission": "public", "responses": { "200": { "content": content } } })
    };
    let echo = Echo::new(&Document::new(json!({ "paths": {
        "/v1/looms": { "get": route(&list) },
        "/v1/looms/text": { "get": route(&text) },
        "/v1/looms/{id}": { "get": route(&thing) },
    } })));
    let brought = Brought {
        pointer: "/name".to_owned(),
        text: "<i>Jacquard</i>".to_owned(),
    };
    let seen = |path: &str, body: &Value| {
        let [route] = echo.at(&Method::GET, path)[..] else {
            panic!("one route at {path}");
        };
        let mut shown = Shown::default();
        look(route, body, &["a"], &brought, &mut shown);
        (shown.places, shown.faults.len())
    };
    let raw = json!({ "id": "a", "name": "<i>Jacquard</i>" });
    let other = json!({ "id": "a", "name": "Jacquard" });
    let list = |thing: &Value| json!({ "items": [{ "id": "b", "name": "Draw" }, thing] });

    assert_eq!(seen("/v1/looms/a", &raw), (1, 0));
    assert_eq!(seen("/v1/looms/a", &other), (1, 1));
    assert_eq!(seen("/v1/looms/a", &json!({})), (1, 1));
    assert_eq!(seen("/v1/looms", &list(&raw)), (1, 0));
    assert_eq!(seen("/v1/looms", &list(&other)), (1, 1));
    assert_eq!(
        seen("/v1/looms/text", &raw),
        (0, 0),
        "no name, by the document"
    );
    let paths = ["/v1/looms/a", "/v1/looms", "/v1"];
    assert_eq!(along("/v1/looms", Some("a")), paths);
}
