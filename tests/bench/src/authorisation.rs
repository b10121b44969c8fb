//! What it costs to find out who asks and what they may, where it is dear: by account groups, a role that the tenant made,
//! a second factor that it requires, and API keys. In process, so the limit holds for more than a function pays: the CPU of
//! the table is in it, too. What the table's calls take, with the SDK's part of them, is told beside it.

use std::collections::BTreeSet;
use std::process;

use anyhow::{Context as _, Result, ensure};
use api::{ApiKeyText, SessionCookie};
use domain::UserId;
use domain::membership::{AccountLimit, AssignedRole, GROUPS_MAX, Permission, Role};
use domain::tenant::Tenant;
use store::CredentialKey;
use testkit::http::{
    Call, account_group, api_key, colleague, custom_role, guarded, member_of, tenant,
};
use testkit::{FixedRandom, TestApi, TestMember, member};

use crate::counted::Bench;
use crate::figure::Figure;
use crate::proc::{self, ms};

const WARM_UP: usize = 100;
/// Enough that a hundredth of a second, to which a process's time is known, is nothing beside it.
const REQUESTS: usize = 2_000;
/// A route that reads nothing for its answer, and asks who wants to know.
const GUARDED: &str = "/v1/networks";
/// One that does not ask.
const PUBLIC: &str = "/v1/networks/bluesky/client-metadata.json";
/// What the roles allow and the keys can do.
const ALLOWED: [Permission; 2] = [Permission::ReadPosts, Permission::ReadAccounts];

/// Somebody who asks.
struct Asking {
    who: &'static str,
    shows: Shows,
    /// What the table is asked with.
    credential: CredentialKey,
}

enum Shows {
    Nothing,
    Cookie(TestMember),
    ApiKey(String),
}

impl Shows {
    fn request<'a>(&self, api: &'a TestApi) -> Call<'a> {
        match self {
            Self::Nothing => api.get(PUBLIC),
            Self::Cookie(member) => api.get(GUARDED).by(member),
            Self::ApiKey(key) => api.get(GUARDED).bearer(key),
        }
    }
}

pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let bench = Bench::new().await?;
    let unasked = cpu(async || answered(&bench, &Shows::Nothing).await).await?;
    let mut figures = Vec::new();
    for Asking {
        who,
        shows,
        credential,
    } in everybody(&bench).await?
    {
        let asked = cpu(async || answered(&bench, &shows).await).await? - unasked;
        let alone = cpu(async || identified(&bench, &credential).await).await?;
        bench.meter.take_calls();
        answered(&bench, &shows).await?;
        let reads = bench.meter.take_calls().reads as f64;
        let name = |what: &str| format!("authorisation, {who}: {what}");
        figures.push(Figure::new(name("CPU"), asked, "ms").at_most(1.0));
        figures.push(Figure::new(name("calls of the table, CPU"), alone, "ms"));
        figures.push(Figure::new(name("calls of the table"), reads, "").at_most(2.0));
    }
    Ok(figures)
}

async fn everybody(bench: &Bench) -> Result<Vec<Asking>> {
    let (table, clock) = (&bench.table, &bench.clock);
    let owner = member(table, clock, Role::Owner).await;
    let mut groups = BTreeSet::new();
    for _ in 0..GROUPS_MAX {
        groups.insert(account_group(table, clock, &owner, &[]).await);
    }
    let limit = AccountLimit::Groups(groups);
    let limited = colleague(table, clock, &owner, Role::Editor.into(), limit.clone()).await;
    let role = AssignedRole::Custom(custom_role(table, clock, &owner, ALLOWED).await);
    let custom = colleague(table, clock, &owner, role, AccountLimit::Unlimited).await;
    let both = colleague(table, clock, &owner, role, limit).await;

    let strict = Tenant {
        requires_second_factor: true,
        ..tenant(table, clock)
    };
    let user = UserId::generate(table.ids());
    let strict = member_of(table, clock, user, &strict, Role::Owner).await;
    let strict = guarded(table, clock, &strict).await;

    let key = program("an owner's API key", bench, &owner).await?;
    let who = "a key of somebody with a custom role and twenty groups";
    let key_of_both = program(who, bench, &both).await?;
    Ok(vec![
        person("an owner", owner, 0),
        person("twenty account groups", limited, 0),
        person("a custom role", custom, 0),
        person("a custom role and twenty groups", both, 0),
        person("a required second factor", strict, 1),
        key,
        key_of_both,
    ])
}

/// By a session that is not the first of theirs but so many later.
fn person(who: &'static str, member: TestMember, later: u64) -> Asking {
    let seed = member.user.as_uuid().as_u64_pair().1.wrapping_add(later);
    let tenant = Some(member.tenant);
    let cookie = SessionCookie::generate(&FixedRandom::new(seed), member.user, tenant);
    Asking {
        who,
        credential: CredentialKey::Session {
            user: member.user,
            secret: cookie.hash(),
            tenant,
        },
        shows: Shows::Cookie(member),
    }
}

async fn program(who: &'static str, bench: &Bench, maker: &TestMember) -> Result<Asking> {
    let (table, gate) = (&bench.table, &bench.gate);
    let shown = api_key(table, &bench.clock, gate, maker, ALLOWED).await;
    let keys = table.tenant(&maker.scope).api_keys().await?;
    let key = keys.into_iter().find(|key| key.created_by == maker.user);
    let key = key.context("no key")?;
    let text = ApiKeyText::generate(&FixedRandom::new(29), &key);
    ensure!(text.expose() == shown, "the key has another secret");
    Ok(Asking {
        who,
        credential: CredentialKey::ApiKey {
            user: maker.user,
            key: key.id,
            secret: gate.api_key_hash(&text).await?,
            tenant: maker.tenant,
        },
        shows: Shows::ApiKey(shown),
    })
}

async fn answered(bench: &Bench, shows: &Shows) -> Result<()> {
    // Nobody is told anything by an address that only some installations have.
    let expected = if matches!(shows, Shows::Nothing) {
        404
    } else {
        200
    };
    let answer = shows.request(&bench.api).send().await;
    ensure!(answer.status.as_u16() == expected, "{}", answer.body);
    Ok(())
}

/// The calls of the table, without the request.
async fn identified(bench: &Bench, credential: &CredentialKey) -> Result<()> {
    let found = bench.table.system().identify(credential).await?;
    ensure!(found.is_some(), "nobody asks");
    Ok(())
}

/// CPU of doing it once, in milliseconds.
async fn cpu(does: impl AsyncFn() -> Result<()>) -> Result<f64> {
    for _ in 0..WARM_UP {
        does().await?;
    }
    let before = proc::cpu(process::id())?;
    for _ in 0..REQUESTS {
        does().await?;
    }
    Ok(ms(proc::cpu(process::id())? - before) / REQUESTS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_alone_consume_what_the_requests_consume() {
        let bench = Bench::new().await.unwrap();

        for asking in everybody(&bench).await.unwrap() {
            // What an instance reads once is read by the first.
            answered(&bench, &asking.shows).await.unwrap();
            bench.meter.take();
            answered(&bench, &asking.shows).await.unwrap();
            let by_request = bench.meter.take();
            identified(&bench, &asking.credential).await.unwrap();

            assert_eq!(bench.meter.take(), by_request, "{}", asking.who);
        }
    }
}
