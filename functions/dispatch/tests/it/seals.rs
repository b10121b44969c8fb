//! How long events wait for their place in the audit log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloud::queue::{DeliveryQueue, Outgoing};
use cloud::telemetry::Metrics;
use dispatch::Ctx;
use dispatch::events::{Event, on_event};
use domain::event::{Actor, EventKind, Subject};
use domain::{Clock as _, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Act, AttentionWork, Table, TenantScope};
use testkit::TestClock;
use testkit::posts::Owner;

use crate::world::{ClosedQueue, World};

/// The promise: an event is sealed within a minute. In seconds.
const BOUND: u64 = 60;

/// Something happens.
async fn record(table: &Table, scope: &TenantScope, at: Timestamp) {
    let act = Act {
        actor: Actor::system("test"),
        at,
    };
    let subject = Subject::Tenant(scope.tenant());
    let tenant = table.tenant(scope);
    let recorded = tenant.record(&act, EventKind::AuditExported, subject, Value::Null);
    recorded.await.unwrap();
}

impl World {
    async fn happen(&self, owner: &Owner) {
        record(&self.table, &owner.scope, self.clock.now()).await;
    }

    async fn sealed(&self, owner: &Owner) -> usize {
        let log = self.table.tenant(&owner.scope);
        log.audit_before(None, 100).await.unwrap().records.len()
    }
}

/// Seconds between two ticks.
const TICK: i64 = 60;

#[tokio::test]
async fn events_are_sealed_within_a_minute_whenever_they_happen_and_however_late_ticks_begin() {
    let world = World::with_shards(4).await;
    let owners = [world.owner().await, world.owner().await];
    let function = Function::of(world.ctx.clone());
    function.tick().await;
    let mut made = Vec::new();
    for owner in &owners {
        made.push(world.sealed(owner).await);
    }
    let (mut happened, mut oldest) = (0, 0);

    for (minute, late) in (0..4).zip([7, 0, 29, 0]) {
        for second in 0..TICK {
            // The last one right after the look between two ticks: of all it waits longest.
            if (second * 7 + minute) % 20 == 0 || second == 0 || second == 31 {
                for owner in &owners {
                    world.happen(owner).await;
                }
                happened += 1;
            }
            world.clock.advance(SignedDuration::from_secs(1));
            oldest = oldest.max(function.follow_messages(&world).await);
            if second == late {
                oldest = oldest.max(function.tick().await);
            }
        }
    }
    world.clock.advance(SignedDuration::from_mins(1));
    function.tick().await;

    for (owner, made) in owners.iter().zip(made) {
        assert_eq!(world.sealed(owner).await, made + happened);
    }
    assert!(happened > 15, "{happened}");
    assert!((30..=BOUND).contains(&oldest), "{oldest}");
    let idle = dispatch::tick(&world.ctx).await.unwrap();
    assert_eq!(idle, dispatch::Run::default());
    assert_eq!(dispatch::seal(&world.ctx).await.unwrap(), idle);
}

#[tokio::test]
async fn tick_that_publishes_for_half_a_minute_keeps_no_event_waiting() {
    let world = World::new().await;
    let owner = world.owner().await;
    world.due(&owner, 1).await;
    let slow = world.publishing_takes(SignedDuration::from_secs(30), Some(&owner));
    let function = Function::of(slow);
    function.tick().await;
    let before = world.sealed(&owner).await;
    assert_eq!(
        function.follow_messages(&world).await,
        30,
        "what happened meanwhile"
    );
    assert_eq!(world.sealed(&owner).await, before + 1);

    // Right after the second look; and the next tick is ten seconds late.
    world.due(&owner, 1).await;
    world.happen(&owner).await;
    world.clock.advance(SignedDuration::from_secs(40));
    let waited = function.tick().await;

    assert_eq!(waited, 40, "until the tick began, and not until it ended");
    assert_eq!(world.woken().len(), 2);
}

#[tokio::test]
async fn run_that_is_out_of_time_by_its_posts_has_sealed_the_events_of_its_shard() {
    let world = World::new().await;
    let owner = world.owner().await;
    world.due(&owner, dispatch::STEP + 1).await;
    let slow = world.publishing_takes(dispatch::TIME_MAX, None);

    let run = dispatch::backlog(&slow, 0).await.unwrap();

    assert!(run.woken <= dispatch::STEP, "{run:?}");
    // Each post is one, and what made the tenant.
    assert!(run.sealed > dispatch::STEP + 1, "{run:?}");
    assert_eq!(run.seal_age_ms, 0, "{run:?}");
}

#[tokio::test]
async fn second_look_that_the_queue_does_not_take_keeps_no_tick_from_its_work() {
    let world = World::new().await;
    let owner = world.owner().await;
    world.due(&owner, 3).await;
    let function = Function::of(Ctx {
        shards: Arc::new(ClosedQueue),
        ..world.ctx.clone()
    });

    function.tick().await;

    assert_eq!(world.woken().len(), 3);
    assert!(world.sealed(&owner).await >= 3);
}

