//! What another tenant had, in a tenant.

use std::pin::pin;
use std::sync::Arc;

use cloud::faults::{Effects, Fault, FaultPlan, Faulty};
use cloud::objects::ObjectKey;
use domain::Clock as _;
use domain::delivery::State;
use domain::import::{FAILURES_MAX, ImportState};
use domain::membership::{AccountLimit, Role};
use futures::future::{Either, select};
use jiff::SignedDuration;
use testkit::http::colleague;
use transfers::Ctx;

use crate::world::{PIXELS, PostPlan, World};

#[tokio::test]
async fn import_makes_drafts_of_what_waits_and_keeps_what_is_out() {
    let world = World::new().await;
    let (ada, bob) = (
        world.owner("ada@example.com").await,
        world.owner("bob@example.com").await,
    );
    let states = [State::Scheduled, State::Published, State::Calling];
    let plans = states.map(|state| PostPlan {
        text: format!("{state:?}"),
        states: vec![state],
        has_media: false,
    });
    world.furnish(&ada, PIXELS, &plans).await;

    let done = world.moved(&ada, &bob).await;

    assert_eq!((done.counts.posts, done.unscheduled_posts), (3, 1));
    let after = world.posts_of(&bob).await;
    let states: Vec<State> = after.iter().map(|post| post.deliveries[0].state).collect();
    assert_eq!(states, [State::Draft, State::Published, State::Asking]);
    assert_eq!(after[0].post.schedule, None);
    assert!(after[1].deliveries[0].evidence.is_some());
    assert!(after.iter().all(|post| post.post.created_by == bob.user));
    let system = world.table.system();
    for shard in 0..system.shards() {
        let until = "2099-01-01T00:00:00Z".parse().unwrap();
        let waiting = system.attention(shard, until, 1_000).await.unwrap();
        let of_bob = waiting.iter().filter(|entry| {
            entry.tenant() == Some(bob.tenant)
                && !matches!(entry.work, store::AttentionWork::Seal { .. })
        });
        assert_eq!(of_bob.count(), 0, "nothing of it waits for anything");
    }
}

#[tokio::test]
async fn import_takes_accounts_that_are_connected_for_those_of_the_export() {
    let world = World::new().await;
    let (ada, bob) = (
        world.owner("ada@example.com").await,
        world.owner("bob@example.com").await,
    );
    let theirs = world.account(&ada, "loom").await;
    world.post(&ada, theirs).await;
    let volumes = world.exported(&ada).await;
    let tenant = world.table.tenant(&ada.scope);
    let account = tenant.account(theirs).await.unwrap().unwrap();
    let gone = tenant.disconnect_account(&account, &world.act(&ada)).await;
    gone.unwrap();
    let own = world.account(&bob, "loom").await;

    let id = world.announce(&bob, &volumes).await;
    world.check(&bob, id).await;
    world.apply(&bob, id).await;

    let posts = world.posts_of(&bob).await;
    assert_eq!(posts[0].deliveries[0].account, own);
}

#[tokio::test]
async fn check_of_an_import_says_what_it_would_make_and_makes_nothing() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.furnished("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world.begin(&bob, id, ImportState::Checking).await;
    let before = world.stored(&bob).await;

    world.run().await;

    assert_eq!(world.stored(&bob).await, before);
    let import = world.import_of(&bob, id).await;
    assert_eq!(import.state, ImportState::Checked);
    assert_eq!((import.counts.posts, import.counts.accounts), (2, 2));
    // What `furnished` calls a picture is none.
    let codes: Vec<&str> = import.problems.iter().map(|one| &*one.code).collect();
    assert_eq!(codes, ["type_mismatch"]);
    assert_eq!((import.problems[0].volume, import.counts.media), (1, 0));
}

#[tokio::test]
async fn import_of_files_that_are_not_as_announced_is_refused_and_makes_nothing() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let volumes = world.exported(&ada).await;
    let place = volumes[0]
        .windows(5)
        .position(|five| five == b"Analy")
        .unwrap();
    let mut tampered = volumes.clone();
    tampered[0][place] = b'O';
    let twice = [volumes.clone(), volumes.clone()].concat();
    let cases = [
        (tampered, "volume_changed"),
        (vec![b"PK".to_vec()], "volume_changed"),
        (twice, "volume_order"),
    ];

    for (volumes, code) in cases {
        let id = world.announce(&bob, &volumes).await;
        let import = world.check(&bob, id).await;
        assert_eq!(import.state, ImportState::Failed);
        assert_eq!(import.fault.as_deref(), Some(code));
    }
    let id = world.announce(&bob, &volumes).await;
    let key = ObjectKey::import_upload(bob.tenant, id, 1);
    world.objects.upload(key, "application/zip", "another");
    let import = world.check(&bob, id).await;
    assert_eq!(import.fault.as_deref(), Some("volume_missing"));
    assert_eq!(world.posts_of(&bob).await, []);
}

