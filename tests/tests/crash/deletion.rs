//! A tenant is deleted: whoever dies on the way, the sweeper alone goes on until nothing but a tombstone is left.

use cloud::faults::Effects;
use domain::tenant::{GRACE, TenantState};
use jiff::SignedDuration;

use crate::READ_BACK;
use crate::deaths::die_everywhere;
use crate::world::{Process, World};

/// From one sweep to the next.
const SWEEPS: SignedDuration = SignedDuration::from_mins(5);

/// What the sweeper does about a deleted tenant, while no dispatcher runs, until its grace is over.
async fn sweep_until_erased(world: &World, process: &Process) {
    for _ in 0..2 {
        world.clock.advance(SWEEPS);
        // What a failed one left is for the next.
        upkeep::sweep(&process.upkeep).await.ok();
    }
    world.clock.advance(GRACE);
    upkeep::erase(&process.upkeep).await.ok();
}

#[tokio::test]
async fn deletion_whose_sweeper_dies_anywhere_is_gone_on_with_by_the_next_sweeps() {
    die_everywhere(READ_BACK, async |world, effects, place| {
        // Whoever deleted it died right after the transaction that says so.
        world.delete_tenant().await;
        let dying = world.start(effects.clone());
        effects.until_crash(sweep_until_erased(world, &dying)).await;

        sweep_until_erased(world, &world.start(Effects::default())).await;

        let tenant = world.member.tenant;
        let partition = format!("T#{tenant}");
        let items = world.copy().await.into_iter();
        let keys = items.map(|item| item["PK"].as_s().unwrap().clone());
        let left: Vec<String> = keys.filter(|key| key.starts_with(&partition)).collect();
        // The tombstone, and for a day what keeps the audit log closed.
        let closing = format!("{partition}#AUD");
        assert_eq!(left, [partition, closing], "{place}");
        let tombstone = world.table.system().deleted_tenant(tenant).await;
        assert_eq!(
            tombstone.unwrap().unwrap().state,
            TenantState::Erased,
            "{place}"
        );
        let due = world
            .table
            .system()
            .tenants_to_erase(jiff::Timestamp::MAX)
            .await;
        assert_eq!(
            due.unwrap().len(),
            0,
            "{place}: nobody looks at it any more"
        );
    })
    .await;
}
