//! A refresh token that is good for one use: whoever uses it is alone, and once it is refused a person is asked.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use cloud::faults::Effects;
use domain::delivery::State;
use domain::event::EventKind;
use domain::network::RepeatRule;
use futures::future::{Either, select};
use publishing::Incoming;
use serde_json::Value;
use testkit::{Behaviour, QueuedMessage};

use crate::invariants::{self, Ending, UNDISTURBED};
use crate::life;
use crate::sign_out::times;
use crate::world::{AUTHOR, Process, World};

/// The session of the world's account.
const SESSION: &str = "ada";

async fn world() -> (World, Process) {
    let world = World::new(RepeatRule::ClientKey).await;
    let process = world.start(Effects::default());
    (world, process)
}

/// The messages for a look at a post whose answer was lost, and for another post; and both posts.
async fn look_and_post(world: &World, process: &Process) -> ([QueuedMessage; 2], [String; 2]) {
    world.network.script([Behaviour::LosesAnswer]);
    let lost = process.publish_now(world).await;
    life::deliver(world, process).await;
    world.clock.set(world.queue.next_visible_at().unwrap());
    let other = process.publish_now(world).await;
    (received(world), [lost, other])
}

/// The messages for two posts, and both posts.
async fn two_posts(world: &World, process: &Process) -> ([QueuedMessage; 2], [String; 2]) {
    let one = process.publish_now(world).await;
    let other = process.publish_now(world).await;
    (received(world), [one, other])
}

fn received(world: &World) -> [QueuedMessage; 2] {
    world.queue.receive(10).try_into().unwrap()
}

async fn work(world: &World, process: &Process, message: QueuedMessage) {
    let incoming = Incoming {
        id: message.id.to_string(),
        body: message.body,
    };
    let failed = publishing::handle(&process.publishing, vec![incoming]).await;
    assert_eq!(failed, Vec::<String>::new());
    world.queue.acknowledge(message.id);
}

/// Two workers have a message each. The first one waits for the answer to its refresh, while `meanwhile` happens and the
/// second one does all its work.
async fn work_at_once(
    world: &World,
    process: &Process,
    [first, second]: [QueuedMessage; 2],
    meanwhile: impl Future<Output = ()>,
) {
    let refreshing = pin!(poll_fn(|_| {
        if world.network.refreshed().is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }));
    let first = pin!(work(world, process, first));
    let Either::Right(((), first)) = select(first, refreshing).await else {
        panic!("nobody refreshed");
    };
    meanwhile.await;
    work(world, process, second).await;
    first.await;
}

/// As if nobody had reserved the refresh.
async fn lose_reservation(world: &World) {
    let mut items = world.copy().await.into_iter();
    let credential = items.find(|item| item["PK"].as_s().unwrap().ends_with("#CRED"));
    let mut credential = credential.unwrap();
    let reservation = credential.remove("refresh");
    assert!(reservation.is_some(), "nobody reserved it");
    world.put(credential).await;
}

async fn assert_out_once_each(world: &World, process: &Process, ids: &[String], place: &str) {
    for post in life::run_to_rest(world, process, ids).await {
        let delivery = &post.deliveries[0];
        assert_eq!(delivery.state, State::Published, "{place}");
        assert_eq!(world.visible_of(delivery.id), 1, "{place}");
    }
    assert_eq!(world.network.calls(), 2, "{place}");
    assert_eq!(world.network.refreshed(), [SESSION], "{place}");
}

async fn account_state(world: &World, process: &Process) -> Value {
    world.sign_in().await;
    let list = process.api.get("/v1/accounts").by(&world.member);
    let list = list.send().await.expect(200).body;
    list["items"][0]["state"].clone()
}

#[tokio::test]
async fn posts_at_once_use_the_refresh_token_once_and_go_out_once() {
    let (world, process) = world().await;
    let (messages, ids) = two_posts(&world, &process).await;
    world.network.expire(SESSION);

    work_at_once(&world, &process, messages, async {}).await;

    assert_out_once_each(&world, &process, &ids, "two posts").await;
}

#[tokio::test]
async fn look_and_post_at_once_use_the_refresh_token_once_and_go_out_once() {
    for is_look_first in [true, false] {
        let (world, process) = world().await;
        let (mut messages, ids) = look_and_post(&world, &process).await;
        if !is_look_first {
            messages.reverse();
        }
        world.network.expire(SESSION);

        work_at_once(&world, &process, messages, async {}).await;

        let place = format!("the look is first: {is_look_first}");
        assert_out_once_each(&world, &process, &ids, &place).await;
    }
}

/// What the reservation is for.
#[tokio::test]
async fn posts_at_once_without_the_reservation_end_the_session() {
    let (world, process) = world().await;
    let (messages, ids) = two_posts(&world, &process).await;
    world.network.expire(SESSION);

    work_at_once(&world, &process, messages, lose_reservation(&world)).await;

    let posts = life::run_to_rest(&world, &process, &ids).await;
    assert_eq!(world.network.refreshed(), [SESSION, SESSION]);
    for post in posts {
        assert_eq!(post.deliveries[0].state, State::Held);
    }
    assert_eq!(world.network.calls(), 0);
}

#[tokio::test]
async fn refused_refresh_holds_the_posts_marks_the_account_and_mails_once() {
    let (world, process) = world().await;
    let one = process.publish_now(&world).await;
    let other = process.publish_now(&world).await;
    world.network.expire(SESSION);
    world.network.revoke();

    let posts = life::run_to_rest(&world, &process, &[one, other]).await;

    for post in &posts {
        let timeline = crate::timeline_of(&world, post).await;
        invariants::check(&world, post, &timeline, &[Ending::Held], UNDISTURBED);
    }
    assert_eq!(account_state(&world, &process).await, "reconnect_needed");
    let marked = times(&world, EventKind::AccountReconnectNeeded).await;
    assert_eq!(marked, 1);
    assert_eq!(world.network.refreshed(), [SESSION]);
    assert_eq!(world.network.calls(), 0);
}

#[tokio::test]
async fn refresh_that_is_refused_to_a_look_marks_the_account_and_mails() {
    let (world, process) = world().await;
    world.network.script([Behaviour::LosesAnswer]);
    process.publish_now(&world).await;
    life::deliver(&world, &process).await;
    world.network.expire(SESSION);
    world.network.revoke();
    world.clock.set(world.queue.next_visible_at().unwrap());

    life::deliver(&world, &process).await;

    assert_eq!(account_state(&world, &process).await, "reconnect_needed");
    assert_eq!(world.mailbox.to(AUTHOR).len(), 1);
    assert_eq!(world.network.refreshed(), [SESSION]);
}
