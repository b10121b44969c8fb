//! What was exported, imported and exported again is what it was.

use std::collections::{BTreeMap, BTreeSet};

use domain::delivery::State;
use domain::membership::{AccountLimit, Role};
use domain::network::NetworkId;
use domain::tenant::WeekStart;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::http::colleague;
use testkit::{FakeNetwork, TestMember};
use transfers::bundle::Record;

use crate::bundle::Bundle;
use crate::world::{PIXELS, PostPlan, World};

/// Every type of record that an export has.
const TYPES: [&str; 7] = [
    "account",
    "account_group",
    "media",
    "member",
    "post",
    "role",
    "tenant",
];

/// Members of records that nothing here can have: images have no duration.
const UNSAID: [&str; 1] = ["media.facts.duration_ms"];

/// What becomes of a record in another tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is the same there.
    Same,
    /// Its settings are taken, what the tenant is stays.
    Settings,
    /// Nothing: people come by invitation.
    Nothing,
}

/// A new type of record does not compile before it is said here how it is compared.
fn fate(record: &Value) -> Fate {
    match serde_json::from_value(record.clone()).unwrap() {
        Record::Account(_)
        | Record::AccountGroup(_)
        | Record::Role(_)
        | Record::Media(_)
        | Record::Post(_) => Fate::Same,
        Record::Tenant(_) => Fate::Settings,
        Record::Member(_) => Fate::Nothing,
    }
}

/// All that an import takes, with a number in the place of each id and without what is another one's there.
fn without_ids(bundle: &Bundle) -> Vec<Value> {
    let mut text = String::new();
    for mut record in bundle.all_records() {
        // Whoever imports has made all of it.
        let others: &[&str] = match fate(&record) {
            Fate::Same => &["created_by", "connected_by"],
            Fate::Settings => &["id", "name", "created_at"],
            Fate::Nothing => continue,
        };
        let record = record.as_object_mut().unwrap();
        record.retain(|name, _| !others.contains(&name.as_str()));
        text += &serde_json::to_string(record).unwrap();
        text.push('\n');
    }
    for prefix in ["acc", "grp", "rol", "med", "post", "dlv"] {
        let mut number = 0;
        while let Some(at) = text.find(&format!("{prefix}_0")) {
            let id = text[at..at + prefix.len() + 27].to_owned();
            number += 1;
            text = text.replace(&id, &format!("{prefix}-{number}"));
        }
    }
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The bytes of the media, in the order of their records.
fn pictures(bundle: &Bundle) -> Vec<&Vec<u8>> {
    let media = bundle.records("media").into_iter();
    media
        .map(|record| &bundle.files[record["file"].as_str().unwrap()])
        .collect()
}

/// The same record after an import: accounts of the past are connected nowhere, what waited is a draft, and of what may be
/// out somebody is asked.
fn as_imported(mut record: Value) -> Value {
    if record["type"] == "account" {
        record["state"] = "disconnected".into();
    }
    if record["type"] != "post" {
        return record;
    }
    for target in record["targets"].as_array_mut().unwrap() {
        match target["state"].as_str().unwrap() {
            "draft" | "scheduled" | "held" | "queued" => {
                target["state"] = "draft".into();
                for name in ["due_at", "called_at", "error"] {
                    target[name] = Value::Null;
                }
            }
            "publishing" | "processing" => target["state"] = "outcome_unknown".into(),
            "published" | "handed_over" | "failed" | "missed" | "cancelled" | "outcome_unknown" => {
            }
            other => panic!("what becomes of {other}?"),
        }
    }
    let mut targets = record["targets"].as_array().unwrap().iter();
    if targets.all(|target| target["state"] == "draft") {
        record["when"] = Value::Null;
    }
    record
}

/// Notes of each member of a record whether it says anything.
fn note(path: &str, value: &Value, said: &mut BTreeMap<String, bool>) {
    let is_said = match value {
        Value::Object(members) => {
            for (name, member) in members {
                note(&format!("{path}.{name}"), member, said);
            }
            !members.is_empty()
        }
        Value::Array(items) => {
            for item in items {
                note(path, item, said);
            }
            !items.is_empty()
        }
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_u64() != Some(0),
        Value::String(text) => !text.is_empty(),
    };
    *said.entry(path.to_owned()).or_default() |= is_said;
}

impl World {
    /// The tenant's export, that of whoever imports it, and that of who imports that one.
    async fn round_trip(&self, ada: &TestMember) -> [Bundle; 3] {
        let bob = self.owner("bob@example.com").await;
        let eve = self.owner("eve@example.com").await;
        // What requires a second factor is imported by who has one.
        self.guard(&bob).await;
        self.guard(&eve).await;
        let mut people = Vec::new();
        for one in [&bob, &eve] {
            let export = Bundle::of_volumes(&self.exported(one).await);
            people.push(export.records("member"));
        }

        self.moved(ada, &bob).await;
        self.moved(&bob, &eve).await;

        let mut exports = Vec::new();
        for one in [ada, &bob, &eve] {
            exports.push(Bundle::of_volumes(&self.exported(one).await));
        }
        let [ada, bob, eve] = <[Bundle; 3]>::try_from(exports).unwrap();
        assert_eq!([bob.records("member"), eve.records("member")], *people);
        [ada, bob, eve]
    }

    /// What [`World::furnish`] leaves out: settings, and a member with some accounts.
    async fn complete(&self, ada: &TestMember) {
        self.set(ada, |tenant| {
            "Difference Engines".clone_into(&mut tenant.name);
            tenant.time_zone = "Europe/Berlin".parse().unwrap();
            tenant.locale = "de-AT".parse().unwrap();
            tenant.week_start = WeekStart::Sunday;
            tenant.max_lateness_hours = 12;
            tenant.requires_second_factor = true;
            let german = json!({ "langs": ["de"] });
            let network: NetworkId = FakeNetwork::ID.parse().unwrap();
            let german = serde_json::from_value(german).unwrap();
            tenant.default_options = BTreeMap::from([(network, german)]);
        })
        .await;
        let account = self.account(ada, "client").await;
        let group = self.group(ada, "Client", &[account]).await;
        let limit = AccountLimit::Groups(BTreeSet::from([group]));
        colleague(&self.table, &self.clock, ada, Role::Editor.into(), limit).await;
    }
}

fn assert_equal([before, first, second]: &[Bundle; 3]) {
    let imported: Vec<Value> = without_ids(before).into_iter().map(as_imported).collect();
    assert_eq!(imported, without_ids(first));
    assert_eq!(without_ids(first), without_ids(second));
    assert_eq!(pictures(before), pictures(first));
    assert_eq!(pictures(first), pictures(second));
}

fn plans() -> impl Strategy<Value = Vec<PostPlan>> {
    let state = proptest::sample::select(State::ALL.to_vec());
    let targets = proptest::collection::vec(state, 1..3);
    let plan = ("[a-zA-Z äß☃]{1,40}", targets, any::<bool>());
    let plan = plan.prop_map(|(text, states, has_media)| PostPlan {
        text,
        states,
        has_media,
    });
    proptest::collection::vec(plan, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn export_of_an_import_equals_the_export_that_was_imported_modulo_ids(plans in plans()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let ada = world.owner("ada@example.com").await;
            world.furnish(&ada, PIXELS, &plans).await;

            let exports = world.round_trip(&ada).await;

            assert_equal(&exports);
            assert_eq!(pictures(&exports[0]).len(), 1);
        });
    }
}

