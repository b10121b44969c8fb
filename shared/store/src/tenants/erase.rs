//! Erasing a tenant after its grace: its keys first, which makes all its secrets unreadable at once, then every item.
//!
//! Every step may be repeated, also by two at once; whoever dies in between leaves the tenant in the index, and the next
//! run goes on. What is left in the end is a [`tombstone`], and for a day what keeps the audit log closed.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::account::Account;
use domain::event::{EventKind, Owner, Subject};
use domain::tenant::{
    DEFAULT_MAX_LATENESS_HOURS, Limits, Locale, ROOT_TENANT, Tenant, TenantState, TimeZoneName,
    WeekStart, erased_from,
};
use domain::{Error, MediaId, PostId, Result, TenantId, UserId};
use jiff::Timestamp;
use serde_json::Value;

use super::TenantItem;
use super::certificate::{self, Certificate, SignedCertificate};
use crate::attribute::{Attributes, instant, number, text, text_of, value};
use crate::audit::Leaf;
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode};
use crate::key::{
    Key, account_partition, api_keys_partition, audit_partition, authorization_partition,
    media_partition, post_partition, tenant_key_partition, tenant_partition, time_text,
};
use crate::schema::{BY_ATTENTION, BY_CREATED, PK, SK};
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::shard::{AttentionKind, attention_at, erasure_partition, shard_of};
use crate::table::{Query, Range, Written};
use crate::transaction::Transacted;

/// Items that one query of a sweep reads.
const PAGE: i32 = 100;
/// The attribute that says since when nothing is left.
const GONE: &str = "gone";
/// The attribute that says what kind of work an entry is.
const KIND: &str = "kind";

/// How far an erasure came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// There is more: call again.
    Goes,
    /// Nothing but the tombstone is left.
    Done,
}

/// What a tombstone tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Which tenant it was.
    pub tenant: Tenant,
    /// Who deleted it.
    pub deleted_by: Option<UserId>,
    /// The end of its audit log.
    pub audit_end: Option<Leaf>,
}

/// The end of an erasure: what is written together, once.
#[derive(Debug)]
pub struct Proof<'a> {
    /// The certificate, as the archive keeps it.
    pub certificate: &'a SignedCertificate,
    /// Who is given it.
    pub given_to: Option<UserId>,
    /// What the audit log of the platform says.
    pub detail: Value,
}

impl SystemTable<'_> {
    /// Deleted tenants whose grace is over, and those whose erasure has begun.
    pub async fn tenants_to_erase(&self, now: Timestamp) -> Result<Vec<TenantScope>> {
        let mut found = Vec::new();
        for shard in 0..self.table.settings.shards {
            let range = Range::Below(format!("{}~", time_text(now)));
            let query = Query::of_index(BY_ATTENTION, erasure_partition(shard), range);
            for entry in self.table.query_all(&query).await? {
                let id = text_of(&entry, "id").and_then(|id| id.parse().ok());
                found.extend(id.map(TenantScope::of_own_item));
            }
        }
        Ok(found)
    }

    /// Those of these tenants, all of which were erased before, that a restored table has once more.
    pub async fn tenants_to_bury_again(&self, erased: &[TenantId]) -> Result<Vec<TenantScope>> {
        let keys: Vec<Key> = erased.iter().copied().map(Key::tenant).collect();
        let mut found = Vec::new();
        for attributes in self.table.batch_get(&keys).await? {
            let head: TenantItem = decode(attributes)?;
            if head.st != TenantState::Erased {
                found.push(TenantScope::of_own_item(head.id));
            }
        }
        Ok(found)
    }
}

