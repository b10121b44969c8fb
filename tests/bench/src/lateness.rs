//! How late posts are out at a steady pace, as their readers see it.

use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::figure::Figure;
use crate::plan::Plan;
use crate::stats::Distribution;
use crate::world::World;

/// Due per second, for so many seconds.
const PACES: [(usize, usize); 2] = [(20, 30), (200, 15)];
/// The host has started and its first tick is over then.
const LEAD: SignedDuration = SignedDuration::from_secs(25);
/// Between the paces, so that one does not disturb the other.
const GAP: SignedDuration = SignedDuration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(4);

pub(crate) async fn measure(_plan: &Plan, world: &mut World) -> Result<Vec<Figure>> {
    let mut posts = Vec::new();
    let mut owners = world.owners.clone().into_iter().cycle();
    // Times are set once the posts are written: writing takes a while.
    let total: usize = PACES.iter().map(|(pace, seconds)| pace * seconds).sum();
    let writing = SignedDuration::from_millis(i64::try_from(total * 3)?);
    let mut start = Timestamp::now() + LEAD + writing;
    let mut due_of = Vec::with_capacity(total);
    for (pace, seconds) in PACES {
        for at in 0..pace * seconds {
            // Due times are whole seconds, as people set them.
            let due = start + SignedDuration::from_secs(i64::try_from(at / pace)?);
            let due = Timestamp::from_second(due.as_second())?;
            due_of.push(due);
            posts.extend(owners.next().map(|owner| (owner, due)));
        }
        start = start + SignedDuration::from_secs(i64::try_from(seconds)?) + GAP;
    }
    let from = world.next_number();
    world.write(posts).await?;
    let host = world.start()?;
    let arrivals = world.arrivals(&host, from, total, LONGEST).await?;
    host.stop()?;

    let mut lateness = vec![0.0; total];
    for arrival in arrivals {
        let at = arrival.number - from;
        if let (Some(late), Some(due)) = (lateness.get_mut(at), due_of.get(at)) {
            *late = arrival.at.duration_since(*due).as_secs_f64();
        }
    }
    let mut figures = Vec::new();
    let mut rest = lateness.as_slice();
    for (pace, seconds) in PACES {
        let (own, others) = rest.split_at(pace * seconds);
        rest = others;
        let late = Distribution::of(own.iter().copied());
        let of = |what: &str| format!("{pace} due a second: late by, {what}");
        let p99 = Figure::new(of("p99"), late.percentile(99.0), "s");
        figures.extend([
            Figure::new(of("p50"), late.median(), "s"),
            if pace == 20 {
                p99.at_most(1.0)
                    .peer("3.3 for the first, 79 for the 80th as shipped")
            } else {
                p99
            },
            Figure::new(of("max"), late.max(), "s"),
        ]);
    }
    Ok(figures)
}
