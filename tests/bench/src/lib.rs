//! The benchmark: every figure of `docs/performance.md`, measured in one run on one machine.
//!
//! The product runs as its users have it: the release build of the local host as a process, called over HTTP by wrk;
//! functions as processes before a small Runtime API. Costs are counted in process, on the table's own meter. CPU times
//! are of all processes of the product and compare better between machines than wall-clock times.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people: counts and times are far below 2^52"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unchecked_time_subtraction,
    reason = "it measures real time, absent JSON members are null, and CPU times only grow"
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::float_cmp,
        reason = "a test fails by panicking, and its figures are exact"
    )
)]

mod api_load;
mod authorisation;
mod caller;
mod cost;
mod counted;
mod dispatching;
mod figure;
mod functions;
mod host;
mod killed;
mod lateness;
mod plan;
mod posts;
mod proc;
mod runtime_api;
mod share;
mod sign_in;
mod start;
mod stats;
mod table_file;
mod world;
mod wrk;

use anyhow::Result;

pub use plan::Plan;

use crate::figure::Report;
use crate::plan::Section;
use crate::world::World;

/// Measures what the plan asks for and prints it.
pub async fn run(plan: &Plan) -> Result<()> {
    let mut report = Report::default();
    // Recovery after a kill takes minutes in which nothing happens: the rest is measured meanwhile.
    let killed = if plan.has(Section::Killed) {
        Some(tokio::spawn(killed::measure(plan.host.clone())))
    } else {
        None
    };
    if plan.has(Section::Functions) {
        report.add("Functions", functions::measure(plan)?);
    }
    if plan.has(Section::Cost) {
        let counts = counted::count().await?;
        report.add("Units and calls", counts.figures());
        report.add("Cost", cost::figures(&counts)?);
    }
    let of_host = [
        Section::Api,
        Section::Dispatch,
        Section::Lateness,
        Section::SignIn,
    ];
    if of_host.into_iter().any(|section| plan.has(section)) {
        let mut world = World::new(plan).await?;
        if plan.has(Section::Api) {
            report.add("Start and rest", start::measure(plan, &mut world).await?);
            report.add("API", api_load::measure(plan, &mut world).await?);
        }
        if plan.has(Section::SignIn) {
            report.add("Signing in", sign_in::measure(plan, &mut world).await?);
        }
        if plan.has(Section::Lateness) {
            report.add("Lateness", lateness::measure(plan, &mut world).await?);
        }
        if plan.has(Section::Dispatch) {
            report.add("Dispatch", dispatching::measure(plan, &mut world).await?);
        }
    }
    if let Some(killed) = killed {
        report.add("Killed in the middle", killed.await??);
    }
    report.print();
    Ok(())
}
