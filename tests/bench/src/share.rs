//! The table calls of a request, replayed alone: what remains of a request's CPU is our own share.
//!
//! A test holds the calls against those that the routes make.

use anyhow::{Context as _, Result, ensure};
use domain::UserId;
use jiff::Timestamp;
use store::{CredentialKey, IdempotencyClaim, Search, Table, TenantScope};

use crate::caller::{Claims, Owner};
use crate::posts::{self, Draft};
use crate::proc::{self, ms};
use crate::table_file;
use crate::world::World;

const ROUNDS: usize = 400;
const WARM_UP: usize = 40;

/// A request's table calls, without the request.
pub(crate) struct Alone {
    /// The request.
    pub(crate) name: &'static str,
    /// CPU of its table calls: client, connection and table.
    pub(crate) cpu_ms: f64,
}

/// Replays the calls on the host's own file, while no host runs.
pub(crate) async fn measure(world: &World, claims: Claims) -> Result<Vec<Alone>> {
    let table = &table_file::open(world.folder())?;
    let asker = Asker::of(table, claims, world.first()?).await?;
    let far = world.month;
    let mut list = None;
    let mut create = None;
    for (rounds, run) in [(WARM_UP, "warm"), (ROUNDS, "alone")] {
        let before = proc::cpu(std::process::id())?;
        for _ in 0..rounds {
            asker.list(table).await?;
        }
        let between = proc::cpu(std::process::id())?;
        for number in 0..rounds {
            asker.create(table, &format!("{run}-{number}"), far).await?;
        }
        let after = proc::cpu(std::process::id())?;
        list = Some(ms(between - before) / rounds as f64);
        create = Some(ms(after - between) / rounds as f64);
    }
    Ok(vec![
        Alone {
            name: "list 50 posts",
            cpu_ms: list.context("not measured")?,
        },
        Alone {
            name: "create post",
            cpu_ms: create.context("not measured")?,
        },
    ])
}

/// Who asks, and where.
pub(crate) struct Asker {
    credential: CredentialKey,
    scope: TenantScope,
    user: UserId,
    owner: Owner,
}

impl Asker {
    async fn of(table: &Table, claims: Claims, owner: &Owner) -> Result<Self> {
        let member = table.system().member(claims.sub, owner.tenant).await?;
        Ok(Self {
            credential: CredentialKey::Family {
                user: claims.sub,
                family: claims.sid,
                tenant: claims.tid,
            },
            scope: member.context("no member")?.scope,
            user: claims.sub,
            owner: owner.clone(),
        })
    }

    /// The calls of `GET /v1/posts?limit=50`.
    pub(crate) async fn list(&self, table: &Table) -> Result<()> {
        self.identify(table).await?;
        let search = Search {
            limit: 50,
            queries: 4,
            ..Search::default()
        };
        let page = table
            .tenant(&self.scope)
            .newest_cards(&search, None)
            .await?;
        ensure!(page.cards.len() == 50, "{} posts", page.cards.len());
        Ok(())
    }

    /// The calls of `POST /v1/posts` with an idempotency key and one target.
    pub(crate) async fn create(&self, table: &Table, key: &str, due: Timestamp) -> Result<()> {
        self.identify(table).await?;
        let claim = IdempotencyClaim {
            route: "/v1/posts".to_owned(),
            key: key.to_owned(),
            request_hash: "0".repeat(64),
        };
        let tenant = table.tenant(&self.scope);
        let accounts = tenant.accounts(&[self.owner.account]).await?;
        ensure!(accounts.len() == 1, "no account");
        let draft = Draft {
            owner: self.owner.clone(),
            number: 0,
            due,
        };
        posts::write(table, self.user, draft, Some(&claim)).await?;
        tenant.months_used([Timestamp::now(), due]).await?;
        Ok(())
    }

    async fn identify(&self, table: &Table) -> Result<()> {
        let found = table.system().identify(&self.credential).await?;
        ensure!(
            found.is_some_and(|found| found.scope().is_some()),
            "nobody asks"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use api::SessionCookie;
    use serde_json::json;
    use testkit::FixedRandom;

    use super::*;
    use crate::counted::Bench;

    /// The clock of [`Bench`] stands in 2026.
    const DUE: &str = "2027-01-01T09:00:00Z";

    #[tokio::test]
    async fn replayed_calls_consume_what_the_routes_consume() {
        let bench = Bench::new().await.unwrap();
        let members = bench.members().await.unwrap();
        let (member, account) = members.first().unwrap();
        let create = async |number: usize| {
            let new = json!({
                "when": { "at": DUE },
                "base": { "text": posts::text(number) },
                "targets": [{ "account_id": account }],
            });
            let call = bench.api.post("/v1/posts").by(member).json(&new);
            let key = format!("route-{number}");
            call.header("idempotency-key", &key)
                .send()
                .await
                .expect(201);
        };
        for number in 0..60 {
            create(number).await;
        }
        bench.meter.take();
        create(60).await;
        let created = bench.meter.take();
        let list = async || {
            bench.meter.take();
            let call = bench.api.get("/v1/posts?limit=50").by(member);
            call.send().await.expect(200);
            bench.meter.take()
        };
        // The first reads the keys of cursors, once for all.
        list().await;
        let listed = list().await;

        let random = FixedRandom::new(member.user.as_uuid().as_u64_pair().1);
        let cookie = SessionCookie::generate(&random, member.user, Some(member.tenant));
        let asker = Asker {
            credential: CredentialKey::Session {
                user: member.user,
                secret: cookie.hash(),
                tenant: Some(member.tenant),
            },
            scope: member.scope.clone(),
            user: member.user,
            owner: Owner {
                tenant: member.tenant,
                account: account.parse().unwrap(),
                identifier: String::new(),
            },
        };
        asker
            .create(&bench.table, "replay", DUE.parse().unwrap())
            .await
            .unwrap();
        assert_eq!(bench.meter.take(), created);
        asker.list(&bench.table).await.unwrap();
        assert_eq!(bench.meter.take(), listed);
    }
}
