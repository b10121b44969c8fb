//! The product with two tenants, and calls that leave no trace.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::SignedDuration;
use serde_json::Value;
use testkit::http::Call;
use tests::people;
use tests::product::Product;

use crate::cpu;
use crate::document::{Document, OWN_ID, Operation};
use crate::fixture::{self, Person};
use crate::ids;
use crate::stored::{Change, Stored};

/// Headers that differ from answer to answer.
const VARYING: [&str; 4] = ["x-request-id", "content-length", "ratelimit", "retry-after"];

/// So many calls are undone between two looks at the whole table, once there were as many.
const BETWEEN_LOOKS: usize = 256;

/// The world that attackers meet.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) product: Product,
    pub(crate) document: Document,
    /// Who tries.
    pub(crate) ada: Person,
    /// Whose things are tried.
    pub(crate) bob: Person,
    stored: Stored,
    undone: AtomicUsize,
    /// Which of somebody's ids stands first in paths that begin so.
    known: Mutex<HashMap<(String, String), usize>>,
}

/// A call to be made.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// With the query.
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
}

/// How a call was answered, and what it changed.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    /// Without the request's own id.
    pub(crate) body: Value,
    pub(crate) changes: Vec<Change>,
    /// What the process computed meanwhile, the table included.
    pub(crate) cpu: Duration,
}

impl World {
    pub(crate) async fn new() -> Self {
        let product = Product::new().await;
        let document = Document::new(product.document.clone());
        let ada = fixture::person(&product, &document, "ada").await;
        let bob = fixture::person(&product, &document, "bob").await;
        let kinds = |person: &Person| -> Vec<String> {
            let ids = person.ids.iter();
            ids.map(|id| ids::prefix(id).to_owned()).collect()
        };
        assert_eq!(kinds(&ada), kinds(&bob), "both have the same things");
        // What they asked for in vain meanwhile counts against what is noted of refusals.
        product.clock.advance(SignedDuration::from_mins(1));
        let stored = read(&product).await;
        Self {
            product,
            document,
            ada,
            bob,
            stored,
            undone: AtomicUsize::new(0),
            known: Mutex::default(),
        }
    }

    /// All routes that need a credential.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let mut operations = self.document.operations();
        operations.retain(|operation| !operation.is_public());
        operations
    }

    /// Makes a call with a cookie, or with none, and undoes what it did.
    pub(crate) async fn call(&self, cookie: Option<&str>, request: &Request) -> Observed {
        self.call_with(cookie, request, &[]).await
    }

    /// The same with these headers beside.
    pub(crate) async fn call_with(
        &self,
        cookie: Option<&str>,
        request: &Request,
        headers: &[(&str, &str)],
    ) -> Observed {
        let call = self.product.api.call(request.method.clone(), &request.path);
        let mut call = match cookie {
            Some(cookie) => call.cookie(cookie),
            None => call,
        };
        for (name, value) in headers {
            call = call.header(name, value);
        }
        self.observe(call, request).await
    }

    /// The same with an API key.
    pub(crate) async fn call_with_key(&self, key: &str, request: &Request) -> Observed {
        let call = self.product.api.call(request.method.clone(), &request.path);
        self.observe(call.bearer(key), request).await
    }

    async fn observe(&self, mut call: Call<'_>, request: &Request) -> Observed {
        // Any version: routes that want one must not refuse before they look.
        call = call.header("if-match", "*");
        if let Some(body) = &request.body {
            call = call.json(body);
        }
        let before = cpu::spent();
        let answer = call.send().await;
        let cpu = cpu::spent().saturating_sub(before);
        let mut shown = answer.body;
        if let Some(problem) = shown.as_object_mut() {
            problem.remove("instance");
        }
        Observed {
            status: answer.status,
            headers: headers(&answer.headers),
            body: shown,
            changes: self.undo().await,
            cpu,
        }
    }

    /// Takes what is stored now for what was there from the beginning.
    pub(crate) async fn settle(&mut self) {
        self.stored = read(&self.product).await;
    }

    /// Somebody who supports tenants, from the beginning; their cookie.
    pub(crate) async fn supporter(&mut self) -> String {
        let cookie = people::supporter(&self.product, "mary").await;
        self.settle().await;
        cookie
    }

    /// Makes the table what it was; what functions had made of it.
    pub(crate) async fn undo(&self) -> Vec<Change> {
        let Product { client, table, .. } = &self.product;
        let name = &table.settings().name;
        let written = self.product.recorder.take_written();
        let before = self.stored.only(&written);
        let now = Stored::read_only(client, name, &written).await;
        before.restore(client, name, &now).await;
        let undone = self.undone.fetch_add(1, Ordering::Relaxed) + 1;
        if undone.is_power_of_two() || undone.is_multiple_of(BETWEEN_LOOKS) {
            // What is recorded is all that is written.
            let changes = self.stored.changes(&Stored::read(client, name).await);
            assert!(changes.is_empty(), "unseen: {}", listed(&changes));
        }
        before.changes(&now)
    }

    /// The smallest body that the route takes, with the caller's own ids.
    pub(crate) fn body(&self, operation: &Operation, caller: &Person) -> Option<Value> {
        let schema = operation.body.as_ref()?;
        let mut body = self.document.sample("", schema);
        fill(&mut body, caller);
        Some(body)
    }

    /// The places among somebody's ids of those that the route's path takes from them, by trying. `None` if it takes
    /// none of them.
    pub(crate) async fn recognised(
        &self,
        operation: &Operation,
        of: &Person,
    ) -> Option<Vec<usize>> {
        let body = self.body(operation, of);
        let mut candidates = tuples(of.ids.len(), operation.path_ids());
        let begin = operation.path.split_inclusive('}').next().unwrap();
        let begin = (of.tenant.clone(), begin.to_owned());
        // Most routes take what the one above them took.
        let known = self.known.lock().unwrap().get(&begin).copied();
        candidates.sort_by_key(|places| places.first() != known.as_ref());
        for places in candidates {
            let request = Request {
                method: operation.method.clone(),
                path: operation.path_with(&at(of, &places)),
                body: body.clone(),
            };
            let seen = self.call(Some(&of.cookie), &request).await;
            assert!(!seen.status.is_server_error(), "{request:?}: {seen:?}");
            if seen.status != StatusCode::NOT_FOUND {
                if let Some(first) = places.first() {
                    self.known.lock().unwrap().insert(begin, *first);
                }
                return Some(places);
            }
        }
        None
    }
}

