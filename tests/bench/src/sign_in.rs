//! Signing in: how long it takes and how much of that is the hash of the password; and what it costs each request to find
//! out who asks and what they may.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};
use argon2::{Algorithm, Argon2, Params, Version};
use auth::HashCost;

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
/// A client gets 10,000 answers a second from a host, and a quick machine gives more: the pause keeps it below.
const PAUSE_MS: u32 = 1;

/// Sign-ins one after the other.
struct Timed {
    wall_ms: Distribution,
    cpu_ms: f64,
}

pub(crate) async fn measure(_plan: &Plan, world: &mut World) -> Result<Vec<Figure>> {
    let host = world.start()?;
    let sign_in = timed(&host).await?;
    let hash = hashes()?;
    let mut caller = Caller::sign_in(&host.url).await?;
    caller.switch(world.first()?.tenant).await?;
    let asked = cpu(&host, GUARDED, &caller.token)?;
    let unasked = cpu(&host, PUBLIC, "")?;
    host.stop()?;
    let whole = sign_in.wall_ms.median();
    let share = hash.median() / whole * 100.0;
    let mut figures = vec![
        Figure::new("sign-in: p50", whole, "ms"),
        Figure::new("sign-in: p99", sign_in.wall_ms.percentile(99.0), "ms").at_most(150.0),
        Figure::new(
            "sign-in: the hash of the password alone, p50",
            hash.median(),
            "ms",
        ),
        Figure::new("sign-in: share of the hash", share, "%").at_least(50.0),
        Figure::new("sign-in: CPU", sign_in.cpu_ms, "ms"),
        Figure::new("authorisation: CPU", asked - unasked, "ms").at_most(1.0),
        Figure::new("authorisation: read units", read_units().await?, ""),
    ];
    figures.extend(authorisation::measure().await?);
    Ok(figures)
}

/// Signs in often.
async fn timed(host: &Host) -> Result<Timed> {
    let caller = Caller::stranger(&host.url)?;
    let mut wall = Vec::with_capacity(SIGN_INS);
    let mut before = host.cpu()?;
    for number in 0..WARM_UP + SIGN_INS {
        if number == WARM_UP {
            before = host.cpu()?;
        }
        let began = Instant::now();
        let status = caller.try_sign_in().await?;
        if number >= WARM_UP {
            wall.push(ms(began.elapsed()));
        }
        ensure!(status == 200, "a sign-in was answered with {status}");
    }
    Ok(Timed {
        wall_ms: Distribution::of(wall),
        cpu_ms: ms(host.cpu()? - before) / SIGN_INS as f64,
    })
}

/// Hashes at the product's cost and nothing else, one after the other, in milliseconds.
fn hashes() -> Result<Distribution> {
    let HashCost { memory, passes } = HashCost::OF_TODAY;
    let params = Params::new(memory, passes, 1, None).map_err(|error| anyhow!("{error}"))?;
    let mut wall = Vec::with_capacity(SIGN_INS);
    for number in 0..WARM_UP + SIGN_INS {
        let began = Instant::now();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut hash = [0_u8; Params::DEFAULT_OUTPUT_LEN];
        argon2
            .hash_password_into(b"a password of the usual length", &[7; 16], &mut hash)
            .map_err(|error| anyhow!("{error}"))?;
        black_box(hash);
        if number >= WARM_UP {
            wall.push(ms(began.elapsed()));
        }
    }
    Ok(Distribution::of(wall))
}

/// CPU of one request, in milliseconds.
fn cpu(host: &Host, path: &str, token: &str) -> Result<f64> {
    let script = format!(
        r#"local headers = {{ ["authorization"] = "Bearer {token}" }}
request = function() return wrk.format("GET", "{path}", headers) end
delay = function() return {PAUSE_MS} end"#
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
