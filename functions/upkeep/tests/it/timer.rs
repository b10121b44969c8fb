//! The timer's run: every part of it, whatever became of the others.

use std::sync::Arc;

use cloud::envelope::{Binding, Purpose};
use domain::TenantId;
use domain::tenant_key::KeyMessage;
use testkit::posts::owner;
use upkeep::RotateKeys;
use upkeep::events::{Event, on_event};

use crate::world::{ClosedQueue, Lines, World};

impl World {
    /// A tenant whose key is to be rotated.
    async fn due_rotation(&self) -> TenantId {
        let tenant = owner(&self.table, &self.clock).await.scope.tenant();
        let binding = Binding::new(tenant, "acc", Purpose::AccountCredential, 1);
        self.envelope.seal(&binding, b"secret").await.unwrap();
        let asked = upkeep::rotate_keys(&self.ctx, &RotateKeys::All).await;
        assert_eq!(asked.unwrap().tenants, 1);
        tenant
    }
}

#[tokio::test]
async fn run_whose_erasure_fails_sweeps_rotates_and_measures_all_the_same() {
    let world = World::new().await;
    let tenant = world.due_rotation().await;
    let lines = Lines::default();

    let ctx = world.without_partition("E#000");
    let failure = on_event(&ctx, &lines.metrics(), Event::default()).await;

    assert_eq!(failure.unwrap_err().code(), "unavailable");
    let asked = world.queue.messages();
    let rotate = KeyMessage::RotateKey { tenant }.to_text();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked.first().unwrap().body, rotate);
    let measured = lines.text();
    assert!(measured.contains("\"deadline_passed\":[0]"), "{measured}");
}

#[tokio::test]
async fn run_that_cannot_look_for_deleted_media_fails_once_all_else_is_done() {
    let world = World::new().await;
    world.due_rotation().await;
    let lines = Lines::default();

    let ctx = world.without_partition("M#000");
    let failure = on_event(&ctx, &lines.metrics(), Event::default()).await;

    assert_eq!(failure.unwrap_err().code(), "unavailable");
    assert_eq!(world.queue.messages().len(), 1);
    let measured = lines.text();
    assert!(measured.contains("deadline_passed"), "{measured}");
}

#[tokio::test]
async fn rotation_that_the_queue_does_not_take_is_counted_as_failed() {
    let world = World::new().await;
    world.due_rotation().await;
    let lines = Lines::default();
    let mut ctx = world.ctx.clone();
    ctx.reconciler.waker.queue = Arc::new(ClosedQueue);

    let swept = on_event(&ctx, &lines.metrics(), Event::default()).await;

    swept.unwrap();
    let measured = lines.text();
    assert!(measured.contains("\"entries_failed\":[1]"), "{measured}");
    // The next run asks again.
    let asked = upkeep::rotate_due_keys(&world.ctx).await.unwrap();
    assert_eq!((asked.asked, asked.failed), (1, 0));
}
