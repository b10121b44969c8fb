//! Any sequence of acts on members, invitations, roles, account groups and API keys: each is judged by what its actor has
//! right then, nobody and nothing gets what the actor lacks, nobody loses anything to somebody with less, what is refused
//! changes nothing, and the tenant keeps an owner.

mod calls;
mod checks;
mod choice;
mod follow;
mod model;
mod pairs;
mod shown;
mod steps;
mod tally;
mod world;

use std::cell::RefCell;

use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::checks::Act;
use self::model::Model;
use self::pairs::{Holder, of};
use self::steps::{Deed, Step};
use self::tally::Tally;
use self::world::World;

const SEQUENCES: u32 = 4;

/// The same sequences each time, so that what is required of how they end either holds or does not.
const SEED: u64 = 40;

impl World {
    /// Whether the tenant shows what the model says, and whoever has something else than before is told so; as is the one
    /// who did it.
    async fn agrees(&self, model: &Model, before: &Model, by: usize) {
        let owner = model.owner().expect("an owner");
        assert_eq!(self.lists(&self.people[owner]).await, model.lists);
        let (rights, had) = (model.rights(), before.rights());
        let holders = rights.keys().chain(had.keys());
        let mut asked: Vec<&Holder> = holders
            .filter(|holder| rights.get(*holder) != had.get(*holder))
            .collect();
        let actor = Holder::Person(by);
        asked.push(&actor);
        asked.sort();
        asked.dedup();
        for holder in asked {
            self.tells(holder, model).await;
        }
    }

    async fn tells(&self, holder: &Holder, model: &Model) {
        if let Some(told) = self.told(holder, model).await {
            assert_eq!(told, of(&model.rights(), holder), "{holder:?}");
        }
    }
}

async fn holds(steps: Vec<Step>, tally: &RefCell<Tally>) {
    let (world, mut model) = World::new().await;
    for step in &steps {
        let (by, deed) = step.deed(&model);
        let answer = world.perform(by, &deed, &model).await;
        let status = answer.status.as_u16();
        assert!(status < 500, "{deed:?} by {by}: {}", answer.body);
        let before = model.clone();
        if let Deed::Accept { whom } = deed {
            // It gives all that it would, or cannot be accepted.
            let given = of(&before.rights(), &Holder::Invitation(whom));
            assert_eq!(status < 400, !given.is_empty(), "{deed:?}: {}", answer.body);
        }
        if status < 400 {
            model.follow(by, &deed, &answer.body);
        }
        world.agrees(&model, &before, by).await;
        if status < 400 {
            let act = Act {
                deed: &deed,
                by,
                before: &before,
                after: &model,
            };
            act.check();
        }
        let is_changed = model.lists != before.lists || model.rights() != before.rights();
        tally.borrow_mut().add(deed.kind(), &answer, is_changed);
    }
    for person in 0..world.people.len() {
        world.tells(&Holder::Person(person), &model).await;
    }
    for key in model.keys.keys() {
        world.tells(&Holder::Key(key.clone()), &model).await;
    }
}

#[test]
fn id_39_no_sequence_of_acts_gives_or_takes_what_its_actor_lacks() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: SEQUENCES,
        rng_seed: RngSeed::Fixed(SEED),
        max_shrink_iters: 8,
        failure_persistence: None,
        ..Config::default()
    };
    let tally = RefCell::default();
    TestRunner::new(config)
        .run(&steps::steps(), |steps| {
            runtime.block_on(holds(steps, &tally));
            Ok(())
        })
        .unwrap();
    tally.borrow().check();
}
