//! The table is set back by five minutes while posts go out: the rehearsal of `docs/runbooks/restore.md`.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use cloud::faults::Effects;
use cloud::telemetry::{self, Metrics};
use domain::delivery::State;
use domain::membership::Role;
use domain::network::RepeatRule;
use domain::{Clock as _, DeliveryId};
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::Behaviour;
use tracing::level_filters::LevelFilter;
use upkeep::Declared;
use upkeep::events::{Event, Outcome};

use crate::READ_BACK;
use crate::deletion::{assert_erased_once, assert_given, furnish, sweep_until_erased};
use crate::life;
use crate::world::{AUTHOR, Process, World};

const COPY: &str = "2026-12-01T09:00:00Z";
const STOP: &str = "2026-12-01T09:05:00Z";
/// Two minutes after the stop, when no call is under way any more.
const START: &str = "2026-12-01T09:07:00Z";
/// After the last post and the last look.
const END: &str = "2026-12-01T11:00:00Z";

/// The lines that the functions log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// What was called, as the runbook's query finds it.
    fn called(&self) -> Vec<Value> {
        let lines = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .filter(|line| line["message"] == "a publishing call begins")
            .map(|line| {
                json!({
                    "tenant": line["tenant.id"],
                    "post": line["post.id"],
                    "account": line["account.id"],
                    "delivery": line["delivery.id"],
                })
            })
            .collect()
    }
}

/// The posts of a rehearsal, by what happens with them.
#[derive(Default)]
struct Posts(BTreeMap<&'static str, (String, DeliveryId)>);

impl Posts {
    async fn plan(&mut self, world: &World, process: &Process, name: &'static str, at: &str) {
        let body = json!({
            "when": { "at": at },
            "base": { "text": name },
            "targets": [{ "account_id": world.account }],
        });
        let call = process.api.post("/v1/posts").by(&world.member);
        let call = call.header("idempotency-key", name).json(&body);
        let answer = call.send().await.expect(201);
        let id = answer.body["id"].as_str().unwrap().to_owned();
        let delivery = world.post(&id).await.deliveries[0].id;
        self.0.insert(name, (id, delivery));
    }

    async fn change(&self, world: &World, process: &Process, name: &str, change: &Value) {
        let (id, _) = &self.0[name];
        let path = format!("/v1/posts/{id}");
        let read = process.api.get(&path).by(&world.member);
        let read = read.send().await.expect(200);
        let etag = read.headers["etag"].to_str().unwrap();
        let call = process.api.patch(&path).by(&world.member).json(change);
        call.header("if-match", etag).send().await.expect(200);
    }

    async fn cancel(&self, world: &World, process: &Process, name: &str) {
        let (id, _) = &self.0[name];
        let call = process.api.post(format!("/v1/posts/{id}/cancel"));
        let call = call.by(&world.member).json(&json!({}));
        call.send().await.expect(200);
    }

    /// How each ended, and how often readers see it.
    async fn endings(&self, world: &World) -> BTreeMap<&'static str, (State, usize)> {
        let mut endings = BTreeMap::new();
        for (name, (id, delivery)) in &self.0 {
            let state = world.post(id).await.deliveries[0].state;
            endings.insert(*name, (state, world.visible_of(*delivery)));
        }
        endings
    }
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

async fn declare(process: &Process, event: Event) -> Declared {
    let metrics = Metrics::off();
    let run = upkeep::events::on_event(&process.upkeep, &metrics, event);
    let Outcome::Declared(declared) = run.await.unwrap() else {
        panic!("it was no declaration");
    };
    declared
}

/// Publishes, takes a copy, publishes on for five minutes, goes back to the copy as the runbook says, and publishes on.
/// Answers how each post ended that the table still knows.
async fn rehearse(repeat: RepeatRule) -> BTreeMap<&'static str, (State, usize)> {
    let mut world = World::new(repeat).await;
    let mut posts = Posts::default();
    let process = world.start(Effects::default());
    for (name, due) in [
        ("published before", "2026-12-01T08:59:00Z"),
        ("published", "2026-12-01T09:02:00Z"),
        ("edited, published", "2026-12-01T09:02:30Z"),
        ("published, answer lost", "2026-12-01T09:03:00Z"),
        ("call lost", "2026-12-01T09:03:30Z"),
        ("cancelled", "2026-12-01T09:04:00Z"),
        ("hastened, published", "2026-12-01T10:00:00Z"),
        ("due later", "2026-12-01T10:00:00Z"),
    ] {
        posts.plan(&world, &process, name, due).await;
    }
    life::run_until(&world, &process, at(COPY)).await;
    let copy = world.copy().await;

    let log = Log::default();
    let lines = telemetry::lines(LevelFilter::INFO, {
        let log = log.clone();
        move || log.clone()
    });
    let logging = tracing::subscriber::set_default(lines);
    let new_text = json!({ "base": { "text": "another text" } });
    posts
        .change(&world, &process, "edited, published", &new_text)
        .await;
    let sooner = json!({ "when": { "at": "2026-12-01T09:04:30Z" } });
    posts
        .change(&world, &process, "hastened, published", &sooner)
        .await;
    posts.cancel(&world, &process, "cancelled").await;
    let mut written_since = Posts::default();
    let due = "2026-12-01T09:01:30Z";
    written_since
        .plan(&world, &process, "written, published", due)
        .await;
    world.network.script([
        Behaviour::Accepts,
        Behaviour::Accepts,
        Behaviour::Accepts,
        Behaviour::LosesAnswer,
        Behaviour::LosesCall,
    ]);
    life::run_until(&world, &process, at(STOP)).await;
    assert_eq!(log.called().len(), 6);
    let (_, gone) = &written_since.0["written, published"];

    // Everything is stopped; the table is restored; the lost time is declared before anything starts.
    drop((logging, process));
    world.clock.set(at(START));
    world.restore(copy).await;
    let process = world.start(Effects::default());
    let event = json!({
        "lost_time": { "from": COPY, "until": STOP, "called": log.called() }
    });
    let event: Event = serde_json::from_value(event).unwrap();
    let declared = declare(&process, event.clone()).await;
    let named: Vec<DeliveryId> = declared.gone.iter().map(|key| key.delivery).collect();
    assert_eq!(named, [*gone], "its author is to be told");
    assert_eq!(world.visible_of(*gone), 1);
    assert_eq!(
        (declared.uncertain, declared.called, declared.failed),
        (6, 5, 0)
    );
    // A repeat does no harm.
    declare(&process, event).await;

    life::run_until(&world, &process, at(END)).await;
    life::send_owed_mails(&world, &process).await;
    let endings = posts.endings(&world).await;
    let asked = endings
        .values()
        .filter(|(state, _)| *state == State::Asking);
    assert_eq!(world.mailbox.to(AUTHOR).len(), asked.count());
    endings
}

