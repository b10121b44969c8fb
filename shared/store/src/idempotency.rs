//! Idempotency keys: a pointer to what the first request made, stored in its transaction.

use domain::{Error, Result, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::number;
use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::Key;
use crate::scope::TenantTable;
use crate::table::{Table, Written};

/// How long a key is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// The route, as in the OpenAPI document: keys of different routes are different.
    pub route: String,
    /// The key, as sent.
    pub key: String,
    /// Hash of the command: the same key with another command is refused.
    pub request_hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct IdempotencyItem {
    #[serde(skip)]
    key: Key,
    req: String,
    ptr: String,
    exp: i64,
}

impl Item for IdempotencyItem {
    const TYPE: &'static str = "idempotency";

    fn key(&self) -> Key {
        self.key.clone()
    }
}

impl TenantTable<'_> {
    /// What an earlier request with this key made; [`Error::KeyReused`] if it was another command.
    pub async fn remembered(
        &self,
        claim: &IdempotencyClaim,
        now: Timestamp,
    ) -> Result<Option<String>> {
        let key = Key::idempotency(&self.scope, &claim.route, &claim.key);
        pointer(self.table, &key, claim, now).await
    }

    /// Remembers what a request made, for acts that are not one transaction: call it last. Answers with the pointer
    /// that is stored afterwards, which is another's if a concurrent request was first.
    pub async fn remember(
        &self,
        claim: &IdempotencyClaim,
        made: &impl ToString,
        now: Timestamp,
    ) -> Result<String> {
        let made = made.to_string();
        let key = Key::idempotency(&self.scope, &claim.route, &claim.key);
        match self.table.write(write(key, claim, &made, now)?).await? {
            Written::Applied(_) => Ok(made),
            Written::Refused(_) => Ok(self.remembered(claim, now).await?.unwrap_or(made)),
        }
    }

    /// The write for the transaction of an act: refused if the key is taken, so that of concurrent duplicates one
    /// happens. After a refusal, [`Self::remembered`] tells what the other one made.
    pub(crate) fn claim(
        &self,
        claim: &IdempotencyClaim,
        made: &impl ToString,
        now: Timestamp,
    ) -> Result<Write> {
        let key = Key::idempotency(&self.scope, &claim.route, &claim.key);
        write(key, claim, &made.to_string(), now)
    }
}

/// The same for acts of a person outside of any tenant.
pub(crate) fn by_user(
    user: UserId,
    claim: &IdempotencyClaim,
    made: &impl ToString,
    now: Timestamp,
) -> Result<Write> {
    let key = Key::idempotency_of_user(user, &claim.route, &claim.key);
    write(key, claim, &made.to_string(), now)
}

/// What the key stands for. Expired records are removed late: they count as absent.
pub(crate) async fn pointer(
    table: &Table,
    key: &Key,
    claim: &IdempotencyClaim,
    now: Timestamp,
) -> Result<Option<String>> {
    let item: Option<IdempotencyItem> = table.get(key).await?;
    match item.filter(|item| item.exp > now.as_second()) {
        None => Ok(None),
        Some(item) if item.req == claim.request_hash => Ok(Some(item.ptr)),
        Some(_) => Err(Error::KeyReused),
    }
}

fn write(key: Key, claim: &IdempotencyClaim, made: &str, now: Timestamp) -> Result<Write> {
    let item = IdempotencyItem {
        key,
        req: claim.request_hash.clone(),
        ptr: made.to_owned(),
        exp: now.saturating_add(REMEMBERED).unwrap_or(now).as_second(),
    };
    Ok(
        Write::put(item.key(), encode(&item)?).when(Condition::Any(vec![
            Condition::item_absent(),
            Condition::AtMost("exp", number(now.as_second())),
        ])),
    )
}