#[tokio::test]
async fn import_of_somebody_who_lost_their_rights_stops() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let all = AccountLimit::Unlimited;
    let editor = Role::Editor.into();
    let editor = colleague(&world.table, &world.clock, &bob, editor, all).await;
    let id = world.announce(&editor, &world.exported(&ada).await).await;

    let import = world.check(&editor, id).await;

    assert_eq!(import.fault.as_deref(), Some("importer_lacks_rights"));
}

#[tokio::test]
async fn import_into_a_tenant_that_is_deleted_meanwhile_stops_and_makes_nothing() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world.begin(&bob, id, ImportState::Importing).await;

    world.delete(&bob).await;
    world.run().await;

    let import = world.import_of(&bob, id).await;
    assert_eq!(import.state, ImportState::Failed);
    assert_eq!(import.fault.as_deref(), Some("importer_lacks_rights"));
    assert_eq!(world.posts_of(&bob).await, []);
    assert_eq!(world.run().await, 0);
}

#[tokio::test]
async fn import_of_more_media_than_the_plan_has_leaves_no_bytes_behind() {
    let world = World::new().await;
    let ada = world.owner("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    world.furnish(&ada, PIXELS, &[]).await;
    let volumes = world.exported(&ada).await;
    world
        .set(&bob, |tenant| tenant.limits.media_bytes = 1)
        .await;
    let id = world.announce(&bob, &volumes).await;
    let objects = world.objects.count();

    let checked = world.check(&bob, id).await;
    let import = world.apply(&bob, id).await;

    assert_eq!(checked.state, ImportState::Checked);
    assert_eq!(checked.fault.as_deref(), Some("plan_limit"));
    assert_eq!(import.state, ImportState::Failed);
    assert_eq!(import.fault.as_deref(), Some("plan_limit"));
    assert_eq!(world.objects.count(), objects);
    assert_eq!(world.media_of(&bob).await.len(), 0);
}

#[tokio::test]
async fn import_of_more_posts_than_the_plan_has_left_is_told_before_and_goes_on_with_more() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world
        .set(&bob, |tenant| tenant.limits.posts_per_month = 1)
        .await;

    let checked = world.check(&bob, id).await;
    let stopped = world.apply(&bob, id).await;

    assert_eq!(
        (checked.state, checked.counts.posts),
        (ImportState::Checked, 2)
    );
    assert_eq!(checked.fault.as_deref(), Some("plan_limit"));
    assert_eq!(stopped.state, ImportState::Failed);
    assert_eq!(stopped.fault.as_deref(), Some("plan_limit"));
    assert_eq!(world.posts_of(&bob).await.len(), 1);
    world
        .set(&bob, |tenant| tenant.limits.posts_per_month = 10)
        .await;
    assert_eq!(world.check(&bob, id).await.fault, None);
    let done = world.apply(&bob, id).await;
    assert_eq!((done.state, done.counts.posts), (ImportState::Done, 2));
    assert_eq!(world.posts_of(&bob).await.len(), 2);
}

#[tokio::test]
async fn import_whose_steps_fail_waits_between_them_and_has_failed_after_ten() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world.begin(&bob, id, ImportState::Checking).await;
    let plan = (0..100).fold(FaultPlan::none(), |plan, number| {
        plan.and(number, Fault::FailBefore)
    });
    let objects = Faulty::new(Arc::clone(&world.objects), Effects::new(plan));
    let broken = Ctx {
        objects: Arc::new(objects),
        ..world.function()
    };

    let first = transfers::run(&broken).await.unwrap();
    let at_once = transfers::run(&broken).await.unwrap();

    assert_eq!((first.steps, first.failed), (0, 1));
    assert_eq!((at_once.steps, at_once.failed), (0, 0));
    for _ in 1..FAILURES_MAX {
        assert_eq!(world.import_of(&bob, id).await.state, ImportState::Checking);
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(transfers::run(&broken).await.unwrap().failed, 1);
    }
    world.clock.advance(SignedDuration::from_hours(1));
    let last = transfers::run(&broken).await.unwrap();
    assert_eq!((last.steps, last.failed), (1, 0));
    let failed = world.import_of(&bob, id).await;
    assert_eq!(failed.state, ImportState::Failed);
    assert_eq!(failed.fault.as_deref(), Some("failed_repeatedly"));
    assert_eq!(
        world.check(&bob, id).await.state,
        ImportState::Checked,
        "it may be begun again"
    );
}

