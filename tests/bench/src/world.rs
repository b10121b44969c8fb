//! A host's data: twenty tenants with an account each, and a busy calendar.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use domain::PostId;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::Value;
use tempfile::TempDir;

use crate::caller::{Caller, Owner};
use crate::host::Host;
use crate::plan::Plan;
use crate::posts::{self, Draft};
use crate::table_file;

/// Tenants, as for the calls of the key service.
pub(crate) const TENANTS: usize = 20;
/// Posts in the calendar of the first tenant.
pub(crate) const CALENDAR: usize = 1_000;
const PAUSE: Duration = Duration::from_millis(500);

/// What outlives a host.
pub(crate) struct World {
    folder: TempDir,
    binary: PathBuf,
    pub(crate) owners: Vec<Owner>,
    /// A post of the first tenant.
    pub(crate) post: Option<PostId>,
    /// Begin of the month that holds the calendar.
    pub(crate) month: Timestamp,
    /// Posts that were written, for texts that are all different.
    written: usize,
}

/// A post that readers see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Its number.
    pub(crate) number: usize,
    /// When readers saw it first.
    pub(crate) at: Timestamp,
}

impl World {
    /// Makes the tenants through the API, then fills the calendar of the first.
    pub(crate) async fn new(plan: &Plan) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let host = Host::start(&plan.host, folder.path())?;
        let mut caller = Caller::register(&host.url).await?;
        let mut owners = Vec::new();
        for number in 0..TENANTS {
            owners.push(caller.own(&format!("bench-{number}")).await?);
        }
        host.stop()?;
        let month = Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .checked_add(1.year())?
            .first_of_month()?
            .start_of_day()?
            .timestamp();
        let mut world = Self {
            folder,
            binary: plan.host.clone(),
            owners,
            post: None,
            month,
            written: 0,
        };
        // Within the first 28 days, so that it is one month in every year.
        let gap = SignedDuration::from_hours(24 * 28).checked_div(CALENDAR as i32);
        let gap = gap.context("no gap")?;
        let first = world.owners.first().cloned().context("no tenant")?;
        let plan = (0..CALENDAR).map(|at| (first.clone(), month + gap * at as i32));
        let ids = world.write(plan.collect()).await?;
        world.post = ids.first().copied();
        Ok(world)
    }

    /// Where the host keeps it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The tenant that people look at.
    pub(crate) fn first(&self) -> Result<&Owner> {
        self.owners.first().context("no tenant")
    }

    /// Starts a host on it.
    pub(crate) fn start(&self) -> Result<Host> {
        Host::start(&self.binary, self.folder.path())
    }

    /// Writes posts while no host runs. Answers their ids.
    pub(crate) async fn write(&mut self, posts: Vec<(Owner, Timestamp)>) -> Result<Vec<PostId>> {
        let table = table_file::open(self.folder.path())?;
        let first = self.written;
        self.written += posts.len();
        let drafts =
            (first..)
                .zip(posts)
                .map(|(number, (owner, due))| Draft { owner, number, due });
        let ids = posts::write_all(&table, drafts.collect()).await?;
        drop(table);
        table_file::closed(self.folder.path()).await?;
        Ok(ids)
    }

    /// The number that the next written post will have.
    pub(crate) fn next_number(&self) -> usize {
        self.written
    }

    /// Waits until readers see `expected` posts with this number or a later one, and answers when each appeared.
    pub(crate) async fn arrivals(
        &self,
        host: &Host,
        from: usize,
        expected: usize,
        longest: Duration,
    ) -> Result<Vec<Arrival>> {
        let began = std::time::Instant::now();
        let mut arrivals = Vec::with_capacity(expected);
        for owner in &self.owners {
            // Tenants take turns, so all have an equal share.
            let share = expected / self.owners.len();
            loop {
                let found = visible(&host.url, &owner.identifier, from).await?;
                if found.len() >= share {
                    arrivals.extend(found);
                    break;
                }
                ensure!(
                    began.elapsed() < longest,
                    "only {} of {share} posts of {} are out after {longest:?}",
                    found.len(),
                    owner.identifier
                );
                tokio::time::sleep(PAUSE).await;
            }
        }
        ensure!(
            arrivals.len() == expected,
            "{} arrivals instead of {expected}",
            arrivals.len()
        );
        Ok(arrivals)
    }
}

/// The posts of an account that readers see, from a number on.
pub(crate) async fn visible(base: &str, identifier: &str, from: usize) -> Result<Vec<Arrival>> {
    let url = format!("{base}/local/networks/playground/posts?identifier={identifier}");
    let answer: Value = reqwest::get(url).await?.error_for_status()?.json().await?;
    let items = answer["items"].as_array().context("no posts")?;
    let mut arrivals = Vec::with_capacity(items.len());
    for item in items {
        let text = item["text"].as_str().context("no text")?;
        let number = posts::number_in(text).context("no number")?;
        if number >= from {
            let at = item["posted_at"].as_str().context("no time")?.parse()?;
            arrivals.push(Arrival { number, at });
        }
    }
    Ok(arrivals)
}
