//! How long the host takes to be ready, and what it takes while nothing happens.

use std::time::Duration;

use anyhow::Result;

use crate::figure::Figure;
use crate::plan::Plan;
use crate::proc::ms;
use crate::stats::Distribution;
use crate::world::World;

/// Starts that are measured.
const STARTS: usize = 5;
/// The first runs of all timers are over then.
const SETTLED: Duration = Duration::from_secs(5);
const REST: Duration = Duration::from_secs(10);

pub(crate) async fn measure(_plan: &Plan, world: &mut World) -> Result<Vec<Figure>> {
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let host = world.start()?;
        wall.push(host.ready_after.as_secs_f64());
        cpu.push(ms(host.ready_cpu));
        host.stop()?;
    }
    let host = world.start()?;
    tokio::time::sleep(SETTLED).await;
    let before = host.cpu()?;
    tokio::time::sleep(REST).await;
    let idle = host.cpu()? - before;
    let resident = host.resident_mb()?;
    host.stop()?;
    Ok(vec![
        Figure::new(
            "ready after, median of 5",
            Distribution::of(wall).median(),
            "s",
        )
        .at_most(0.5),
        Figure::new(
            "CPU until ready, median of 5",
            Distribution::of(cpu).median(),
            "ms",
        )
        .at_most(150.0)
        .peer("9,900"),
        Figure::new("memory at rest", resident, "MB")
            .at_most(60.0)
            .peer("1,000"),
        Figure::new("CPU at rest", ms(idle) / REST.as_secs_f64(), "ms/s"),
    ])
}
