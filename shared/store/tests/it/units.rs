//! What a publication costs: a careless index or attribute shows here.

use std::sync::Arc;

use domain::Clock;
use domain::delivery::acts::{self, Plan};
use domain::delivery::protocol::{self, Claim};
use domain::delivery::{
    Attempt, Delivery, DeliveryKey, Evidence, HoldReason, ProofKind, Transition,
};
use domain::event::Actor;
use domain::post::Post;
use domain::tenant::Limits;
use jiff::Timestamp;
use store::{Act, Commit, Consumed, DeliveryChange, Meter, PostChange, Step, Table};
use testkit::{Price, TestClock};

use crate::posts::{MAX_LATENESS, checked, owner, scheduled};

async fn step(table: &Table, delivery: &Delivery, transition: Transition) -> Delivery {
    match table
        .system()
        .step(&DeliveryKey::of(delivery), &transition)
        .await
        .unwrap()
    {
        Step::Done(next) => *next,
        other => panic!("{}: {other:?}", transition.name),
    }
}

#[tokio::test]
async fn publishing_one_target_costs_fifteen_write_units_at_most() {
    let clock = TestClock::at("2026-12-01T08:58:00Z");
    let meter = Arc::new(Meter::default());
    let table = testkit::table(&clock).await.metered(Arc::clone(&meter));
    let owner = owner(&table, &clock).await;
    meter.take();
    let due: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
    let delivery = scheduled(&table, &clock, &owner, due).await;
    let mut costs: Vec<(&str, f64)> = Vec::new();
    let mut spend = |name| costs.push((name, meter.take().writes));
    spend("created");

    let queued = step(
        &table,
        &delivery,
        protocol::queued(due, 1, due, clock.now()),
    )
    .await;
    spend("queued");
    clock.set(due);
    let claimed = step(&table, &queued, protocol::claim(1, due, due)).await;
    spend("claim");
    let claim = Claim::of(&claimed);
    step(&table, &claimed, protocol::intent(claim, due)).await;
    spend("intent");
    let evidence = Evidence {
        remote_id: Some(
            "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3kabcdefghijk".to_owned(),
        ),
        permalink: Some("https://bsky.app/profile/ada.example.com/post/3kabcdefghijk".to_owned()),
        proof: ProofKind::Response,
        published_at: due,
    };
    let attempt = Attempt::Published {
        evidence: evidence.clone(),
    };
    table
        .system()
        .record_attempt(&DeliveryKey::of(&claimed), claim.fence, due, &attempt)
        .await
        .unwrap();
    spend("attempt");
    step(&table, &claimed, protocol::published(claim, evidence)).await;
    spend("published");

    let after_creation: f64 = costs.iter().skip(1).map(|(_, units)| units).sum();
    assert!(after_creation <= 15.0, "{costs:?}");
    let publication = Price::PUBLICATION.map(|price| (price.step, price.total()));
    let prices: Vec<_> = [("created", 18.0)].into_iter().chain(publication).collect();
    assert_eq!(costs, prices);
}

#[tokio::test]
async fn acts_of_a_person_on_one_target_have_their_price() {
    let clock = TestClock::at("2026-12-01T08:00:00Z");
    let meter = Arc::new(Meter::default());
    let table = testkit::table(&clock).await.metered(Arc::clone(&meter));
    let owner = owner(&table, &clock).await;
    let due: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
    let delivery = scheduled(&table, &clock, &owner, due).await;
    let posts = table.tenant(&owner.scope);
    meter.take();
    let stored = posts.post(delivery.post).await.unwrap().unwrap();
    let read = meter.take();
    let later: Timestamp = "2026-12-01T10:00:00Z".parse().unwrap();
    let plan = Plan::new(&checked(), later, MAX_LATENESS);
    let acts = [
        ("edit", acts::edit(plan, 2)),
        ("hold", acts::hold(HoldReason::User, later)),
        ("cancel", acts::cancel()),
    ];

    let mut costs = vec![("read", read.reads)];
    for (version, (name, transition)) in (1..).zip(acts) {
        let seen = posts.post(delivery.post).await.unwrap().unwrap();
        let seen = seen.deliveries.into_iter().next().unwrap();
        meter.take();
        let post = Post {
            version: version + 1,
            ..stored.post.clone()
        };
        let change = PostChange {
            seen: version,
            post: &post,
            targets: 1,
            limits: Limits::DEFAULT,
            body: None,
            deliveries: vec![DeliveryChange::Step(Box::new(seen), transition)],
            media_gained: vec![],
            media_lost: vec![],
            events: vec![],
        };
        let act = Act {
            actor: Actor::system("test"),
            at: clock.now(),
        };
        assert_eq!(
            posts.change_post(change, &act).await.unwrap(),
            Commit::Done,
            "{name}"
        );
        costs.push((name, meter.take().writes));
    }

    assert_eq!(
        costs,
        [
            ("read", 3.0),
            ("edit", 13.0),
            ("hold", 7.0),
            // Two of them give back what it counts of its month.
            ("cancel", 11.0)
        ]
    );
}

#[tokio::test]
async fn reading_a_delivery_costs_one_read_unit() {
    let clock = TestClock::at("2026-12-01T08:58:00Z");
    let meter = Arc::new(Meter::default());
    let table = testkit::table(&clock).await.metered(Arc::clone(&meter));
    let owner = owner(&table, &clock).await;
    let delivery = scheduled(
        &table,
        &clock,
        &owner,
        "2026-12-01T09:00:00Z".parse().unwrap(),
    )
    .await;
    meter.take();

    table
        .system()
        .delivery(&DeliveryKey::of(&delivery))
        .await
        .unwrap();

    assert_eq!(
        meter.take(),
        Consumed {
            writes: 0.0,
            reads: 1.0
        }
    );
}
