use dispatch::{backlog, tick};

use crate::world::World;

#[tokio::test]
async fn f_28_quiet_tenant_behind_a_loud_one_of_the_same_second_is_sent_among_the_first() {
    let world = World::new().await;
    let (loud, quiet) = (world.owner().await, world.owner().await);
    // Created first, so that all of it sorts before the other's.
    world.due(&loud, 110).await;
    world.due(&quiet, 5).await;

    assert_eq!(tick(&world.ctx).await.unwrap().handed_over, 1);
    backlog(&world.ctx, 0).await.unwrap();

    let woken = world.woken();
    let quiet = quiet.scope.tenant();
    let last = woken.iter().rposition(|key| key.tenant == quiet).unwrap();
    assert_eq!(woken.len(), 115);
    assert_eq!(last, 9, "each of its five waits for one of the other");
}
