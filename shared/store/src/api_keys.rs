//! Keys of programs. Only a keyed hash of a key's secret is stored.
//!
//! They are in a partition of their own, so that functions that note a use can be kept from the tenant's other items.

use std::collections::BTreeSet;

use domain::address::AddressRange;
use domain::api_key::{ApiKey, KEYS_MAX, USE_NOTED};
use domain::event::{EventKind, Subject};
use domain::membership::{AccountLimit, AccountReach, PermissionSet, Rights, Role};
use domain::{AccountGroupId, ApiKeyId, Error, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attribute::{instant, millis, number, optional_millis, text};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode};
use crate::key::{Counter, Key, SecretHash, api_keys_partition};
use crate::members::{groups, note_change};
use crate::schema::TTL;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::standing::{Standing, standing};
use crate::table::{Query, Range};
use crate::transaction::Transacted;
use crate::usage::{Demand, release};

/// How long a key that does not work any more stays in the list.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ApiKeyItem {
    id: ApiKeyId,
    ten: TenantId,
    user: UserId,
    secret: SecretHash,
    name: String,
    scopes: PermissionSet,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<BTreeSet<AccountGroupId>>,
    #[serde(default)]
    from: Vec<AddressRange>,
    #[serde(with = "millis")]
    ca: Timestamp,
    #[serde(with = "millis")]
    until: Timestamp,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    used: Option<Timestamp>,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    revoked: Option<Timestamp>,
    #[serde(default)]
    next: Option<ApiKeyId>,
}

impl Item for ApiKeyItem {
    const TYPE: &'static str = "api_key";

    fn key(&self) -> Key {
        Key::api_key(&TenantScope::of_own_item(self.ten), self.id)
    }
}

impl ApiKeyItem {
    fn new(key: &ApiKey, secret: SecretHash) -> Self {
        Self {
            id: key.id,
            ten: key.tenant,
            user: key.created_by,
            secret,
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            groups: match &key.limit {
                AccountLimit::Unlimited => None,
                AccountLimit::Groups(groups) => Some(groups.clone()),
            },
            from: key.addresses.clone(),
            ca: key.created_at,
            until: key.ends_at,
            used: key.used_at,
            revoked: key.revoked_at,
            next: key.replaced_by,
        }
    }

    /// The key, if its maker and its secret are these.
    pub(crate) fn opened_by(self, user: UserId, secret: &SecretHash) -> Option<ApiKey> {
        (self.user == user && self.secret.is(secret)).then(|| self.into())
    }
}

impl From<ApiKeyItem> for ApiKey {
    fn from(item: ApiKeyItem) -> Self {
        Self {
            id: item.id,
            tenant: item.ten,
            created_by: item.user,
            name: item.name,
            scopes: item.scopes,
            limit: item
                .groups
                .map_or(AccountLimit::Unlimited, AccountLimit::Groups),
            addresses: item.from,
            created_at: item.ca,
            ends_at: item.until,
            used_at: item.used,
            revoked_at: item.revoked,
            replaced_by: item.next,
        }
    }
}

impl SystemTable<'_> {
    /// Notes that a key is in use, at most once in [`USE_NOTED`] however many requests come at once.
    pub async fn note_api_key_use(&self, key: &ApiKey, now: Timestamp) -> Result<()> {
        let place = Key::api_key(&TenantScope::of_own_item(key.tenant), key.id);
        let long_ago = now.saturating_sub(USE_NOTED).unwrap_or(now);
        let unnoted = Condition::Any(vec![
            Condition::Absent("used"),
            Condition::AtMost("used", instant(long_ago)),
        ]);
        let write = Write::update(place, vec![Action::Set("used", instant(now))])
            .when(Condition::All(vec![Condition::item_exists(), unnoted]));
        self.table.write(write).await?;
        Ok(())
    }
}

