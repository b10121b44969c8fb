//! Two hundred posts that are due, and a kill in the middle.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::caller::{Caller, Owner};
use crate::figure::Figure;
use crate::host::Host;
use crate::posts::{self, Draft};
use crate::table_file;
use crate::world::visible;

const POSTS: usize = 200;
/// Killed once so many are out.
const MIDDLE: usize = 60;
/// As the peer's network was in the same test.
const DELAY_MS: u64 = 1_500;
const QUICK: &str = "quick";
const SLOW: &str = "slow";
const LONGEST: Duration = Duration::from_mins(9);

pub(crate) async fn measure(binary: PathBuf) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let host = Host::start(&binary, folder.path())?;
    let mut caller = Caller::register(&host.url).await?;
    let owners = [caller.own(QUICK).await?, caller.own(SLOW).await?];
    let slow = json!({ "identifier": SLOW, "mode": "slow", "delay_ms": DELAY_MS });
    let behaviour = "/local/networks/playground/behaviour";
    caller.call("PUT", behaviour, Some(&slow)).await?;
    host.stop()?;

    let table = table_file::open(folder.path())?;
    let due = Timestamp::now() + SignedDuration::from_secs(5);
    let drafts = owners.iter().cycle().take(POSTS).enumerate();
    let drafts = drafts.map(|(number, owner)| Draft {
        owner: owner.clone(),
        number,
        due,
    });
    posts::write_all(&table, drafts.collect()).await?;
    drop(table);
    table_file::closed(folder.path()).await?;

    let host = Host::start(&binary, folder.path())?;
    let began = Instant::now();
    let mut out = Vec::new();
    while out.len() < MIDDLE {
        ensure!(
            began.elapsed() < LONGEST,
            "only {} posts are out",
            out.len()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
        out = numbers(&host).await?;
    }
    host.kill()?;
    let host = Host::start(&binary, folder.path())?;
    let killed_at = Instant::now();
    let before = numbers(&host).await?.len();
    loop {
        out = numbers(&host).await?;
        let mut distinct = out.clone();
        distinct.sort_unstable();
        distinct.dedup();
        // A second sending could still come until everything is settled.
        let is_over = distinct.len() == POSTS && are_settled(&host, &owners).await?;
        if is_over || killed_at.elapsed() > LONGEST {
            host.stop()?;
            return Ok(vec![
                Figure::new(
                    "200 due, killed: visible before the kill",
                    before as f64,
                    "",
                ),
                Figure::new(
                    "200 due, killed: visible in the end",
                    distinct.len() as f64,
                    "",
                )
                .at_least(POSTS as f64)
                .peer("63, 137 left behind"),
                Figure::new(
                    "200 due, killed: visible twice",
                    (out.len() - distinct.len()) as f64,
                    "",
                )
                .at_most(0.0)
                .peer("13 exposed to it"),
                Figure::new(
                    "200 due, killed: all visible and settled after",
                    killed_at.elapsed().as_secs_f64(),
                    "s",
                ),
            ]);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

async fn numbers(host: &Host) -> Result<Vec<usize>> {
    let mut found = visible(&host.url, QUICK, 0).await?;
    found.extend(visible(&host.url, SLOW, 0).await?);
    Ok(found.into_iter().map(|arrival| arrival.number).collect())
}

/// Whether every post shows as published.
async fn are_settled(host: &Host, owners: &[Owner]) -> Result<bool> {
    let mut caller = Caller::sign_in(&host.url).await?;
    let mut published = 0;
    for owner in owners {
        caller.switch(owner.tenant).await?;
        let page = caller.get("/v1/posts?state=published&limit=200").await?;
        published += page["items"].as_array().map_or(0, Vec::len);
    }
    Ok(published == POSTS)
}
