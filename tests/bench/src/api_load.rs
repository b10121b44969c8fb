//! The API under load: latency, throughput, CPU, and which part of it is our own.

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, ToSpan as _};

use crate::caller::Caller;
use crate::figure::Figure;
use crate::plan::Plan;
use crate::posts;
use crate::proc::ms;
use crate::share::{self, Alone};
use crate::world::World;
use crate::wrk::{self, Answered};

/// Long enough that a hundredth of a second of CPU does not matter.
const SECONDS: u32 = 6;
const WARM_UP_SECONDS: u32 = 2;
/// Connections at once.
const FEW: u32 = 1;
const MANY: u32 = 8;

/// What is asked for.
struct Request {
    name: &'static str,
    script: String,
    /// Most CPU of one request, in milliseconds.
    cpu: Option<f64>,
    cpu_of_peer: &'static str,
    /// Slowest answer of a hundred, with many connections, in milliseconds.
    p99: Option<f64>,
    p99_of_peer: &'static str,
}

/// One request under load.
struct Load {
    answered: Answered,
    cpu_ms: f64,
}

pub(crate) async fn measure(_plan: &Plan, world: &mut World) -> Result<Vec<Figure>> {
    let host = world.start()?;
    let owner = world.first()?.clone();
    let mut figures = Vec::new();
    let mut totals = Vec::new();
    let mut claims = None;
    for request in requests(world)? {
        let mut caller = Caller::sign_in(&host.url).await?;
        caller.switch(owner.tenant).await?;
        claims = Some(caller.claims()?);
        let script = request.script.replace("TOKEN", &caller.token);
        wrk::run(
            &host.url,
            &script.replace("RUN", "warm"),
            MANY,
            WARM_UP_SECONDS,
        )?;
        let load = |connections: u32| -> Result<Load> {
            let before = host.cpu()?;
            let script = script.replace("RUN", &connections.to_string());
            let answered = wrk::run(&host.url, &script, connections, SECONDS)?;
            let cpu_ms = ms(host.cpu()? - before) / answered.requests as f64;
            Ok(Load { answered, cpu_ms })
        };
        let (few, many) = (load(FEW)?, load(MANY)?);
        totals.push((request.name, few.cpu_ms));
        figures.extend(request.figures(&few, &many));
    }
    figures.push(Figure::new("memory after load", host.resident_mb()?, "MB"));
    host.stop()?;
    if let Some(claims) = claims {
        let alone = share::measure(world, claims).await?;
        figures.extend(shares(&totals, &alone));
    }
    Ok(figures)
}

fn requests(world: &World) -> Result<Vec<Request>> {
    let owner = world.first()?;
    let month = world.month;
    let post = world.post.context("no post")?;
    // The year after the calendar's: created posts are in nobody's view.
    let due = (month.to_zoned(jiff::tz::TimeZone::UTC) + 1.year()).timestamp();
    let body = serde_json::json!({
        "when": { "at": due.to_string() },
        "base": { "text": posts::text(0).replacen('0', "NUMBER", 1) },
        "targets": [{ "account_id": owner.account }],
    });
    let create = format!(
        r#"local n = 0
local body = [[{body}]]
local headers = {{ ["authorization"] = "Bearer TOKEN", ["content-type"] = "application/json" }}
request = function()
  n = n + 1
  headers["idempotency-key"] = "RUN-" .. n
  local text = body:gsub("NUMBER", "RUN-" .. n)
  return wrk.format("POST", "/v1/posts", headers, text)
end"#
    );
    let get = |path: String| {
        format!(
            r#"local headers = {{ ["authorization"] = "Bearer TOKEN" }}
request = function() return wrk.format("GET", "{path}", headers) end"#
        )
    };
    let end = month + SignedDuration::from_hours(24 * 28);
    Ok(vec![
        Request {
            name: "calendar of 1,000 posts",
            script: get(format!("/v1/calendar?from={month}&to={end}&zone=UTC")),
            cpu: None,
            cpu_of_peer: "",
            p99: Some(30.0),
            p99_of_peer: "",
        },
        Request {
            name: "list 50 posts",
            script: get("/v1/posts?limit=50".to_owned()),
            cpu: Some(3.0),
            cpu_of_peer: "9.0",
            p99: None,
            p99_of_peer: "667",
        },
        Request {
            name: "get post",
            script: get(format!("/v1/posts/{post}")),
            cpu: None,
            cpu_of_peer: "",
            p99: None,
            p99_of_peer: "",
        },
        Request {
            name: "create post",
            script: create,
            cpu: Some(5.0),
            cpu_of_peer: "24.3",
            p99: Some(25.0),
            p99_of_peer: "505–1,013",
        },
    ])
}

impl Request {
    fn figures(&self, few: &Load, many: &Load) -> Vec<Figure> {
        let name = self.name;
        let mut cpu = Figure::new(format!("{name}: CPU, all processes"), few.cpu_ms, "ms");
        if let Some(most) = self.cpu {
            cpu = cpu.at_most(most).peer(self.cpu_of_peer);
        }
        let mut figures = vec![
            cpu,
            Figure::new(format!("{name}: CPU, 8 connections"), many.cpu_ms, "ms"),
        ];
        for (connections, load) in [(FEW, few), (MANY, many)] {
            let Answered {
                per_second,
                p50_ms,
                p99_ms,
                ..
            } = load.answered;
            let with = format!("{name}, {connections} conn.");
            let mut p99 = Figure::new(format!("{with}: p99"), p99_ms, "ms");
            if let Some(most) = self.p99.filter(|_| connections == MANY) {
                p99 = p99.at_most(most);
            }
            if connections == MANY {
                p99 = p99.peer(self.p99_of_peer);
            }
            figures.extend([
                Figure::new(format!("{with}: p50"), p50_ms, "ms"),
                p99,
                Figure::new(format!("{with}: throughput"), per_second, "/s"),
            ]);
        }
        figures
    }
}

fn shares(totals: &[(&str, f64)], alone: &[Alone]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for Alone { name, cpu_ms } in alone {
        let total = totals.iter().find(|(total, _)| total == name);
        if let Some((_, total)) = total {
            figures.extend([
                Figure::new(
                    format!("{name}: the same table calls alone, CPU"),
                    *cpu_ms,
                    "ms",
                ),
                Figure::new(format!("{name}: our own share, CPU"), total - cpu_ms, "ms")
                    .at_most(1.0),
            ]);
        }
    }
    figures
}
