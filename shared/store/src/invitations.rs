//! Invitations to a tenant. The secret of a link is stored as its hash only; each mail voids the link of the one before.

use std::collections::BTreeSet;

use domain::email::EmailAddress;
use domain::event::{EventKind, Subject};
use domain::membership::{AccountLimit, AssignedRole, Invitation};
use domain::{AccountGroupId, InvitationId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::attribute::{instant, millis};
use crate::condition::{Condition, Write};
use crate::events::Act;
use crate::idempotency::IdempotencyClaim;
use crate::item::{Item, decode, encode};
use crate::key::{Key, SecretHash, tenant_partition};
use crate::members::{groups, note_change};
use crate::owed_mails::OwedMail;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::standing::{Standing, version_is};
use crate::table::{Query, Range, key_attributes};
use crate::transaction::Transacted;

/// How long an expired invitation is listed, and a void link told apart from one that never was.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An invitation with the hash of its link's secret and the mail that carries it.
#[derive(Debug)]
pub struct Sending<'a> {
    /// The invitation as it is to be stored.
    pub invitation: &'a Invitation,
    /// The hash of the secret.
    pub secret: &'a SecretHash,
    /// The mail.
    pub mail: &'a OwedMail,
}

/// How an act on an invitation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invited {
    /// It happened.
    Done,
    /// The address has an open invitation.
    Already,
    /// Something that the decision rests on changed, or the idempotency key was used: read again and decide anew.
    Stale,
}

/// Some invitations of a list.
#[derive(Debug)]
pub struct InvitationPage {
    /// The invitations, in a fixed order.
    pub invitations: Vec<Invitation>,
    /// The last one, where there are more.
    pub next: Option<InvitationId>,
}

/// What a link leads to.
#[derive(Debug)]
pub struct FoundInvitation {
    /// The right to reach the tenant's items.
    pub scope: TenantScope,
    /// The invitation; `None` where it was accepted or withdrawn, or where a later mail has another link.
    pub invitation: Option<Invitation>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InvitationItem {
    id: InvitationId,
    ten: TenantId,
    mail: EmailAddress,
    role: AssignedRole,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<BTreeSet<AccountGroupId>>,
    by: UserId,
    secret: SecretHash,
    #[serde(with = "millis")]
    until: Timestamp,
    ver: u64,
    #[serde(with = "millis")]
    ca: Timestamp,
    exp: i64,
}

impl Item for InvitationItem {
    const TYPE: &'static str = "invitation";

    fn key(&self) -> Key {
        Key::invitation(&TenantScope::of_own_item(self.ten), self.id)
    }
}

/// Where the secret of a link leads.
#[derive(Debug, Serialize, Deserialize)]
struct LinkItem {
    #[serde(skip)]
    key: Key,
    ten: TenantId,
    inv: InvitationId,
    exp: i64,
}

impl Item for LinkItem {
    const TYPE: &'static str = "invitation_link";

    fn key(&self) -> Key {
        self.key.clone()
    }
}

impl From<InvitationItem> for Invitation {
    fn from(item: InvitationItem) -> Self {
        Self {
            id: item.id,
            tenant: item.ten,
            email: item.mail,
            role: item.role,
            limit: item
                .groups
                .map_or(AccountLimit::Unlimited, AccountLimit::Groups),
            invited_by: item.by,
            expires_at: item.until,
            version: item.ver,
            created_at: item.ca,
        }
    }
}

impl Sending<'_> {
    fn writes(&self, table: &crate::Table, seen: Condition) -> Result<[Write; 3]> {
        let Invitation {
            id,
            tenant,
            email,
            role,
            limit,
            invited_by,
            expires_at,
            version,
            created_at,
        } = self.invitation.clone();
        let exp = expires_at.saturating_add(REMEMBERED).unwrap_or(expires_at);
        let item = InvitationItem {
            id,
            ten: tenant,
            mail: email,
            role,
            groups: match limit {
                AccountLimit::Unlimited => None,
                AccountLimit::Groups(groups) => Some(groups),
            },
            by: invited_by,
            secret: self.secret.clone(),
            until: expires_at,
            ver: version,
            ca: created_at,
            exp: exp.as_second(),
        };
        let link = LinkItem {
            key: Key::invitation_link(self.secret),
            ten: tenant,
            inv: id,
            exp: exp.as_second(),
        };
        Ok([
            Write::put(item.key(), encode(&item)?).when(seen),
            Write::put(link.key(), encode(&link)?).when(Condition::item_absent()),
            self.mail.write(table)?,
        ])
    }
}