impl TenantTable<'_> {
    /// Stores a new key, if the tenant has fewer than [`KEYS_MAX`]; else it is [`Error::QuotaExceeded`]. `held` are the
    /// rights that the decision rests on. Whether it is stored: not if they changed meanwhile.
    pub async fn create_api_key(
        &self,
        key: &ApiKey,
        secret: SecretHash,
        held: &Standing,
        act: &Act,
    ) -> Result<bool> {
        let demand = Demand {
            counter: Counter::ApiKeys,
            amount: 1,
            limit: KEYS_MAX,
        };
        let item = ApiKeyItem::new(key, secret);
        let mut writes = vec![
            demand.write(&self.scope)?,
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(
                act,
                EventKind::ApiKeyCreated,
                Subject::ApiKey(key.id),
                detail(key),
            )?,
            note_change(&self.scope),
        ];
        held.hold(&mut writes);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == 0) => {
                Err(demand.refusal())
            }
            Transacted::Refused(_) => Ok(false),
        }
    }

    /// All keys, newest first; also those that ended lately.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>> {
        let partition = api_keys_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::All).descending();
        let items = self.table.query_all(&query).await?.into_iter();
        items
            .map(|item| Ok(decode::<ApiKeyItem>(item)?.into()))
            .collect()
    }

    /// A key of the tenant.
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>> {
        let item: Option<ApiKeyItem> = self.table.get(&Key::api_key(&self.scope, id)).await?;
        Ok(item.map(ApiKey::from))
    }

    /// What a key is for: its scopes, at the accounts of its groups, whether its maker still reaches them or not; without
    /// groups, at those that its maker has, which are all where they are no member any more.
    pub async fn standing_of_api_key(&self, key: &ApiKey) -> Result<Standing> {
        let maker = match key.limit {
            AccountLimit::Unlimited => self.membership(key.created_by).await?,
            AccountLimit::Groups(_) => None,
        };
        let limit = maker.as_ref().map_or(&key.limit, |maker| &maker.limit);
        // All that anybody can do there, but for what it is not for.
        let tenant = self.scope.tenant();
        let there = standing(self.table, tenant, Role::Owner.into(), limit).await?;
        let given = Rights {
            permissions: key.scopes.clone(),
            accounts: AccountReach::All,
        };
        let standing = there.standing.within(&given);
        Ok(match maker {
            Some(maker) => {
                let place = Key::membership(tenant, maker.user);
                standing.resting_on(place, maker.version)
            }
            None => standing,
        })
    }

    /// Ends a key, as it was read, at once. Whether it did: not if the key was revoked or replaced meanwhile, or the rights
    /// that the decision rests on, `held`, changed.
    pub async fn revoke_api_key(&self, key: &ApiKey, held: &Standing, act: &Act) -> Result<bool> {
        let mut writes = vec![
            Write::update(
                Key::api_key(&self.scope, key.id),
                vec![
                    Action::Set("revoked", instant(act.at)),
                    Action::Set(TTL, forgotten(act.at)),
                ],
            )
            .when(Condition::All(vec![
                Condition::item_exists(),
                Condition::Absent("revoked"),
                replaced_as(key),
            ])),
            self.event_write(
                act,
                EventKind::ApiKeyRevoked,
                Subject::ApiKey(key.id),
                json!({ "name": key.name }),
            )?,
        ];
        if key.replaced_by.is_none() {
            writes.push(release(&self.scope, Counter::ApiKeys, 1));
        }
        held.hold(&mut writes);
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Puts a key in the place of an old one, which ends at `old_ends_at`. Of several at once one succeeds; the others, and
    /// whoever replaces a key that was revoked, get [`Error::Conflict`]. `held` are the rights that the decision rests on.
    /// Whether it happened: not if they changed meanwhile.
    pub async fn replace_api_key(
        &self,
        old: &ApiKey,
        (new, secret): (&ApiKey, SecretHash),
        old_ends_at: Timestamp,
        held: &[&Standing],
        act: &Act,
    ) -> Result<bool> {
        let item = ApiKeyItem::new(new, secret);
        let mut detail = detail(new);
        if let Some(detail) = detail.as_object_mut() {
            detail.insert("replaces".to_owned(), json!(old.id));
            detail.insert("old_ends_at".to_owned(), json!(old_ends_at));
        }
        let mut writes = vec![
            Write::update(
                Key::api_key(&self.scope, old.id),
                vec![
                    Action::Set("until", instant(old_ends_at)),
                    Action::Set("next", text(new.id)),
                    Action::Set(TTL, forgotten(old_ends_at)),
                ],
            )
            .when(Condition::All(vec![
                Condition::item_exists(),
                Condition::Absent("revoked"),
                Condition::Absent("next"),
            ])),
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(
                act,
                EventKind::ApiKeyReplaced,
                Subject::ApiKey(new.id),
                detail,
            )?,
            note_change(&self.scope),
        ];
        for standing in held {
            standing.hold(&mut writes);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(refused) if refused.iter().any(|write| write.index == 0) => {
                Err(not_in_use())
            }
            Transacted::Refused(_) => Ok(false),
        }
    }
}

/// A key that was revoked or replaced already.
fn not_in_use() -> Error {
    Error::conflict(
        "key_not_in_use",
        "the key was revoked or replaced already: make a new one",
    )
}

/// That it was replaced by the key that was seen: whether it is counted depends on it.
fn replaced_as(key: &ApiKey) -> Condition {
    match key.replaced_by {
        None => Condition::Absent("next"),
        Some(next) => Condition::Equals("next", text(next)),
    }
}

fn forgotten(ended_at: Timestamp) -> aws_sdk_dynamodb::types::AttributeValue {
    let at = ended_at.saturating_add(REMEMBERED).unwrap_or(ended_at);
    number(at.as_second())
}

fn detail(key: &ApiKey) -> Value {
    json!({
        "name": key.name,
        "scopes": key.scopes,
        "account_groups": groups(&key.limit),
        "addresses": key.addresses,
        "ends_at": key.ends_at,
    })
}