const OUT: (State, usize) = (State::Published, 1);
/// It is out, and a person is asked.
const ASKED_OUT: (State, usize) = (State::Asking, 1);
/// It is not out, and a person is asked.
const ASKED: (State, usize) = (State::Asking, 0);

#[tokio::test]
async fn restored_table_publishes_nothing_twice_where_records_have_keys() {
    let endings = rehearse(RepeatRule::ClientKey).await;

    let expected = BTreeMap::from([
        ("published before", OUT),
        ("published", OUT),
        ("edited, published", OUT),
        ("published, answer lost", OUT),
        ("call lost", OUT),
        ("cancelled", OUT),
        ("hastened, published", OUT),
        ("due later", OUT),
    ]);
    assert_eq!(endings, expected);
}

#[tokio::test]
async fn restored_table_publishes_nothing_twice_where_posts_are_told_apart_by_their_text() {
    let endings = rehearse(READ_BACK).await;

    let expected = BTreeMap::from([
        ("published before", OUT),
        ("published", OUT),
        ("edited, published", ASKED_OUT),
        ("published, answer lost", OUT),
        ("call lost", ASKED),
        ("cancelled", OUT),
        ("hastened, published", OUT),
        ("due later", OUT),
    ]);
    assert_eq!(endings, expected);
}

#[tokio::test]
async fn restored_table_asks_where_nobody_can_look() {
    let endings = rehearse(RepeatRule::Nothing).await;

    let expected = BTreeMap::from([
        ("published before", OUT),
        ("published", ASKED_OUT),
        ("edited, published", ASKED_OUT),
        ("published, answer lost", ASKED_OUT),
        ("call lost", ASKED),
        ("cancelled", ASKED),
        ("hastened, published", ASKED_OUT),
        ("due later", OUT),
    ]);
    assert_eq!(endings, expected);
}

/// Somebody is erased in the lost time, or before it: the copy has them alive, or deleted with their grace to come.
async fn rehearse_erased(is_deleted_in_copy: bool) {
    let mut world = World::new(READ_BACK).await;
    furnish(&world).await;
    let process = world.start(Effects::default());
    let mut posts = Posts::default();
    let due = "2026-12-01T10:00:00Z";
    posts.plan(&world, &process, "due later", due).await;
    let alive = world.copy().await;
    world.delete_tenant().await;
    let deleted = world.copy().await;
    sweep_until_erased(&world, &process).await;
    let certificate = assert_erased_once(&world, "before").await;

    world
        .restore(if is_deleted_in_copy { deleted } else { alive })
        .await;
    let process = world.start(Effects::default());
    let lost = json!({ "lost_time": { "from": COPY, "until": world.clock.now(), "called": [] } });
    let event: Event = serde_json::from_value(lost).unwrap();
    let declared = declare(&process, event.clone()).await;

    assert_eq!(
        (declared.erased, declared.uncertain, declared.failed),
        (1, 0, 0)
    );
    let after = assert_erased_once(&world, "after").await;
    assert_eq!(after, certificate, "it was erased when it was erased first");
    if is_deleted_in_copy {
        // A copy that has them alive does not know who deleted them.
        assert_given(&world, &after, "after").await;
    }
    let system = world.table.system();
    let tombstone = system.deleted_tenant(world.member.tenant).await.unwrap();
    let erased_at = tombstone.unwrap().updated_at;
    assert_eq!(erased_at, certificate.certificate.erased_at);
    let again = declare(&process, event).await;
    assert_eq!((again.erased, again.failed), (0, 0), "once");
    assert_eq!(world.network.calls(), 0);
    world.member = testkit::member(&world.table, &world.clock, Role::Owner).await;
    // Its remote account is free for others.
    process.connect(&world, "ada").await;
}

#[tokio::test]
async fn restored_table_that_has_an_erased_tenant_buries_it_again() {
    rehearse_erased(false).await;
}

#[tokio::test]
async fn restored_table_that_has_an_erased_tenant_in_its_grace_buries_it_again() {
    rehearse_erased(true).await;
}