#[tokio::test]
async fn import_whose_steps_kill_their_process_waits_too_and_keeps_nobody_waiting() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let volumes = world.exported(&ada).await;
    let id = world.announce(&bob, &volumes).await;
    world.begin(&bob, id, ImportState::Checking).await;

    for number in 0..FAILURES_MAX {
        let effects = Effects::new(FaultPlan::at(0, Fault::CrashBefore));
        let objects = Faulty::new(Arc::clone(&world.objects), effects.clone());
        let deadly = Ctx {
            objects: Arc::new(objects),
            ..world.function()
        };
        let ended = effects.until_crash(Box::pin(transfers::run(&deadly))).await;
        assert!(ended.is_none(), "it dies: {number}");
        let eve = world.owner(&format!("eve{number}@example.com")).await;
        let hers = world.announce(&eve, &volumes).await;
        assert_eq!(world.check(&eve, hers).await.state, ImportState::Checked);
        assert_eq!(world.import_of(&bob, id).await.state, ImportState::Checking);
        world.clock.advance(SignedDuration::from_hours(1));
    }
    world.run().await;

    let failed = world.import_of(&bob, id).await;
    assert_eq!(failed.fault.as_deref(), Some("failed_repeatedly"));
}

#[tokio::test]
async fn import_step_that_wakes_up_after_another_claimed_it_counts_for_nothing() {
    let world = World::new().await;
    let bob = world.owner("bob@example.com").await;
    let id = world.announce(&bob, &[]).await;
    world.begin(&bob, id, ImportState::Checking).await;
    let tenant = world.table.tenant(&bob.scope);
    let claim = async || {
        let claimed = world.import_of(&bob, id).await.claimed(world.clock.now());
        tenant.advance_import(claimed).await.unwrap().unwrap()
    };

    let sleeper = claim().await;
    assert_eq!(world.run().await, 0, "a step is made");
    world.clock.advance(SignedDuration::from_mins(1));
    let other = claim().await;

    let late = tenant.advance_import(sleeper.stopped("late")).await;
    assert_eq!(late.unwrap(), None);
    let stepped = tenant.advance_import(other).await.unwrap();
    assert_eq!(stepped, Some(world.import_of(&bob, id).await));
}

#[tokio::test]
async fn import_that_is_cancelled_during_a_step_stays_so_and_goes_on_after_another_check() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world.begin(&bob, id, ImportState::Importing).await;
    let tenant = world.table.tenant(&bob.scope);
    let claimed = world.import_of(&bob, id).await.claimed(world.clock.now());
    let step = tenant.advance_import(claimed).await.unwrap().unwrap();

    let cancelled = world.import_of(&bob, id).await.stopped("cancelled");
    let is_cancelled = tenant.cancel_import(&cancelled, &world.act(&bob)).await;
    let late = tenant.advance_import(step.stepped(world.clock.now())).await;

    assert!(is_cancelled.unwrap());
    assert_eq!(late.unwrap(), None);
    assert_eq!(world.next_run().await, 0);
    let import = world.import_of(&bob, id).await;
    assert_eq!(import.fault.as_deref(), Some("cancelled"));
    world.check(&bob, id).await;
    assert_eq!(world.apply(&bob, id).await.state, ImportState::Done);
}

#[tokio::test]
async fn import_that_is_cancelled_during_a_step_lets_no_other_begin_before_the_step_has_ended() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world.begin(&bob, id, ImportState::Importing).await;
    let tenant = world.table.tenant(&bob.scope);
    let is_busy = async || {
        let now = world.clock.now();
        let turn = tenant.import_turn(now).await.unwrap();
        turn.holder.unwrap().is_busy(now)
    };
    let function = world.function();
    let step = pin!(transfers::run(&function));
    let is_begun = pin!(async {
        while world.import_of(&bob, id).await.pace.failures == 0 {
            tokio::task::yield_now().await;
        }
    });
    let Either::Right(((), step)) = select(step, is_begun).await else {
        panic!("it has ended already");
    };

    let cancelled = world.import_of(&bob, id).await.cancelled(world.clock.now());
    let is_cancelled = tenant.cancel_import(&cancelled, &world.act(&bob)).await;

    assert!(is_cancelled.unwrap());
    assert!(is_busy().await, "the step still makes things");
    step.await.unwrap();
    assert!(!is_busy().await);
    let import = world.import_of(&bob, id).await;
    assert_eq!(import.fault.as_deref(), Some("cancelled"));
}