#[tokio::test]
async fn look_at_events_that_can_read_some_shards_seals_theirs_and_comes_again_when_it_can_read_none()
 {
    let world = World::with_shards(2).await;
    let (mut of_first, mut of_second) = (None, None);
    while of_first.is_none() || of_second.is_none() {
        let owner = world.owner().await;
        let system = world.table.system();
        let first = system.attention_page(0, world.clock.now(), 100, None);
        let is_first = first.await.unwrap().entries.iter().any(|entry| {
            let own = domain::event::Owner::Tenant(owner.scope.tenant());
            matches!(entry.work, AttentionWork::Seal { owner, .. } if owner == own)
        });
        *(if is_first {
            &mut of_first
        } else {
            &mut of_second
        }) = Some(owner);
    }

    let partly = dispatch::seal(&world.without_partitions(&["A#000"]))
        .await
        .unwrap();
    let none = dispatch::seal(&world.without_partitions(&["A#000", "A#001"])).await;

    assert!(partly.sealed > 0 && partly.failed == 1, "{partly:?}");
    assert_eq!(world.sealed(&of_first.unwrap()).await, 0);
    assert!(world.sealed(&of_second.unwrap()).await > 0);
    assert!(none.is_err(), "{none:?}");
}

/// The function as its timer and its queue call it.
struct Function {
    ctx: Ctx,
    metrics: Metrics,
    lines: Lines,
}

impl Function {
    fn of(ctx: Ctx) -> Self {
        let lines = Lines::default();
        Self {
            ctx,
            metrics: Metrics::writing_to("dispatch", lines.clone()),
            lines,
        }
    }

    /// The timer fires: how long an event had waited, in seconds.
    async fn tick(&self) -> u64 {
        self.on(json!({ "source": "aws.events" })).await
    }

    /// What is visible in the dispatch queue arrives.
    async fn follow_messages(&self, world: &World) -> u64 {
        let mut waited = 0;
        for message in world.shards.receive(10) {
            let record = json!({ "messageId": "m", "body": message.body });
            waited = waited.max(self.on(json!({ "Records": [record] })).await);
            world.shards.acknowledge(message.id);
        }
        waited
    }

    async fn on(&self, event: Value) -> u64 {
        let event: Event = serde_json::from_value(event).unwrap();
        let answer = on_event(&self.ctx, &self.metrics, event).await.unwrap();
        assert_eq!(answer.batch_item_failures, []);
        self.lines.seal_age()[0].as_u64().unwrap_or_default()
    }
}

/// A queue whose sending takes its time, in which something happens.
#[derive(Debug)]
struct SlowQueue {
    queue: Arc<dyn DeliveryQueue>,
    clock: TestClock,
    takes: SignedDuration,
    meanwhile: Option<(Table, TenantScope)>,
}

#[async_trait]
impl DeliveryQueue for SlowQueue {
    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<()>> {
        if let Some((table, scope)) = &self.meanwhile {
            record(table, scope, self.clock.now()).await;
        }
        self.clock.advance(self.takes);
        self.queue.send(messages).await
    }
}

impl World {
    /// The same dispatcher while each sending of messages to the publisher takes so long; something of the owner's
    /// happens when it begins.
    fn publishing_takes(&self, takes: SignedDuration, meanwhile: Option<&Owner>) -> Ctx {
        let mut ctx = self.ctx.clone();
        let waker = &mut ctx.reconciler.waker;
        waker.queue = Arc::new(SlowQueue {
            queue: Arc::clone(&waker.queue),
            clock: self.clock.clone(),
            takes,
            meanwhile: meanwhile.map(|owner| (self.table.clone(), owner.scope.clone())),
        });
        ctx
    }
}

/// Lines that the function writes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// What the last line says of events.
    fn seal_age(&self) -> Value {
        let written = std::mem::take(&mut *self.0.lock().unwrap());
        let line: Value = serde_json::from_slice(&written).unwrap_or_default();
        line["seal_age"].clone()
    }
}

#[tokio::test]
async fn event_that_waits_too_long_is_measured_and_nothing_is_while_none_waits() {
    let world = World::new().await;
    let owner = world.owner().await;
    dispatch::tick(&world.ctx).await.unwrap();
    let lines = Lines::default();
    let metrics = Metrics::writing_to("dispatch", lines.clone());
    let tick = async || {
        let timer: Event = serde_json::from_value(json!({ "source": "aws.events" })).unwrap();
        on_event(&world.ctx, &metrics, timer).await.unwrap();
        lines.seal_age()
    };

    assert_eq!(tick().await, Value::Null);
    world.happen(&owner).await;
    // The dispatcher stands still.
    world.clock.advance(SignedDuration::from_mins(3));
    assert_eq!(tick().await, json!([180]));
    assert_eq!(tick().await, Value::Null);
}
