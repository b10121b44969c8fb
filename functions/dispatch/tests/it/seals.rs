//! How long events wait for their place in the audit log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use cloud::telemetry::Metrics;
use dispatch::events::{Event, on_event};
use domain::Clock as _;
use domain::event::{Actor, EventKind, Subject};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::Act;
use testkit::posts::Owner;

use crate::world::World;

/// The promise: an event is sealed within a minute, and what a tick takes.
const BOUND_MS: u64 = 60_000;

impl World {
    async fn happen(&self, owner: &Owner) {
        let act = Act {
            actor: Actor::system("test"),
            at: self.clock.now(),
        };
        let subject = Subject::Tenant(owner.scope.tenant());
        let tenant = self.table.tenant(&owner.scope);
        let recorded = tenant.record(&act, EventKind::AuditExported, subject, Value::Null);
        recorded.await.unwrap();
    }

    async fn sealed(&self, owner: &Owner) -> usize {
        let log = self.table.tenant(&owner.scope);
        log.audit_before(None, 100).await.unwrap().records.len()
    }
}

#[tokio::test]
async fn events_are_sealed_within_a_minute_whenever_they_happen() {
    let world = World::with_shards(4).await;
    let owners = [world.owner().await, world.owner().await];
    let before = dispatch::tick(&world.ctx).await.unwrap();
    let made = [
        world.sealed(&owners[0]).await,
        world.sealed(&owners[1]).await,
    ];
    let (mut happened, mut oldest) = (0, before.seal_age_ms);

    for minute in 0..3 {
        for second in 0..60 {
            if (second * 7 + minute) % 20 == 0 || second == 0 {
                for owner in &owners {
                    world.happen(owner).await;
                }
                happened += 1;
            }
            world.clock.advance(SignedDuration::from_secs(1));
        }
        let run = dispatch::tick(&world.ctx).await.unwrap();
        oldest = oldest.max(run.seal_age_ms);
        for (owner, made) in owners.iter().zip(made) {
            assert_eq!(world.sealed(owner).await, made + happened, "{minute}");
        }
    }

    assert!(happened > 9, "{happened}");
    assert_eq!(oldest, BOUND_MS, "one happened right after a tick");
    let idle = dispatch::tick(&world.ctx).await.unwrap();
    assert_eq!(idle.seal_age_ms, 0);
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
        let written = std::mem::take(&mut *lines.0.lock().unwrap());
        let line: Value = serde_json::from_slice(&written).unwrap();
        line["seal_age"].clone()
    };

    assert_eq!(tick().await, Value::Null);
    world.happen(&owner).await;
    // The dispatcher stands still.
    world.clock.advance(SignedDuration::from_mins(3));
    assert_eq!(tick().await, json!([180]));
    assert_eq!(tick().await, Value::Null);
}
