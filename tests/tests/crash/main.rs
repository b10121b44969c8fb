//! Crashes the product before and after every awaited effect of a post's life, starts it again and looks at what
//! readers see.
//!
//! One run looks at what a death would leave before and after each effect of a story; then the story runs once for each
//! thing that can be left, dies there, and another process goes on with what the dead one left in the table and the
//! queue.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod deaths;
mod deletion;
mod departure;
mod handed_over;
mod invariants;
mod late;
mod life;
mod outage;
mod own_key;
mod redrive;
mod refresh;
mod restore;
mod rotation;
mod sign_out;
mod twins;
mod uploads;
mod world;

use cloud::faults::{Effects, Fault, FaultPlan};
use domain::Random;
use domain::network::RepeatRule;
use testkit::{Behaviour, FixedRandom};

use deaths::die_everywhere;
use invariants::Ending;
use life::Story;
use store::{StoredPost, Timeline};
use world::World;

const READ_BACK: RepeatRule = RepeatRule::ReadBack {
    absence_after_seconds: Some(30),
};

/// Plays the story without a fault, then once for each thing that a death in it can leave behind.
async fn crash_everywhere(story: Story, repeat: RepeatRule, endings: &[Ending]) {
    die_everywhere(repeat, async |world, effects, place| {
        let post = play(world, &story, &effects).await;
        let timeline = timeline_of(world, &post).await;
        invariants::check(world, &post, &timeline, endings, place);
    })
    .await;
}

/// Another process goes on where the first one dies.
async fn play(world: &World, story: &Story, effects: &Effects) -> StoredPost {
    world.network.script(story.behaviours.iter().copied());
    let first = world.start(effects.clone());
    match effects.until_crash(life::play(world, &first, story)).await {
        Some(post) => post,
        None => life::play(world, &world.start(Effects::default()), story).await,
    }
}

async fn timeline_of(world: &World, post: &StoredPost) -> Timeline {
    let posts = world.table.tenant(&world.member.scope);
    posts.timeline(post.post.id).await.unwrap()
}

fn story(behaviours: &[Behaviour]) -> Story {
    Story {
        behaviours: behaviours.to_vec(),
        act: None,
    }
}

#[tokio::test]
async fn publishing_that_dies_anywhere_publishes_once() {
    for repeat in [READ_BACK, RepeatRule::ClientKey] {
        crash_everywhere(story(&[]), repeat, &[Ending::Published]).await;
    }
}

#[tokio::test]
async fn publishing_on_a_network_without_any_proof_publishes_once_or_asks() {
    crash_everywhere(
        story(&[]),
        RepeatRule::Nothing,
        &[Ending::Published, Ending::Asking],
    )
    .await;
}

#[tokio::test]
async fn publishing_with_a_lost_answer_publishes_once() {
    crash_everywhere(
        story(&[Behaviour::LosesAnswer]),
        READ_BACK,
        &[Ending::Published],
    )
    .await;
}

#[tokio::test]
async fn publishing_with_a_lost_call_publishes_once() {
    crash_everywhere(
        story(&[Behaviour::LosesCall]),
        READ_BACK,
        &[Ending::Published],
    )
    .await;
}

#[tokio::test]
async fn publishing_that_the_network_works_on_publishes_once() {
    crash_everywhere(
        story(&[Behaviour::Processes(90)]),
        READ_BACK,
        &[Ending::Published],
    )
    .await;
}

#[tokio::test]
async fn publishing_that_is_limited_first_publishes_once() {
    crash_everywhere(
        story(&[Behaviour::LimitsRate(30)]),
        READ_BACK,
        &[Ending::Published],
    )
    .await;
}

#[tokio::test]
async fn publishing_that_is_refused_fails_and_nothing_is_visible() {
    // A call that died before its answer was recorded is looked for, not found and made again.
    crash_everywhere(
        story(&[Behaviour::Rejects]),
        READ_BACK,
        &[Ending::Failed, Ending::Published],
    )
    .await;
}

#[tokio::test]
async fn publishing_with_a_session_that_ended_renews_it_and_publishes_once() {
    crash_everywhere(
        story(&[Behaviour::EndsSession]),
        READ_BACK,
        &[Ending::Published],
    )
    .await;
}

#[tokio::test]
async fn publishing_with_a_revoked_account_is_held() {
    // A call that died before its answer was recorded is looked for, which the network refuses: nobody can know.
    crash_everywhere(
        story(&[Behaviour::Revokes]),
        READ_BACK,
        &[Ending::Held, Ending::Asking],
    )
    .await;
}

#[tokio::test]
async fn edit_that_dies_anywhere_publishes_the_new_text_once() {
    let story = Story {
        behaviours: vec![],
        act: Some(life::Act::Edit),
    };
    crash_everywhere(story, READ_BACK, &[Ending::Published]).await;
}

#[tokio::test]
async fn cancel_that_dies_anywhere_publishes_nothing() {
    let story = Story {
        behaviours: vec![],
        act: Some(life::Act::Cancel),
    };
    crash_everywhere(story, READ_BACK, &[Ending::Cancelled]).await;
}

/// Lives with several faults each, chosen by a seed.
const LIVES: u64 = 24;
/// Processes that may die in one life; the last one lives.
const DEATHS_MAX: usize = 3;
/// Requests that fail in one process, at most.
const FAILURES: usize = 4;
/// Effects of a person's request come first: whoever gets no answer there asks again, which is not the point here.
const FIRST_FAILURE: u32 = 40;
/// About as many effects as a life has.
const EFFECTS: u32 = 160;

#[tokio::test]
async fn lives_in_which_much_goes_wrong_publish_once_or_ask() {
    for seed in 0..LIVES {
        let random = FixedRandom::new(seed);
        let below = |most: u32| {
            let mut bytes = [0; 4];
            random.fill(&mut bytes);
            u32::from_le_bytes(bytes) % most
        };
        let pick = |options: &[Behaviour; 4]| options[below(4) as usize];
        let repeat = [READ_BACK, RepeatRule::ClientKey, RepeatRule::Nothing][below(3) as usize];
        let behaviours = [(); 2].map(|()| {
            pick(&[
                Behaviour::Accepts,
                Behaviour::LosesAnswer,
                Behaviour::LosesCall,
                Behaviour::LimitsRate(30),
            ])
        });
        let world = World::new(repeat).await;
        world.network.script(behaviours);
        let story = story(&[]);
        let mut ended = None;
        for _ in 0..DEATHS_MAX {
            let fault = [Fault::CrashBefore, Fault::CrashAfter][below(2) as usize];
            let mut plan = FaultPlan::at(below(EFFECTS), fault);
            for _ in 0..FAILURES {
                let fault = [Fault::FailBefore, Fault::FailAfter][below(2) as usize];
                plan = plan.and(FIRST_FAILURE + below(EFFECTS), fault);
            }
            let effects = Effects::new(plan);
            let process = world.start(effects.clone());
            ended = effects
                .until_crash(life::play(&world, &process, &story))
                .await;
            if ended.is_some() {
                break;
            }
        }
        let post = match ended {
            Some(post) => post,
            None => life::play(&world, &world.start(Effects::default()), &story).await,
        };
        let place = format!("life {seed}, {repeat:?}, {behaviours:?}");
        let endings = [Ending::Published, Ending::Asking];
        invariants::check(
            &world,
            &post,
            &timeline_of(&world, &post).await,
            &endings,
            &place,
        );
    }
}
