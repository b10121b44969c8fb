//! Many deliveries that are due at once, to a network that answers at once.

use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};

use crate::figure::Figure;
use crate::plan::Plan;
use crate::proc::ms;
use crate::world::World;

/// From here on a run takes minutes and is judged by its end.
const LARGE: usize = 100_000;
const LONGEST: Duration = Duration::from_mins(15);

pub(crate) async fn measure(plan: &Plan, world: &mut World) -> Result<Vec<Figure>> {
    let count = plan.deliveries;
    let from = world.next_number();
    // All are due already when the host starts, so the dispatcher's work counts too.
    let due = Timestamp::now().saturating_sub(SignedDuration::from_secs(1))?;
    let posts = world.owners.iter().cycle().take(count);
    let seeding = std::time::Instant::now();
    let posts = posts.map(|owner| (owner.clone(), due)).collect();
    world.write(posts).await?;
    let seeded = seeding.elapsed();

    let began = Timestamp::now();
    let host = world.start()?;
    let arrivals = world.arrivals(&host, from, count, LONGEST).await?;
    let cpu = host.cpu()?;
    let resident = host.resident_mb()?;
    host.stop()?;

    let first = arrivals
        .iter()
        .map(|arrival| arrival.at)
        .min()
        .context("no arrival")?;
    let last = arrivals
        .iter()
        .map(|arrival| arrival.at)
        .max()
        .context("no arrival")?;
    let seconds = last.duration_since(began).as_secs_f64();
    let rate = Figure::new(
        format!("{count} due at once: deliveries a minute, from the host's start to the last"),
        count as f64 / seconds * 60.0,
        "/min",
    );
    let end = Figure::new("the last is out after", seconds, "s");
    let (rate, end) = if count >= LARGE {
        (rate, end.at_most(720.0))
    } else {
        (
            rate.at_least(10_000.0)
                .peer("3,164 without its limiter, 60 as shipped"),
            end,
        )
    };
    Ok(vec![
        rate,
        end,
        Figure::new(
            "the first is out after",
            first.duration_since(began).as_secs_f64(),
            "s",
        ),
        Figure::new(
            "CPU per delivery, all included",
            ms(cpu) / count as f64,
            "ms",
        )
        .peer("18–20"),
        Figure::new("memory after it", resident, "MB"),
        Figure::new(
            "seeded in bulk, posts a second",
            count as f64 / seeded.as_secs_f64(),
            "/s",
        ),
    ])
}