impl TenantTable<'_> {
    /// The id that the invitation of an address has: there is at most one in a tenant.
    pub fn invitation_id(&self, email: &EmailAddress) -> InvitationId {
        InvitationId::from_uuid(crate::key::uuid_of(&[
            &self.scope.tenant().to_string(),
            &email.normalized(),
        ]))
    }

    /// An invitation that was neither accepted nor withdrawn; it can have expired.
    pub async fn invitation(&self, id: InvitationId) -> Result<Option<Invitation>> {
        let found: Option<InvitationItem> =
            self.table.get(&Key::invitation(&self.scope, id)).await?;
        Ok(found.map(Invitation::from))
    }

    /// Up to `limit` of them after `after`.
    pub async fn invitation_page(
        &self,
        after: Option<InvitationId>,
        limit: i32,
    ) -> Result<InvitationPage> {
        let partition = tenant_partition(self.scope.tenant());
        let range = Range::Prefix(Key::INVITATIONS.to_owned());
        let query = Query::of_table(partition, range).limit(limit);
        let start = after.map(|id| key_attributes(&Key::invitation(&self.scope, id)));
        let page = self.table.query(&query, start).await?;
        let invitations = page
            .items
            .into_iter()
            .map(|item| decode::<InvitationItem>(item).map(Invitation::from))
            .collect::<Result<Vec<_>>>()?;
        let last = invitations.last().map(|invitation| invitation.id);
        Ok(InvitationPage {
            next: page.next.and(last),
            invitations,
        })
    }

    /// Stores a new invitation and owes its mail; an expired one of the same address gives way. `held` are the rights that
    /// the decision rests on.
    pub async fn invite(
        &self,
        new: &Sending<'_>,
        claim: Option<&IdempotencyClaim>,
        held: &[&Standing],
        act: &Act,
    ) -> Result<Invited> {
        let free = Condition::Any(vec![
            Condition::item_absent(),
            Condition::AtMost("until", instant(act.at)),
        ]);
        let mut writes = Vec::from(new.writes(self.table, free)?);
        writes.push(self.invitation_event(act, EventKind::InvitationCreated, new.invitation)?);
        if let Some(claim) = claim {
            writes.push(self.claim(claim, &new.invitation.id, act.at)?);
        }
        self.invited(writes, held).await
    }

    /// Sends an invitation, as it was read, once more: the links of earlier mails are void.
    pub async fn invite_again(
        &self,
        again: &Sending<'_>,
        held: &[&Standing],
        act: &Act,
    ) -> Result<Invited> {
        let Invitation {
            version,
            created_at,
            ..
        } = *again.invitation;
        let seen = unchanged(version.saturating_sub(1), created_at);
        let mut writes = Vec::from(again.writes(self.table, seen)?);
        writes.push(self.invitation_event(act, EventKind::InvitationResent, again.invitation)?);
        match self.invited(writes, held).await? {
            Invited::Already => Ok(Invited::Stale),
            other => Ok(other),
        }
    }

    /// Withdraws an invitation, as it was read: its link is void.
    pub async fn withdraw_invitation(
        &self,
        seen: &Invitation,
        held: &[&Standing],
        act: &Act,
    ) -> Result<Invited> {
        let writes = vec![
            self.end_invitation(seen),
            self.invitation_event(act, EventKind::InvitationWithdrawn, seen)?,
        ];
        match self.invited(writes, held).await? {
            Invited::Already => Ok(Invited::Stale),
            other => Ok(other),
        }
    }

    /// The write that ends an invitation, as it was read.
    pub(crate) fn end_invitation(&self, seen: &Invitation) -> Write {
        let unchanged = unchanged(seen.version, seen.created_at);
        Write::delete(Key::invitation(&self.scope, seen.id)).when(unchanged)
    }

    async fn invited(&self, mut writes: Vec<Write>, held: &[&Standing]) -> Result<Invited> {
        writes.push(note_change(&self.scope));
        for standing in held {
            standing.hold(&mut writes);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(Invited::Done),
            Transacted::Refused(refused) if refused.iter().any(|write| write.index == 0) => {
                Ok(Invited::Already)
            }
            Transacted::Refused(_) => Ok(Invited::Stale),
        }
    }

    /// Where the secrets of all invitations that were not accepted lead; those of earlier mails are forgotten in time.
    pub(crate) async fn invitation_links(&self) -> Result<Vec<Key>> {
        let range = Range::Prefix(Key::INVITATIONS.to_owned());
        let query = Query::of_table(tenant_partition(self.scope.tenant()), range);
        let items = self.table.query_all(&query).await?.into_iter();
        items
            .map(|item| {
                Ok(Key::invitation_link(
                    &decode::<InvitationItem>(item)?.secret,
                ))
            })
            .collect()
    }

    fn invitation_event(
        &self,
        act: &Act,
        kind: EventKind,
        invitation: &Invitation,
    ) -> Result<Write> {
        let detail = json!({
            "email": invitation.email,
            "role": invitation.role,
            "account_groups": groups(&invitation.limit),
        });
        self.event_write(act, kind, Subject::Invitation(invitation.id), detail)
    }
}

/// That an invitation is the one that was read: an address that is invited anew has the same id, and its versions begin
/// again.
fn unchanged(version: u64, created_at: Timestamp) -> Condition {
    Condition::All(vec![
        version_is(version),
        Condition::Equals("ca", instant(created_at)),
    ])
}

impl SystemTable<'_> {
    /// What the secret of a link leads to; `None` for one that never was.
    pub async fn find_invitation(&self, secret: &SecretHash) -> Result<Option<FoundInvitation>> {
        let link: Option<LinkItem> = self.table.get(&Key::invitation_link(secret)).await?;
        let Some(link) = link else {
            return Ok(None);
        };
        let scope = TenantScope::of_own_item(link.ten);
        let key = Key::invitation(&scope, link.inv);
        let found: Option<InvitationItem> = self.table.get(&key).await?;
        Ok(Some(FoundInvitation {
            scope,
            invitation: found
                .filter(|item| item.secret == *secret)
                .map(Invitation::from),
        }))
    }
}