/// All that is stored, from which on writes are seen.
async fn read(product: &Product) -> Stored {
    product.recorder.take_written();
    Stored::read(&product.client, &product.table.settings().name).await
}

impl Observed {
    /// Whether a caller could tell the two answers apart by anything but the id that they sent themselves.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        let shown = |seen: &Self| ids::without_states(&ids::without_ids(&seen.body.to_string()));
        self.status == other.status && self.headers == other.headers && shown(self) == shown(other)
    }

    /// What is wrong with it as the answer to a foreign or unknown id; nothing if it is a 404 that changed nothing and
    /// left one line in the prober's audit log.
    pub(crate) fn fault_as_denial(&self, prober: &Person) -> Option<String> {
        if self.status != StatusCode::NOT_FOUND {
            return Some(format!("answered with {} {}", self.status, self.body));
        }
        match self.changes.as_slice() {
            [change] if change.is_denial_in(&prober.tenant) => None,
            changes => Some(format!(
                "expected one line in the audit log, found [{}]",
                listed(changes)
            )),
        }
    }
}

/// The changes for a message.
pub(crate) fn listed(changes: &[Change]) -> String {
    let texts: Vec<String> = changes.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// Somebody's ids at these places.
pub(crate) fn at(person: &Person, places: &[usize]) -> Vec<String> {
    let ids = places.iter().map(|place| person.ids[*place].clone());
    ids.collect()
}

/// Puts the caller's ids where a sample asks for them.
pub(crate) fn fill(body: &mut Value, caller: &Person) {
    match body {
        Value::String(text) => {
            if let Some(kind) = text.strip_prefix(OWN_ID) {
                let own = caller.ids.iter().find(|id| ids::prefix(id) == kind);
                let own = own.unwrap_or_else(|| panic!("the fixture makes no `{kind}_…`"));
                own.clone_into(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, caller)),
        Value::Object(members) => members.values_mut().for_each(|value| fill(value, caller)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    // A new session has a new secret.
    let shown = |name: &HeaderName, value: &HeaderValue| match name {
        name if name == SET_COOKIE => "…".to_owned(),
        _ => ids::without_ids(value.to_str().unwrap()),
    };
    let mut headers: Vec<(String, String)> = headers
        .iter()
        .filter(|(name, _)| !VARYING.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), shown(name, value)))
        .collect();
    headers.sort();
    headers
}

/// All ways to choose so many of so many, in order.
fn tuples(of: usize, length: usize) -> Vec<Vec<usize>> {
    (0..length).fold(vec![Vec::new()], |shorter, _| {
        let longer = |begin: Vec<usize>| (0..of).map(move |next| [&begin[..], &[next]].concat());
        shorter.into_iter().flat_map(longer).collect()
    })
}
