//! Another key in the place of a tenant's newest one.
//!
//! The newest key is in the index, with the time at which somebody is to look after it: in a year, or soon while there are
//! older keys under which something may still be sealed. Every step may be repeated, and whoever dies in between leaves
//! the entry where it is.

use std::collections::BTreeSet;

use domain::event::{EventKind, Subject};
use domain::tenant::ROOT_TENANT;
use domain::{AccountId, Result, TenantId, WrappedTenantKey, WrappingKey};
use jiff::Timestamp;
use serde_json::json;

use super::{TenantKeyItem, rotation_entry};
use crate::accounts::{CredentialItem, Saved, SealedCredential};
use crate::attention::time_in;
use crate::attribute::{Attributes, base64_text, number, text, text_of};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::decode;
use crate::key::{Key, credential_partition, tenant_key_partition, time_text};
use crate::schema::BY_ATTENTION;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::shard::{attention_at, rotation_partition};
use crate::table::{Query, Range, Written};
use crate::transaction::Transacted;

/// Tenants of one shard that one look at the index finds.
const PAGE: i32 = 100;

/// The keys of a tenant.
#[derive(Clone, Debug)]
pub struct KeyRotation {
    /// Whose they are.
    pub scope: TenantScope,
    /// What is sealed now is sealed under this one.
    pub newest: WrappedTenantKey,
    /// The versions under which something may still be sealed.
    pub older: Vec<u32>,
    /// What wraps them all.
    pub wrapped_by: BTreeSet<WrappingKey>,
    /// How many secrets the older ones still sealed at the last look, where something else wraps them than the newest.
    pub left: Option<u32>,
    /// When somebody is to look after them; `None` where an earlier version of this code made the key.
    pub due: Option<Timestamp>,
}

/// Some sealed credentials of a tenant.
#[derive(Debug)]
pub struct SealedCredentialPage {
    /// Of which accounts, and what is sealed.
    pub credentials: Vec<(AccountId, SealedCredential)>,
    /// Where to go on; `None` at the end.
    pub next: Option<AccountId>,
}

impl KeyRotation {
    /// Whether a rotation is under way. What the platform's own keys seal is not listed anywhere, so they are kept, and
    /// what they sealed is sealed anew when it is used.
    pub fn is_under_way(&self) -> bool {
        !self.older.is_empty() && self.scope.tenant() != ROOT_TENANT
    }

    /// Whether nothing rests on another key than this one.
    pub fn is_wrapped_by(&self, wrapping: &WrappingKey) -> bool {
        self.wrapped_by.iter().all(|one| one == wrapping)
    }
}

impl SystemTable<'_> {
    /// Some tenants whose keys want to be looked after, those that have waited longest first in each shard.
    pub async fn keys_to_rotate(&self, now: Timestamp) -> Result<Vec<TenantId>> {
        let mut found = Vec::new();
        for shard in 0..self.table.settings.shards {
            let range = Range::Below(format!("{}~", time_text(now)));
            let query = Query::of_index(BY_ATTENTION, rotation_partition(shard), range).limit(PAGE);
            let page = self.table.query(&query, None).await?;
            found.extend(page.items.iter().filter_map(tenant_of));
        }
        Ok(found)
    }

    /// The keys of a tenant; `None` before its first secret, and once they were shredded.
    pub async fn key_rotation(&self, tenant: TenantId) -> Result<Option<KeyRotation>> {
        let query = Query::of_table(tenant_key_partition(tenant), Range::All);
        let mut items = self.table.query_all(&query).await?;
        let Some(newest) = items.pop() else {
            return Ok(None);
        };
        let due = text_of(&newest, BY_ATTENTION.sort);
        let due = due.map(|place| time_in(Some(place))).transpose()?;
        let newest: TenantKeyItem = decode(newest)?;
        let left = newest.left;
        let newest = WrappedTenantKey::from(newest);
        let older = items.into_iter();
        let older = older.map(|item| Ok(decode::<TenantKeyItem>(item)?.into()));
        let older: Vec<WrappedTenantKey> = older.collect::<Result<_>>()?;
        let all = older.iter().chain([&newest]);
        Ok(Some(KeyRotation {
            scope: TenantScope::of_own_item(tenant),
            wrapped_by: all.map(|key| key.wrapped_by.clone()).collect(),
            older: older.iter().map(|key| key.version).collect(),
            newest,
            left,
            due,
        }))
    }

    /// A tenant's key is to be rotated now. `false` where it has none, or is rotated already.
    pub async fn ask_for_rotation(&self, tenant: TenantId, now: Timestamp) -> Result<bool> {
        let Some(rotation) = self.key_rotation(tenant).await? else {
            return Ok(false);
        };
        if rotation.is_under_way() {
            return Ok(false);
        }
        let table = self.table.tenant(&rotation.scope);
        Ok(table.look_after_keys(&rotation, now).await? == Saved::Done)
    }

    /// The keys of all tenants are to be rotated now: how many are.
    pub async fn ask_for_all_rotations(&self, now: Timestamp) -> Result<usize> {
        let mut asked = 0_usize;
        for shard in 0..self.table.settings.shards {
            let query = Query::of_index(BY_ATTENTION, rotation_partition(shard), Range::All);
            for entry in self.table.query_all(&query).await? {
                if let Some(tenant) = tenant_of(&entry)
                    && self.ask_for_rotation(tenant, now).await?
                {
                    asked = asked.saturating_add(1);
                }
            }
        }
        Ok(asked)
    }
}

