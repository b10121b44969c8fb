//! What it costs to find out who asks and what they may, where it is dear: by account groups, a role that the tenant made,
//! a second factor that it requires, and API keys. In process, the table's share included.

use std::collections::BTreeSet;
use std::process;

use anyhow::{Result, ensure};
use domain::UserId;
use domain::membership::{AccountLimit, AssignedRole, GROUPS_MAX, Permission, Role};
use domain::tenant::Tenant;
use testkit::http::{
    Call, account_group, api_key, colleague, custom_role, guarded, member_of, tenant,
};
use testkit::{TestApi, TestMember, member};

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

/// Who asks.
enum Asks {
    Nobody,
    Person(TestMember),
    Program(String),
}

impl Asks {
    fn request<'a>(&self, api: &'a TestApi) -> Call<'a> {
        match self {
            Self::Nobody => api.get(PUBLIC),
            Self::Person(member) => api.get(GUARDED).by(member),
            Self::Program(key) => api.get(GUARDED).bearer(key),
        }
    }
}

pub(crate) async fn measure() -> Result<Vec<Figure>> {
    let bench = Bench::new().await?;
    let unasked = cpu(&bench, &Asks::Nobody).await?;
    let mut figures = Vec::new();
    for (who, asks) in everybody(&bench).await {
        let asked = cpu(&bench, &asks).await?;
        bench.meter.take_calls();
        asks.request(&bench.api).send().await;
        let reads = bench.meter.take_calls().reads as f64;
        let name = |what: &str| format!("authorisation, {who}: {what}");
        figures.push(Figure::new(name("CPU"), asked - unasked, "ms").at_most(1.0));
        figures.push(Figure::new(name("calls of the table"), reads, "").at_most(2.0));
    }
    Ok(figures)
}

async fn everybody(bench: &Bench) -> Vec<(&'static str, Asks)> {
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

    let key = api_key(table, clock, &bench.gate, &owner, ALLOWED).await;
    let key_of_both = api_key(table, clock, &bench.gate, &both, ALLOWED).await;
    vec![
        ("an owner", Asks::Person(owner)),
        ("twenty account groups", Asks::Person(limited)),
        ("a custom role", Asks::Person(custom)),
        ("a custom role and twenty groups", Asks::Person(both)),
        ("a required second factor", Asks::Person(strict)),
        ("an owner's API key", Asks::Program(key)),
        (
            "a key of somebody with a custom role and twenty groups",
            Asks::Program(key_of_both),
        ),
    ]
}

/// CPU of one request, in milliseconds.
async fn cpu(bench: &Bench, asks: &Asks) -> Result<f64> {
    // Nobody is told anything by an address that only some installations have.
    let expected = if matches!(asks, Asks::Nobody) {
        404
    } else {
        200
    };
    let mut before = proc::cpu(process::id())?;
    for number in 0..WARM_UP + REQUESTS {
        if number == WARM_UP {
            before = proc::cpu(process::id())?;
        }
        let answer = asks.request(&bench.api).send().await;
        ensure!(answer.status.as_u16() == expected, "{}", answer.body);
    }
    Ok(ms(proc::cpu(process::id())? - before) / REQUESTS as f64)
}
