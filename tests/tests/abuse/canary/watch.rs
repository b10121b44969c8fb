//! What was seen where, and the secrets that may not be there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use cloud::telemetry;
use http::header::SET_COOKIE;
use serde_json::Value;
use testkit::Answer;
use tracing::level_filters::LevelFilter;

use super::forms::forms;

/// Where something may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Table,
    Objects,
    Archive,
    Queue,
    DeadLetters,
    Mails,
    Answers,
    Exports,
    Log,
}

impl Place {
    pub(crate) const ALL: [Self; 9] = [
        Self::Table,
        Self::Objects,
        Self::Archive,
        Self::Queue,
        Self::DeadLetters,
        Self::Mails,
        Self::Answers,
        Self::Exports,
        Self::Log,
    ];
}

/// Who is meant to have a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MeantFor {
    /// Whoever made it, or was answered with it once.
    ItsMaker,
    /// Whoever reads the mails to this address.
    Mails(String),
    /// The product itself, in the item with this key: it is of no use to whoever reads the table.
    Item(&'static str),
}

/// What was seen, and what must not have been.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    secrets: BTreeMap<Vec<u8>, Secret>,
    /// What was seen at a place, under a name, and after how many answers last.
    seen: BTreeMap<(Place, String, String), usize>,
    answers: usize,
    cookies: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Secret {
    name: &'static str,
    meant_for: MeantFor,
    /// Answers before this one may have had it.
    since: usize,
}

/// Members of answers that are secrets.
const SECRET_MEMBERS: [&str; 6] = [
    "access_token",
    "refresh_token",
    "secret",
    "uri",
    "recovery_codes",
    "challenge",
];
/// Of a long secret its end is one, too: it begins with what it is.
const END: usize = 24;
const LONG: usize = 40;

impl Watch {
    /// From now on this is a secret.
    pub(crate) fn learn(
        &mut self,
        name: &'static str,
        secret: impl AsRef<[u8]>,
        meant_for: MeantFor,
    ) {
        let secret = secret.as_ref();
        if secret.len() >= LONG
            && let Some(end) = secret.len().checked_sub(END)
        {
            self.keep(name, &secret[end..], meant_for.clone());
        }
        self.keep(name, secret, meant_for);
    }

    fn keep(&mut self, name: &'static str, secret: &[u8], meant_for: MeantFor) {
        let since = self.answers;
        self.secrets.entry(secret.to_vec()).or_insert(Secret {
            name,
            meant_for,
            since,
        });
    }

    /// A text was seen at a place; `name` says what it is of.
    pub(crate) fn see(&mut self, place: Place, name: &str, text: impl Into<String>) {
        let key = (place, name.to_owned(), text.into());
        self.seen.insert(key, self.answers);
    }

    /// Bytes were seen at a place.
    pub(crate) fn see_bytes(&mut self, place: Place, name: &str, bytes: &[u8]) {
        self.see(place, name, String::from_utf8_lossy(bytes));
        self.see(place, name, hex::encode(bytes));
    }

    /// An answer was seen: it has no secret of before, and its own are secrets from now on.
    pub(crate) fn see_answer(&mut self, call: &str, answer: &Answer) {
        self.see(Place::Answers, call, answer.body.to_string());
        for (name, value) in &answer.headers {
            let header = format!("{call} {name}");
            self.see_bytes(Place::Answers, &header, value.as_bytes());
        }
        self.answers += 1;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            self.cookies.insert(cookie.to_str().unwrap().to_owned());
            let (_, value) = cookie.to_str().unwrap().split_once('=').unwrap();
            // After its secret it names the person and the tenant.
            let value = value.split([';', '.']).next().unwrap();
            if !value.is_empty() {
                self.learn("cookie", value, MeantFor::ItsMaker);
            }
        }
        self.learn_members(&answer.body);
    }

    fn learn_members(&mut self, body: &Value) {
        match body {
            Value::Object(members) => {
                for (name, value) in members {
                    match SECRET_MEMBERS.iter().find(|member| *member == name) {
                        Some(name) => self.learn_texts(name, value),
                        None => self.learn_members(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn_members(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn learn_texts(&mut self, name: &'static str, value: &Value) {
        match value {
            Value::String(text) => self.learn(name, text, MeantFor::ItsMaker),
            Value::Array(items) => items.iter().for_each(|item| self.learn_texts(name, item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
    }

    /// How many secrets there are.
    pub(crate) fn secrets(&self) -> usize {
        self.secrets.len()
    }

    /// Every cookie that was set, as it was.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(String::as_str)
    }

    /// How much was seen at each place.
    pub(crate) fn seen(&self) -> BTreeMap<Place, usize> {
        let mut seen: BTreeMap<Place, usize> = Place::ALL.map(|place| (place, 0)).into();
        for (place, _, _) in self.seen.keys() {
            *seen.get_mut(place).unwrap() += 1;
        }
        seen
    }

    /// Every secret that was seen where it does not belong, without showing it.
    pub(crate) fn sightings(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        for (secret, known) in &self.secrets {
            let forms = forms(secret);
            for ((place, name, text), after) in &self.seen {
                let may_be_there = match &known.meant_for {
                    MeantFor::ItsMaker => *place == Place::Answers && *after < known.since,
                    MeantFor::Mails(address) => *place == Place::Mails && name == address,
                    MeantFor::Item(key) => *place == Place::Table && name == key,
                };
                if !may_be_there && forms.iter().any(|form| text.contains(form)) {
                    found.insert(format!("{} in {place:?}: {name}", known.name));
                }
            }
        }
        found.into_iter().collect()
    }
}

/// What this process logs, as a deployed function would at its most talkative.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The log, which begins with the first call.
    pub(crate) fn of_this_process() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        let begin = || {
            let log = Self::default();
            let writer = log.clone();
            let lines = telemetry::lines(LevelFilter::TRACE, move || writer.clone());
            tracing::subscriber::set_global_default(lines).unwrap();
            log
        };
        LOG.get_or_init(begin).clone()
    }

    /// Its lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
