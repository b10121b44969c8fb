//! Signing in: how long it takes and how much of that is the hash of the password; and what it costs each request to find
//! out who asks and what they may.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::authorisation;
use crate::caller::Caller;
use crate::counted::Bench;
use crate::figure::Figure;
use crate::host::Host;
use crate::plan::Plan;
use crate::proc::ms;
use crate::stats::Distribution;
use crate::world::World;
use crate::wrk;

/// Enough that the slowest of a hundred is not one single sign-in.
const SIGN_INS: usize = 400;
const WARM_UP: usize = 20;
/// One after the other, as an instance of a function gets them.
const CONNECTIONS: u32 = 1;
const SECONDS: u32 = 6;
const WARM_UP_SECONDS: u32 = 2;
/// A route that reads nothing for its answer, and asks who wants to know.
const GUARDED: &str = "/v1/networks";
/// One that does not ask.
const PUBLIC: &str = "/.well-known/jwks.json";
/// Whose password is compared in vain: no address at all, so the table is not asked.
const NOBODY: &str = "nobody";

/// Sign-ins one after the other.
struct Timed {
    wall_ms: Distribution,
    cpu_ms: f64,
}

pub(crate) async fn measure(_plan: &Plan, world: &mut World) -> Result<Vec<Figure>> {
    let host = world.start()?;
    let hash = timed(&host, Some(NOBODY)).await?;
    let sign_in = timed(&host, None).await?;
    let mut caller = Caller::sign_in(&host.url).await?;
    caller.switch(world.first()?.tenant).await?;
    let asked = cpu(&host, GUARDED, &caller.token)?;
    let unasked = cpu(&host, PUBLIC, "")?;
    host.stop()?;
    let whole = sign_in.wall_ms.median();
    let share = hash.wall_ms.median() / whole * 100.0;
    let mut figures = vec![
        Figure::new("sign-in: p50", whole, "ms"),
        Figure::new("sign-in: p99", sign_in.wall_ms.percentile(99.0), "ms").at_most(150.0),
        Figure::new(
            "sign-in: the hash of the password alone, p50",
            hash.wall_ms.median(),
            "ms",
        ),
        Figure::new("sign-in: share of the hash", share, "%").at_least(50.0),
        Figure::new("sign-in: CPU", sign_in.cpu_ms, "ms"),
        Figure::new(
            "sign-in: CPU of the hash, with its request",
            hash.cpu_ms,
            "ms",
        ),
        Figure::new("authorisation: CPU", asked - unasked, "ms").at_most(1.0),
        Figure::new("authorisation: read units", read_units().await?, ""),
    ];
    figures.extend(authorisation::measure().await?);
    Ok(figures)
}

/// Signs in often, as somebody else where `as_whom` says so.
async fn timed(host: &Host, as_whom: Option<&str>) -> Result<Timed> {
    let caller = Caller::stranger(&host.url)?;
    let mut wall = Vec::with_capacity(SIGN_INS);
    let mut before = host.cpu()?;
    for number in 0..WARM_UP + SIGN_INS {
        if number == WARM_UP {
            before = host.cpu()?;
        }
        let began = Instant::now();
        let status = caller.try_sign_in(as_whom).await?;
        if number >= WARM_UP {
            wall.push(ms(began.elapsed()));
        }
        let expected = if as_whom.is_some() { 401 } else { 200 };
        ensure!(status == expected, "a sign-in was answered with {status}");
    }
    Ok(Timed {
        wall_ms: Distribution::of(wall),
        cpu_ms: ms(host.cpu()? - before) / SIGN_INS as f64,
    })
}

/// CPU of one request, in milliseconds.
fn cpu(host: &Host, path: &str, token: &str) -> Result<f64> {
    let script = format!(
        r#"local headers = {{ ["authorization"] = "Bearer {token}" }}
request = function() return wrk.format("GET", "{path}", headers) end"#
    );
    wrk::run(&host.url, &script, CONNECTIONS, WARM_UP_SECONDS)?;
    let before = host.cpu()?;
    let answered = wrk::run(&host.url, &script, CONNECTIONS, SECONDS)?;
    Ok(ms(host.cpu()? - before) / answered.requests as f64)
}

/// Read units of a request that reads nothing but who asks.
async fn read_units() -> Result<f64> {
    let bench = Bench::new().await?;
    let members = bench.members().await?;
    let (member, _) = members.first().context("no member")?;
    // What an instance reads once is read by the first.
    for _ in 0..2 {
        bench.meter.take();
        let answer = bench.api.get(GUARDED).by(member).send().await;
        ensure!(answer.status.as_u16() == 200, "{}", answer.body);
    }
    Ok(bench.meter.take().reads)
}
