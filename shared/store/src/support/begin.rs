//! The beginning of a look into a tenant.

use domain::Result;
use domain::event::{EventKind, Subject};
use domain::support::SupportBinding;
use serde_json::json;

use super::consent::ConsentingTenant;
use super::visits;
use crate::attribute::{instant, text};
use crate::condition::{Condition, Write};
use crate::events::Act;
use crate::key::Key;
use crate::scope::SystemTable;
use crate::sessions::{self, Session};
use crate::standing::Standing;
use crate::transaction::Transacted;

/// The beginning of a look into a tenant.
#[derive(Debug)]
pub struct SupportBeginning<'a> {
    /// The session of before, which is dead from then on.
    pub old: &'a Session,
    /// The one that is bound to the tenant.
    pub new: &'a Session,
    /// What it is bound by.
    pub binding: &'a SupportBinding,
    /// The tenant.
    pub into: &'a ConsentingTenant,
    /// The rights that the decision rests on.
    pub held: &'a Standing,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportBegun {
    /// The new session looks into the tenant.
    Done,
    /// The old session ended meanwhile.
    SessionEnded,
    /// The consent or the rights changed meanwhile.
    Stale,
}

impl SystemTable<'_> {
    /// Binds a session to a tenant that is looked into, while the consent and the rights are what they were.
    pub async fn begin_support(
        &self,
        new: &SupportBeginning<'_>,
        act: &Act,
    ) -> Result<SupportBegun> {
        let consent = &new.into.consent;
        let subject = Subject::Tenant(consent.tenant);
        let detail = json!({ "reason": new.binding.reason, "until": new.binding.until });
        let tenant = self.table.tenant(&new.into.scope);
        let unchanged = Condition::All(vec![
            Condition::Equals("id", text(consent.id)),
            Condition::Above("until", instant(act.at)),
        ]);
        let mut writes = Vec::from(sessions::replace(new.old, new.new)?);
        let sessions = writes.len();
        let consent = Key::support_consent(consent.tenant);
        writes.push(Write::update(consent, Vec::new()).when(unchanged));
        writes.push(visits::begun(
            self.table,
            new.into.consent.tenant,
            new.new,
            new.binding,
            act.at,
        )?);
        writes.push(tenant.event_write(act, EventKind::SupportBegun, subject, detail)?);
        new.held.hold(&mut writes);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(SupportBegun::Done),
            Transacted::Refused(refused) if refused.iter().any(|one| one.index < sessions) => {
                Ok(SupportBegun::SessionEnded)
            }
            Transacted::Refused(_) => Ok(SupportBegun::Stale),
        }
    }
}
