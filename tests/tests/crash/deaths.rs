//! Where a process can die, and leave something else behind than wherever else it dies.
//!
//! A dead process leaves the table, the queue, the mailbox, the network outside and the time; what it held in memory is
//! gone. An effect that only reads changes none of them, and so it makes no difference whether a process dies before
//! it, after it, or before the effect that follows. Of places that leave the same, the first stands for all: what
//! another process makes of it is played once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use cloud::faults::{Effects, Fault, FaultPlan, Watch};
use domain::Clock;
use domain::network::RepeatRule;
use jiff::Timestamp;
use testkit::{Behaviour, Mailbox, MemoryQueue, QueuedMessage, TestClock};

use crate::invariants::UNDISTURBED;
use crate::life;
use crate::world::World;
use crate::{READ_BACK, play, story};

/// The effects that only read. Whatever has another name counts as a write.
const READS: [&str; 7] = [
    "BatchGetItem",
    "GetItem",
    "Query",
    "keys.decrypt",
    "network.check",
    "network.poll",
    "network.read_back",
];

/// Lives once without a fault, then dies once for each thing that a death can leave behind.
pub(crate) async fn die_everywhere(repeat: RepeatRule, live: impl AsyncFn(&World, Effects, &str)) {
    let world = World::new(repeat).await;
    let watched = Arc::new(Watched::of(&world));
    let effects = Effects::watched(Arc::<Watched>::clone(&watched));
    live(&world, effects, UNDISTURBED).await;
    let deaths = watched.deaths();
    assert!(deaths.len() > 5, "{deaths:?}");
    for death in deaths {
        let effects = Effects::new(death.plan());
        live(&World::new(repeat).await, effects, &death.to_string()).await;
    }
}

/// A place to die at.
#[derive(Clone, Copy, Debug)]
struct Death {
    number: u32,
    effect: &'static str,
    fault: Fault,
}

impl Death {
    fn plan(self) -> FaultPlan {
        FaultPlan::at(self.number, self.fault)
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            effect,
            fault,
        } = self;
        write!(f, "{fault:?} effect {number} ({effect})")
    }
}

/// Looks at a life for what a death would leave at each place of it.
#[derive(Debug)]
struct Watched {
    clock: TestClock,
    queue: Arc<MemoryQueue>,
    mailbox: Mailbox,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    writes: usize,
    /// Every place, with the number of the first that leaves the same.
    places: Vec<(Death, usize)>,
    last: Option<Left>,
}

/// What is left. Table, keys and network only change by effects that write, of which there is no end: as many of them
/// are the same ones.
#[derive(Clone, Debug, PartialEq)]
struct Left {
    writes: usize,
    now: Timestamp,
    messages: Vec<QueuedMessage>,
    mails: usize,
}

impl Watched {
    fn of(world: &World) -> Self {
        Self {
            clock: world.clock.clone(),
            queue: Arc::clone(&world.queue),
            mailbox: world.mailbox.clone(),
            seen: Mutex::default(),
        }
    }

    /// The first place of each that leave the same.
    fn deaths(&self) -> Vec<Death> {
        let places = self.places().into_iter().enumerate();
        let firsts = places.filter(|(place, (_, first))| place == first);
        firsts.map(|(_, (death, _))| death).collect()
    }

    /// Each place that is left out, with the one that stands for it.
    fn left_out(&self) -> Vec<(Death, Death)> {
        let places = self.places();
        let others = places.iter().enumerate();
        let others = others.filter(|(place, (_, first))| place != first);
        let pairs = others.map(|(_, (death, first))| (*death, places[*first].0));
        pairs.collect()
    }

    fn places(&self) -> Vec<(Death, usize)> {
        self.seen.lock().unwrap().places.clone()
    }

    fn look(&self, death: Death) {
        let has_written = death.fault == Fault::CrashAfter && !READS.contains(&death.effect);
        let mut seen = self.seen.lock().unwrap();
        seen.writes += usize::from(has_written);
        let left = Left {
            writes: seen.writes,
            now: self.clock.now(),
            messages: self.queue.messages(),
            mails: self.mailbox.all().len(),
        };
        let first = match (&seen.last, seen.places.last()) {
            (Some(last), Some((_, first))) if *last == left => *first,
            _ => seen.places.len(),
        };
        seen.places.push((death, first));
        seen.last = Some(left);
    }
}

impl Watch for Watched {
    fn before(&self, number: u32, effect: &'static str) {
        self.look(Death {
            number,
            effect,
            fault: Fault::CrashBefore,
        });
    }

    fn after(&self, number: u32, effect: &'static str) {
        self.look(Death {
            number,
            effect,
            fault: Fault::CrashAfter,
        });
    }
}

/// Asks the network for everything that it can be asked for.
const ASKING: [Behaviour; 3] = [
    Behaviour::EndsSession,
    Behaviour::LosesCall,
    Behaviour::Processes(90),
];

/// All that is left of a life that ends so.
async fn left_by(death: Death) -> String {
    let world = World::new(READ_BACK).await;
    let effects = Effects::new(death.plan());
    world.network.script(ASKING);
    let first = world.start(effects.clone());
    let plain = story(&[]);
    let lived = effects.until_crash(life::play(&world, &first, &plain));
    assert!(lived.await.is_none(), "{death} does not happen");
    let items = world.copy().await.into_iter();
    let items: BTreeSet<String> = items.map(|item| text(&AttributeValue::M(item))).collect();
    let network = (world.network.calls(), world.network.visible());
    let outside = (world.queue.messages(), world.mailbox.all());
    format!("{items:#?} {network:?} {outside:?} {}", world.clock.now())
}

#[tokio::test]
async fn place_that_is_left_out_leaves_what_the_one_leaves_that_stands_for_it() {
    let world = World::new(READ_BACK).await;
    let watched = Arc::new(Watched::of(&world));
    let effects = Effects::watched(Arc::<Watched>::clone(&watched));
    play(&world, &story(&ASKING), &effects).await;

    // One of each kind: the effect, and the side of it.
    let mut kinds = BTreeMap::new();
    for (place, first) in watched.left_out() {
        kinds.insert((place.effect, format!("{:?}", place.fault)), (place, first));
    }
    for (place, first) in kinds.values() {
        let is_same = left_by(*place).await == left_by(*first).await;
        assert!(is_same, "{place} leaves something else than {first}");
    }

    let compared: BTreeSet<&str> = kinds.keys().map(|(effect, _)| *effect).collect();
    for read in READS {
        assert!(compared.contains(read), "no {read} among {compared:?}");
    }
}

/// A value, with the members of each map in the order of their names.
fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(members) => {
            let members = members.iter().map(|(name, value)| (name, text(value)));
            format!("{:?}", members.collect::<BTreeMap<_, _>>())
        }
        AttributeValue::L(values) => format!("{:?}", values.iter().map(text).collect::<Vec<_>>()),
        value => format!("{value:?}"),
    }
}