#[tokio::test]
async fn round_trip_compares_every_type_of_record_with_something_in_each_of_its_members() {
    let world = World::new().await;
    let ada = world.owner("ada@example.com").await;
    let plans = State::ALL.map(|state| PostPlan {
        text: format!("{state:?}"),
        states: vec![state],
        has_media: true,
    });
    world.furnish(&ada, PIXELS, &plans).await;
    world.complete(&ada).await;

    let exports = world.round_trip(&ada).await;

    assert_equal(&exports);
    let mut said = BTreeMap::new();
    let mut types = BTreeSet::new();
    for record in exports[0].all_records() {
        let kind = record["type"].as_str().unwrap().to_owned();
        note(&kind, &record, &mut said);
        types.insert(kind);
    }
    assert_eq!(types, TYPES.map(str::to_owned).into());
    said.retain(|_, is_said| !*is_said);
    let unsaid: Vec<&str> = said.keys().map(String::as_str).collect();
    assert_eq!(
        unsaid, UNSAID,
        "give them something in the furnished tenant"
    );
    let states = exports[0].records("post").into_iter();
    let states: BTreeSet<String> = states
        .map(|post| post["targets"][0]["state"].to_string())
        .collect();
    let all = State::ALL.map(|state| serde_json::to_string(&state.visible()).unwrap());
    assert_eq!(states, all.into());
    let names = exports.map(|export| export.records("tenant")[0]["name"].clone());
    assert_ne!(names[0], names[1], "a tenant keeps its name");
}
