//! Two posts with the same text at the same account, at a network that tells posts apart by their text only: none of
//! them counts for both.

use cloud::faults::Effects;
use domain::delivery::{Delivery, State};
use serde_json::json;
use testkit::Behaviour;

use crate::READ_BACK;
use crate::deaths::die_everywhere;
use crate::life;
use crate::world::{Process, World};

/// Makes both and lets time pass until they are at rest; answers with what became of them.
async fn live(world: &World, process: &Process) -> Vec<Delivery> {
    let mut ids = Vec::new();
    for key in ["one", "other"] {
        let body = json!({
            "when": { "at": "2026-12-01T09:00:00Z" },
            "base": { "text": "good morning" },
            "targets": [{ "account_id": world.account }],
        });
        let call = process.api.post("/v1/posts").by(&world.member);
        let call = call.header("idempotency-key", key).json(&body);
        let answer = call.send().await.expect(201);
        ids.push(answer.body["id"].as_str().unwrap().to_owned());
    }
    let posts = life::run_to_rest(world, process, &ids).await;
    posts.into_iter().flat_map(|post| post.deliveries).collect()
}

/// Another process goes on where the first one dies.
async fn play(world: &World, behaviours: &[Behaviour], effects: Effects, place: &str) {
    world.network.script(behaviours.iter().copied());
    let first = world.start(effects.clone());
    let deliveries = match effects.until_crash(live(world, &first)).await {
        Some(deliveries) => deliveries,
        None => live(world, &world.start(Effects::default())).await,
    };
    let published: Vec<_> = deliveries
        .iter()
        .filter(|delivery| delivery.state == State::Published)
        .map(|delivery| {
            let evidence = delivery.evidence.clone();
            evidence.and_then(|evidence| evidence.remote_id).unwrap()
        })
        .collect();
    let asking = deliveries
        .iter()
        .filter(|delivery| delivery.state == State::Asking)
        .count();
    let visible: Vec<_> = world
        .network
        .visible()
        .into_iter()
        .map(|post| post.id)
        .collect();
    assert_eq!(published.len() + asking, 2, "{place}: {deliveries:?}");
    assert!(
        published.iter().all(|id| visible.contains(id)),
        "{place}: {published:?} of {visible:?}"
    );
    assert!(
        published.len() < 2 || published[0] != published[1],
        "{place}: one post counts for both"
    );
    assert!(visible.len() <= 2, "{place}: {visible:?}");
}

#[tokio::test]
async fn twins_of_which_one_call_is_lost_do_not_share_the_others_post() {
    let behaviours = [Behaviour::Accepts, Behaviour::LosesCall];
    die_everywhere(READ_BACK, async |world, effects, place| {
        play(world, &behaviours, effects, place).await;
    })
    .await;
}

#[tokio::test]
async fn twins_in_any_order_of_answers_are_published_once_each_or_asked_about() {
    let behaviours = [
        Behaviour::Accepts,
        Behaviour::LosesAnswer,
        Behaviour::LosesCall,
        Behaviour::Processes(90),
    ];
    for one in behaviours {
        for other in behaviours {
            let place = format!("{one:?}, {other:?}");
            let world = World::new(READ_BACK).await;
            play(&world, &[one, other], Effects::default(), &place).await;
        }
    }
}