impl TenantTable<'_> {
    /// The first step: from now on the tenant cannot come back, its name is gone, and so are its keys. `None` for a
    /// tenant that was not deleted, or whose grace is not over.
    pub async fn begin_erasure(&self, now: Timestamp) -> Result<Option<Erased>> {
        let key = Key::tenant(self.scope.tenant());
        let Some(stored) = self.table.get::<TenantItem>(&key).await? else {
            return Ok(None);
        };
        let tombstone = match stored.st {
            TenantState::Active | TenantState::Suspended => return Ok(None),
            TenantState::Deleted if now < erased_from(stored.ua) => return Ok(None),
            TenantState::Deleted => {
                let newest = self.audit_before(None, 1).await?.records.into_iter().next();
                let end = newest.map(|record| Leaf {
                    owner: record.event.owner,
                    seq: record.event.seq,
                    hash: record.hash,
                });
                match self.bury(tombstone(&stored, now, end), now).await? {
                    Some(tombstone) => tombstone,
                    None => return Ok(None),
                }
            }
            TenantState::Erased => stored,
        };
        self.close_audit_log(now).await?;
        self.drop_keys().await?;
        Erased::try_from(tombstone).map(Some)
    }

    /// Buries a tenant that was erased before, and that a restored table has once more, whatever state it has there: as
    /// [`Self::begin_erasure`] does, and as of the time at which it was erased. Answers whether it is buried; a tenant that
    /// changed meanwhile is not. May be repeated.
    pub async fn bury_again(&self, certificate: &Certificate, now: Timestamp) -> Result<bool> {
        let key = Key::tenant(self.scope.tenant());
        let Some(stored) = self.table.get::<TenantItem>(&key).await? else {
            return Ok(true);
        };
        if stored.st != TenantState::Erased {
            let Certificate {
                erased_at,
                audit_end,
                ..
            } = certificate;
            let tombstone = tombstone(&stored, *erased_at, *audit_end);
            if self.bury(tombstone, now).await?.is_none() {
                return Ok(false);
            }
        }
        self.close_audit_log(now).await?;
        self.drop_keys().await?;
        Ok(true)
    }

    /// Puts the tombstone in the place of a tenant's head, unless that changed meanwhile.
    async fn bury(&self, tombstone: TenantItem, now: Timestamp) -> Result<Option<TenantItem>> {
        let mut attributes = encode(&tombstone)?;
        let entry = self.erasure_entry(now)?;
        attributes.extend(entry.map(|(name, value)| (name.to_owned(), value)));
        let seen = tombstone.ver.saturating_sub(1);
        let unchanged = Condition::Equals("ver", number(seen));
        let write = Write::put(tombstone.key(), attributes).when(unchanged);
        Ok(match self.table.write(write).await? {
            Written::Applied(_) => Some(tombstone),
            Written::Refused(_) => None,
        })
    }

    /// Without its keys no secret of the tenant can ever be opened again.
    async fn drop_keys(&self) -> Result<()> {
        self.empty(tenant_key_partition(self.scope.tenant())).await
    }

    /// Some media whose bytes are still there; they must go before [`Self::erase_some`] removes what names them.
    pub async fn media_to_erase(&self) -> Result<Vec<MediaId>> {
        let query = Query::of_table(media_partition(self.scope.tenant()), Range::All).limit(PAGE);
        let items = self.table.query(&query, None).await?.items;
        Ok(items.iter().filter_map(|item| parsed(item, SK)).collect())
    }

    /// Removes media that have no bytes any more.
    pub async fn erase_media(&self, media: &[MediaId]) -> Result<()> {
        let keys = media.iter().map(|media| Key::media(&self.scope, *media));
        self.table.batch_delete(keys.collect()).await
    }

    /// Removes some more items of a tenant whose erasure has begun and whose media, exports and imports are gone.
    pub async fn erase_some(&self) -> Result<Erasure> {
        let tenant = self.scope.tenant();
        let posts = self.some_posts().await?;
        for post in &posts {
            self.empty(post_partition(tenant, *post)).await?;
        }
        if !posts.is_empty() {
            return Ok(Erasure::Goes);
        }
        // Only the log still knows of posts that were removed as drafts, and what its blocks name goes before them.
        let closed_at = self.audit_log_closed_at().await?;
        let log = self.audit_before(closed_at, 1).await?.records;
        let removed: BTreeSet<PostId> = log
            .iter()
            .filter_map(|record| record.event.subject.post())
            .collect();
        for post in removed {
            self.empty(post_partition(tenant, post)).await?;
        }
        if let Some(first) = log.last() {
            let owner = Owner::Tenant(tenant);
            let block = Key::audit_block(owner, first.event.seq);
            self.table.batch_delete(vec![block]).await?;
            return Ok(Erasure::Goes);
        }
        for account in self.all_accounts().await? {
            self.empty(format!("{}#REM", account_partition(tenant, account.id)))
                .await?;
            // Nobody disconnected those of a tenant that is buried again.
            self.free_remote_account(&account).await?;
        }
        self.table
            .batch_delete(self.invitation_links().await?)
            .await?;
        let whole = tenant_partition(tenant);
        for partition in [
            // Before the events: whoever ends a session at a network right now writes one only while this is there.
            format!("{whole}#CRED"),
            api_keys_partition(tenant),
            format!("{whole}#EVT"),
            format!("{whole}#BUD"),
            authorization_partition(tenant),
        ] {
            self.empty(partition).await?;
        }
        let owner = Owner::Tenant(tenant);
        let closing = closed_at.map(|place| Key::audit_block(owner, place));
        self.empty_but(audit_partition(owner), closing).await?;
        self.give_back().await?;
        self.empty(whole).await?;
        Ok(Erasure::Done)
    }

    /// Since when nothing but the tombstone is left: `now`, unless somebody noted it before. Whoever goes on with an erasure
    /// certifies the same time.
    pub async fn note_gone(&self, now: Timestamp) -> Result<Timestamp> {
        let key = Key::tenant(self.scope.tenant());
        let update = Write::update(key, vec![Action::Set(GONE, instant(now))]);
        match self
            .table
            .write(update.when(Condition::Absent(GONE)))
            .await?
        {
            Written::Applied(_) => Ok(now),
            Written::Refused(tombstone) => {
                let tombstone = tombstone.map(decode::<TenantItem>).transpose()?;
                Ok(tombstone.and_then(|item| item.gone).unwrap_or(now))
            }
        }
    }

    /// The last step: nobody needs to look at the tombstone any more, the proof is given to whoever deleted the tenant, and
    /// the platform's audit log says so. All of that, or nothing where somebody else has ended the erasure.
    pub async fn end_erasure(&self, proof: Proof<'_>, act: &Act) -> Result<()> {
        let tenant = self.scope.tenant();
        let leave = [BY_ATTENTION.partition, BY_ATTENTION.sort, KIND].map(Action::Remove);
        let leave = Write::update(Key::tenant(tenant), leave.to_vec());
        let subject = Subject::Tenant(tenant);
        let owner = Owner::Tenant(ROOT_TENANT);
        let kind = EventKind::TenantErased;
        let mut writes = vec![
            leave.when(Condition::Exists(BY_ATTENTION.partition)),
            self.table
                .event_write(owner, act, kind, subject, proof.detail)?,
        ];
        if let Some(user) = proof.given_to {
            writes.push(certificate::put(user, proof.certificate)?);
        }
        let _: Transacted = self.table.transact(writes).await?;
        Ok(())
    }

    /// What puts the tenant's head into the index of those to erase.
    pub(super) fn erasure_entry(
        &self,
        at: Timestamp,
    ) -> Result<[(&'static str, AttributeValue); 3]> {
        let tenant = self.scope.tenant();
        let shard = shard_of(tenant.as_uuid(), self.table.settings.shards);
        Ok([
            (KIND, value(&AttentionKind::Erasure)?),
            (BY_ATTENTION.partition, text(erasure_partition(shard))),
            (BY_ATTENTION.sort, text(attention_at(at, tenant))),
        ])
    }

    /// Posts that are there.
    async fn some_posts(&self) -> Result<Vec<PostId>> {
        let partition = tenant_partition(self.scope.tenant());
        let query = Query::of_index(BY_CREATED, partition, Range::All).limit(PAGE);
        let entries = self.table.query(&query, None).await?.items;
        let posts: BTreeSet<PostId> = entries
            .iter()
            .filter_map(|entry| parsed(entry, "post").or_else(|| parsed(entry, "id")))
            .collect();
        Ok(posts.into_iter().collect())
    }

    async fn all_accounts(&self) -> Result<Vec<Account>> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.account_page(after, PAGE).await?;
            found.extend(page.accounts);
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    /// Removes every item of a partition but a tenant's head.
    async fn empty(&self, partition: String) -> Result<()> {
        let head = Key::tenant(self.scope.tenant());
        self.empty_but(partition, Some(head)).await
    }

    async fn empty_but(&self, partition: String, kept: Option<Key>) -> Result<()> {
        loop {
            let query = Query::of_table(partition.clone(), Range::All).limit(PAGE);
            let items = self.table.query(&query, None).await?.items;
            let keys: Vec<Key> = items
                .iter()
                .filter_map(key_of)
                .filter(|key| Some(key) != kept.as_ref())
                .collect();
            if keys.is_empty() {
                return Ok(());
            }
            self.table.batch_delete(keys).await?;
        }
    }
}

