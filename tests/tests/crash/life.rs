//! A post's life: somebody makes it, perhaps changes it, and the timers and the queue do the rest.

use domain::Clock;
use domain::delivery::{Delivery, State};
use jiff::{SignedDuration, Timestamp};
use publishing::Incoming;
use serde_json::{Value, json};
use store::StoredPost;
use testkit::Behaviour;

use crate::world::{Process, World};

pub(crate) const FIRST_TEXT: &str = "first text";
pub(crate) const NEW_TEXT: &str = "new text";

/// When the post is due: soon enough that making it sends its message at once.
const DUE: &str = "2026-12-01T09:00:00Z";
/// Nothing may move any more long before this.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// What happens in a life.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// How the network answers the first publishing calls.
    pub(crate) behaviours: Vec<Behaviour>,
    /// What the author does before the post is due.
    pub(crate) act: Option<Act>,
}

/// What an author does with a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Writes another text, due half a minute later.
    Edit,
    /// Cancels it.
    Cancel,
}

/// Plays the story from wherever an earlier process left it, until nothing moves any more. People repeat a request
/// whose answer they did not get: the same key makes the same post.
pub(crate) async fn play(world: &World, process: &Process, story: &Story) -> StoredPost {
    let id = create(world, process).await;
    match story.act {
        Some(Act::Edit) => edit(world, process, &id).await,
        Some(Act::Cancel) => cancel(world, process, &id).await,
        None => {}
    }
    let mut posts = run_to_rest(world, process, &[id]).await;
    posts.remove(0)
}

pub(crate) async fn create(world: &World, process: &Process) -> String {
    let body = json!({
        "when": { "at": DUE },
        "base": { "text": FIRST_TEXT },
        "targets": [{ "account_id": world.account }],
    });
    let call = process
        .api
        .post("/v1/posts")
        .by(&world.member)
        .header("idempotency-key", "the-post")
        .json(&body);
    let answer = call.send().await.expect(201);
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn edit(world: &World, process: &Process, id: &str) {
    let path = format!("/v1/posts/{id}");
    let read = process
        .api
        .get(&path)
        .by(&world.member)
        .send()
        .await
        .expect(200);
    if read.body["base"]["text"] == NEW_TEXT {
        return;
    }
    let etag = read.headers["etag"].to_str().unwrap();
    let body = json!({ "base": { "text": NEW_TEXT }, "when": { "at": "2026-12-01T09:00:30Z" } });
    process
        .api
        .patch(&path)
        .by(&world.member)
        .header("if-match", etag)
        .json(&body)
        .send()
        .await
        .expect(200);
}

async fn cancel(world: &World, process: &Process, id: &str) {
    let path = format!("/v1/posts/{id}");
    let read = process
        .api
        .get(&path)
        .by(&world.member)
        .send()
        .await
        .expect(200);
    if read.body["state"] != "cancelled" {
        let action = format!("{path}/cancel");
        process
            .api
            .post(&action)
            .by(&world.member)
            .json(&Value::Object(serde_json::Map::new()))
            .send()
            .await
            .expect(200);
    }
}

/// Turns the timers and the queue until every target of the posts has settled.
pub(crate) async fn run_to_rest(
    world: &World,
    process: &Process,
    ids: &[String],
) -> Vec<StoredPost> {
    let mut timers = Timers::at(world.clock.now());
    let latest = world.clock.now().checked_add(LONGEST_LIFE).unwrap();
    loop {
        timers.turn(world, process).await;
        let mut posts = Vec::new();
        for id in ids {
            posts.push(world.post(id).await);
        }
        let mut deliveries = posts.iter().flat_map(|post| &post.deliveries);
        if deliveries.all(is_at_rest) {
            send_owed_mails(world, process).await;
            return posts;
        }
        timers.move_on(world, latest);
        assert!(
            world.clock.now() < latest,
            "something still moves after {LONGEST_LIFE:?}"
        );
    }
}

/// Turns the timers and the queue until this time.
pub(crate) async fn run_until(world: &World, process: &Process, until: Timestamp) {
    let mut timers = Timers::at(world.clock.now());
    while world.clock.now() < until {
        timers.turn(world, process).await;
        timers.move_on(world, until);
    }
}

/// When the timers strike next.
struct Timers {
    tick: Timestamp,
    sweep: Timestamp,
}

impl Timers {
    fn at(now: Timestamp) -> Self {
        Self {
            tick: now,
            sweep: now,
        }
    }

    /// Everything that is due now.
    async fn turn(&mut self, world: &World, process: &Process) {
        let now = world.clock.now();
        if now >= self.tick {
            // What a failed one left is for the next.
            dispatch::tick(&process.dispatch).await.ok();
            self.tick = now.checked_add(SignedDuration::from_mins(1)).unwrap();
        }
        if now >= self.sweep {
            upkeep::sweep(&process.upkeep).await.ok();
            self.sweep = now.checked_add(SignedDuration::from_mins(5)).unwrap();
        }
        deliver(world, process).await;
    }

    /// Moves the clock to what comes next, at most to `latest`.
    fn move_on(&self, world: &World, latest: Timestamp) {
        let message = world.queue.next_visible_at().into_iter();
        let next = message.fold(self.tick.min(self.sweep), Timestamp::min);
        world.clock.set(next.min(latest).max(world.clock.now()));
    }
}

/// A process that died right after a cause left its mail to the next ticks.
pub(crate) async fn send_owed_mails(world: &World, process: &Process) {
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(1));
        dispatch::tick(&process.dispatch).await.ok();
    }
}

/// What is held only waits for a person, who does not come.
fn is_at_rest(delivery: &Delivery) -> bool {
    delivery.state.is_settled() || delivery.state == State::Held
}

/// Hands every visible message to the publisher, as the queue would.
pub(crate) async fn deliver(world: &World, process: &Process) {
    loop {
        let messages = world.queue.receive(10);
        if messages.is_empty() {
            return;
        }
        let incoming = messages.iter().map(|message| Incoming {
            id: message.id.to_string(),
            body: message.body.clone(),
        });
        let failed = publishing::handle(&process.publishing, incoming.collect()).await;
        for message in messages {
            if !failed.contains(&message.id.to_string()) {
                world.queue.acknowledge(message.id);
            }
        }
    }
}

/// When the edited post is due.
pub(crate) fn new_due() -> Timestamp {
    "2026-12-01T09:00:30Z".parse().unwrap()
}