impl TenantTable<'_> {
    /// Puts `next` in the place of the newest key; somebody looks after the keys again at `at`. [`Saved::Stale`] where
    /// somebody else did so, or all keys were shredded.
    pub async fn begin_key_rotation(
        &self,
        seen: &KeyRotation,
        next: WrappedTenantKey,
        at: Timestamp,
        act: &Act,
    ) -> Result<Saved> {
        let tenant = self.scope.tenant();
        let detail = json!({ "version": next.version });
        let item = TenantKeyItem::new(tenant, next);
        let next = item.wanting_rotation(at, self.table.settings.shards)?;
        let next = Write::put(Key::tenant_key(tenant, item.ver), next);
        let actions = vec![
            Action::Remove("kind"),
            Action::Remove(BY_ATTENTION.partition),
            Action::Remove(BY_ATTENTION.sort),
        ];
        let before = Write::update(Key::tenant_key(tenant, seen.newest.version), actions);
        let subject = Subject::Tenant(tenant);
        let writes = vec![
            next.when(Condition::item_absent()),
            before.when(Condition::item_exists()),
            self.event_write(act, EventKind::TenantKeyRotated, subject, detail)?,
        ];
        self.key_writes(writes).await
    }

    /// Somebody is to look after the keys at this time. [`Saved::Stale`] where somebody else is looking after them: of
    /// several at once one is.
    pub async fn look_after_keys(&self, seen: &KeyRotation, at: Timestamp) -> Result<Saved> {
        self.key_writes(vec![self.look(seen, at)?]).await
    }

    /// So many secrets are still sealed under older keys. [`Saved::Stale`] once the keys were shredded.
    pub async fn note_left(&self, seen: &KeyRotation, left: u32) -> Result<Saved> {
        let key = Key::tenant_key(self.scope.tenant(), seen.newest.version);
        let actions = vec![Action::Set("left", number(left))];
        let write = Write::update(key, actions).when(Condition::item_exists());
        Ok(match self.table.write(write).await? {
            Written::Applied(_) => Saved::Done,
            Written::Refused(_) => Saved::Stale,
        })
    }

    /// Removes the older keys, under which nothing is sealed any more. Nothing that was sealed under them, and was kept
    /// somewhere else, opens again.
    pub async fn end_key_rotation(&self, seen: &KeyRotation) -> Result<Saved> {
        let tenant = self.scope.tenant();
        let older = seen.older.iter();
        let older = older.map(|version| Write::delete(Key::tenant_key(tenant, *version)));
        let mut writes = vec![self.look(seen, seen.newest.rotation_due())?];
        writes.extend(older);
        self.key_writes(writes).await
    }

    /// Up to `limit` credentials as they are sealed, of the accounts after this one.
    pub async fn sealed_credentials(
        &self,
        after: Option<AccountId>,
        limit: i32,
    ) -> Result<SealedCredentialPage> {
        let range = after.map_or(Range::All, |account| {
            Range::Above(Key::credential(&self.scope, account).sk)
        });
        let query = Query::of_table(credential_partition(self.scope.tenant()), range).limit(limit);
        let page = self.table.query(&query, None).await?;
        let items = page.items.into_iter();
        let credentials = items.map(|item| {
            let item = decode::<CredentialItem>(item)?;
            Ok((item.account(), SealedCredential::from(item)))
        });
        let credentials: Vec<_> = credentials.collect::<Result<_>>()?;
        let last = credentials.last().map(|(account, _)| *account);
        Ok(SealedCredentialPage {
            next: page.next.and(last),
            credentials,
        })
    }

    /// Puts the same credential, sealed anew, in the place of the one that was seen. [`Saved::Stale`] where the account
    /// has another one by now, or none.
    pub async fn replace_sealed_credential(
        &self,
        account: AccountId,
        seen: &SealedCredential,
        sealed: &[u8],
    ) -> Result<Saved> {
        let actions = vec![Action::Set("sealed", base64_text(sealed))];
        let unchanged = Condition::All(vec![
            Condition::Equals("ver", number(seen.version)),
            Condition::Equals("sealed", base64_text(&seen.sealed)),
        ]);
        let write = Write::update(Key::credential(&self.scope, account), actions).when(unchanged);
        Ok(match self.table.write(write).await? {
            Written::Applied(_) => Saved::Done,
            Written::Refused(_) => Saved::Stale,
        })
    }

    /// The role of whoever names a wrapping key has no more than this: it changes nothing but the place in the index, and
    /// asks for nothing back (`KeysLookedAfter` in the template).
    pub(super) fn look(&self, seen: &KeyRotation, at: Timestamp) -> Result<Write> {
        let tenant = self.scope.tenant();
        let entry = rotation_entry(tenant, at, self.table.settings.shards)?;
        let actions = entry
            .into_iter()
            .map(|(name, value)| Action::Set(name, value));
        let key = Key::tenant_key(tenant, seen.newest.version);
        let unchanged = match seen.due {
            Some(due) => Condition::Equals(BY_ATTENTION.sort, text(attention_at(due, tenant))),
            None => Condition::item_exists(),
        };
        let look = Write::update(key, actions.collect()).when(unchanged);
        Ok(look.silently())
    }

    pub(super) async fn key_writes(&self, writes: Vec<Write>) -> Result<Saved> {
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => Saved::Done,
            Transacted::Refused(_) => Saved::Stale,
        })
    }
}

fn tenant_of(entry: &Attributes) -> Option<TenantId> {
    text_of(entry, "ten")?.parse().ok()
}