impl TryFrom<TenantItem> for Erased {
    type Error = Error;

    fn try_from(item: TenantItem) -> Result<Self> {
        Ok(Self {
            deleted_by: item.del_by,
            audit_end: item.audit_end,
            tenant: item.try_into()?,
        })
    }
}

/// What is left of a tenant: its id and its place in the tree, when it was made and erased, who deleted it and where its log
/// ended. Everything that people chose is as in a tenant that was never set, so that a new setting cannot slip into it.
fn tombstone(stored: &TenantItem, erased_at: Timestamp, audit_end: Option<Leaf>) -> TenantItem {
    TenantItem {
        id: stored.id,
        parent: stored.parent,
        ancestors: stored.ancestors.clone(),
        st: TenantState::Erased,
        ver: stored.ver.saturating_add(1),
        ca: stored.ca,
        ua: erased_at,
        del_by: stored.del_by,
        audit_end,
        gone: None,
        name: String::new(),
        tz: TimeZoneName::utc(),
        loc: Locale::english(),
        week: WeekStart::default(),
        limits: Limits::DEFAULT,
        max_late_h: DEFAULT_MAX_LATENESS_HOURS,
        opts: BTreeMap::new(),
        sf: false,
        ips: Vec::new(),
        ses_h: None,
        idle_m: None,
    }
}

fn parsed<T: std::str::FromStr>(item: &Attributes, name: &str) -> Option<T> {
    text_of(item, name)?.parse().ok()
}

fn key_of(item: &Attributes) -> Option<Key> {
    Some(Key {
        pk: text_of(item, PK)?.to_owned(),
        sk: text_of(item, SK)?.to_owned(),
    })
}
