//! Looks into tenants for support: each is an item from its beginning on. It wants attention until its end is written,
//! whatever that is, and its end is written once: whoever writes it closes the item by the same transaction.

use domain::event::{EventKind, Subject, Supporter};
use domain::support::{SUPPORT_WATCHED_EVERY, SupportBinding, SupportEnd};
use domain::{Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::binding::BindingAttribute;
use crate::attribute::{instant, millis, number, optional_millis, text, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode};
use crate::key::{Key, SecretHash, tenant_partition};
use crate::memberships::Belonging;
use crate::schema::{BY_ATTENTION, TTL};
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::sessions::{self, Session};
use crate::shard::{AttentionKind, attention_at, attention_shard};
use crate::table::{Query, Range, Table};
use crate::transaction::Transacted;

/// How long a look is remembered after its end, for whoever meets it right then; the audit log has it for good.
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Looks that end together with a consent; whoever watches ends the rest.
const ENDED_AT_ONCE: usize = 40;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VisitItem {
    /// Names it in the index. Says nothing about the secret of the session.
    pub(super) id: String,
    pub(super) ten: TenantId,
    pub(super) user: UserId,
    pub(super) ses: SecretHash,
    pub(super) sup: BindingAttribute,
    #[serde(with = "millis")]
    ca: Timestamp,
    /// When its end was written.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    ended: Option<Timestamp>,
}

impl Item for VisitItem {
    const TYPE: &'static str = "support_visit";

    fn key(&self) -> Key {
        Key::support_visit(self.ten, &self.ses)
    }
}

impl VisitItem {
    /// Whether its end is still to be written.
    pub(super) fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// When it is looked at next: every minute, and once its time is over. A second later, for times in the index are
    /// whole seconds.
    pub(super) fn next_watch(&self, now: Timestamp) -> Timestamp {
        let soon = now.saturating_add(SUPPORT_WATCHED_EVERY).unwrap_or(now);
        let over = self.sup.until.saturating_add(SignedDuration::from_secs(1));
        soon.min(over.unwrap_or(soon))
    }
}

/// The write that remembers a look, from its beginning on.
pub(super) fn begun(
    table: &Table,
    tenant: TenantId,
    session: &Session,
    binding: &SupportBinding,
    now: Timestamp,
) -> Result<Write> {
    let item = VisitItem {
        id: session.secret.beginning().to_owned(),
        ten: tenant,
        user: session.user,
        ses: session.secret.clone(),
        sup: binding.into(),
        ca: now,
        ended: None,
    };
    let mut attributes = encode(&item)?;
    let shard = attention_shard(tenant.as_uuid(), table.settings.shards);
    let at = attention_at(item.next_watch(now), &item.id);
    attributes.insert("kind".to_owned(), value(&AttentionKind::SupportVisit)?);
    attributes.insert(BY_ATTENTION.partition.to_owned(), text(shard));
    attributes.insert(BY_ATTENTION.sort.to_owned(), text(at));
    Ok(Write::put(item.key(), attributes).when(Condition::item_absent()))
}

impl SystemTable<'_> {
    /// Until when at the latest somebody looks into a person's tenant for support; `None` while nobody does.
    pub async fn looked_into_until(
        &self,
        belonging: &Belonging,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let scope = TenantScope::of_own_item(belonging.tenant.id);
        let visits = self.table.tenant(&scope).open_visits().await?.into_iter();
        let times = visits.map(|visit| visit.sup.until);
        Ok(times.filter(|until| now < *until).max())
    }
}

impl TenantTable<'_> {
    /// The same session out of the tenant. Whether the old one was still alive.
    pub async fn end_support(&self, old: &Session, new: &Session, act: &Act) -> Result<bool> {
        let key = Key::support_visit(self.scope.tenant(), &old.secret);
        let visit: Option<VisitItem> = self.table.get(&key).await?;
        if let Some(visit) = visit.filter(VisitItem::is_open) {
            let mut writes = Vec::from(sessions::replace(old, new)?);
            let sessions = writes.len();
            writes.extend(self.visit_end(&visit, SupportEnd::Left, act)?);
            match self.table.transact(writes).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refused) if refused.iter().any(|one| one.index < sessions) => {
                    return Ok(false);
                }
                // Somebody else has just written its end.
                Transacted::Refused(_) => {}
            }
        }
        self.table.system().replace_session(old, new).await
    }

    /// The writes that end the looks of the present, for the transaction that ends the consent which they rest on.
    pub(super) async fn ends_of_visits(&self, act: &Act) -> Result<Vec<Write>> {
        let visits = self.open_visits().await?.into_iter();
        let mut writes = Vec::new();
        for visit in visits.take(ENDED_AT_ONCE) {
            writes.extend(self.visit_end(&visit, SupportEnd::Revoked, act)?);
        }
        Ok(writes)
    }

    async fn open_visits(&self) -> Result<Vec<VisitItem>> {
        let partition = tenant_partition(self.scope.tenant());
        let prefix = Range::Prefix(Key::SUPPORT_VISITS.to_owned());
        let query = Query::of_table(partition, prefix);
        let found = self.table.query_all(&query).await?.into_iter();
        let visits = found.map(decode::<VisitItem>).collect::<Result<Vec<_>>>()?;
        Ok(visits.into_iter().filter(VisitItem::is_open).collect())
    }

    /// The writes of the end of a look, together with what ends it: refused where it was written already.
    pub(super) fn visit_end(
        &self,
        visit: &VisitItem,
        end: SupportEnd,
        act: &Act,
    ) -> Result<[Write; 2]> {
        let forgotten = act.at.saturating_add(KEPT).unwrap_or(act.at);
        let actions = vec![
            Action::Set("ended", instant(act.at)),
            Action::Set(TTL, number(forgotten.as_second())),
            Action::Remove(BY_ATTENTION.partition),
            Action::Remove(BY_ATTENTION.sort),
        ];
        let is_open = vec![Condition::item_exists(), Condition::Absent("ended")];
        let supporter = Supporter {
            user: visit.user,
            tenant: visit.sup.by,
        };
        let detail = json!({
            "reason": end.name(),
            "supporter": supporter,
            "begun_at": visit.ca,
        });
        let subject = Subject::Tenant(visit.ten);
        Ok([
            Write::update(visit.key(), actions).when(Condition::All(is_open)),
            self.event_write(act, EventKind::SupportEnded, subject, detail)?,
        ])
    }
}
