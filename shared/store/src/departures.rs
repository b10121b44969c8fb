//! Ends of people's accounts. One transaction takes the person, and whom they belong to, away and leaves a mark in their
//! place: from then on no credential of theirs is one, whatever is still stored of them. The [follow-up](finish) removes that.

mod finish;

use domain::event::Actor;
use domain::membership::Membership;
use domain::tenant::{Tenant, TenantState};
use domain::{Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::{Attributes, millis, number, number_of, text, text_of, value};
use crate::condition::{Condition, Write};
use crate::credentials::Credential;
use crate::events::{Act, kept_of_people_until};
use crate::item::{Item, decode, encode, is};
use crate::key::{Counter, Key};
use crate::members::{MemberSaved, OWNERS};
use crate::memberships::{MembershipItem, may_be_entered};
use crate::owed_mails::OwedMail;
use crate::schema::{BY_ATTENTION, PK};
use crate::scope::{SystemTable, TenantScope};
use crate::shard::{AttentionKind, attention_at, departure_partition, shard_of};
use crate::tenants::TenantItem;
use crate::transaction::Transacted;
use crate::user_events::UserAct;
use crate::users::{StoredUser, is_not_held, way_back};

/// A request that was let in before has ended after this time: nothing of the person is stored any more.
const LAST_REQUEST: SignedDuration = SignedDuration::from_mins(1);
/// What a transaction takes.
const WRITES_MAX: usize = 100;
/// Tenants of which the transaction checks that they stay deleted, so that there is room for those that are left. One beyond
/// them that is taken back in this very moment is deleted once more by the [follow-up](finish).
const DELETED_MAX: usize = 20;

/// The end of somebody's account.
#[derive(Debug)]
pub struct Departure<'a> {
    /// The person, as they were read.
    pub seen: &'a StoredUser,
    /// By which sign-in they want it; it must be alive still.
    pub by: &'a Credential,
    /// All that they belong to, as [`SystemTable::leavings`] told it after the person was read.
    pub leavings: &'a [Leaving],
    /// The mail that tells them.
    pub mail: &'a OwedMail,
    /// What is remembered of it.
    pub act: UserAct,
}

/// How the end of an account ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departed {
    /// There is no account any more.
    Done,
    /// The sign-in that wanted it has ended meanwhile.
    SignedOut,
    /// Something changed meanwhile: read it again and decide anew.
    Stale,
}

/// A tenant that somebody belongs to whose account is to end.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// The membership.
    pub membership: Membership,
    /// The tenant.
    pub tenant: Tenant,
    /// Whether nobody else owns it.
    is_last_owner: bool,
}

impl Leaving {
    /// Whether the tenant is in use and would be left without an owner: the account cannot end before somebody else owns it,
    /// or it is deleted.
    pub fn needs_them(&self) -> bool {
        self.is_last_owner && may_be_entered(&self.tenant)
    }

    /// Whether the tenant goes on without them. One that is deleted, and that nobody else can take back, keeps its owner
    /// until it is erased.
    fn is_left(&self) -> bool {
        match self.tenant.state {
            TenantState::Active | TenantState::Suspended => true,
            TenantState::Deleted => !self.is_last_owner,
            TenantState::Erased => false,
        }
    }

    fn scope(&self) -> TenantScope {
        TenantScope::of_own_item(self.tenant.id)
    }

    /// That nobody takes the deletion of the tenant back.
    fn stays_deleted(&self) -> Write {
        let as_seen = Condition::Equals("ver", number(self.tenant.version));
        Write::check(Key::tenant(self.tenant.id), as_seen)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct DepartureItem {
    id: UserId,
    #[serde(with = "millis")]
    at: Timestamp,
    /// As long as what is remembered of people, and so for longer than any credential lives.
    exp: Option<i64>,
}

impl Item for DepartureItem {
    const TYPE: &'static str = "departure";

    fn key(&self) -> Key {
        Key::departure(self.id)
    }
}

impl SystemTable<'_> {
    /// Whether the account of somebody ended.
    pub async fn has_departed(&self, user: UserId) -> Result<bool> {
        let mark: Option<DepartureItem> = self.table.get(&Key::departure(user)).await?;
        Ok(mark.is_some())
    }

    /// All that somebody belongs to, deleted tenants, too. The index lags: `here` is looked at in any case.
    pub async fn leavings(&self, user: UserId, here: Option<TenantId>) -> Result<Vec<Leaving>> {
        let mut tenants = self.tenants_of(user).await?;
        tenants.extend(here);
        tenants.sort();
        tenants.dedup();
        let keys: Vec<Key> = tenants
            .into_iter()
            .flat_map(|tenant| {
                let counter = Key::usage(&TenantScope::of_own_item(tenant), Counter::Members);
                [Key::tenant(tenant), Key::membership(tenant, user), counter]
            })
            .collect();
        let found = self.table.batch_get(&keys).await?;
        let of_tenant = |membership: &Membership| {
            let partition = Key::tenant(membership.tenant).pk;
            let its = move |item: &&Attributes| text_of(item, PK) == Some(&partition);
            found.iter().filter(its)
        };
        let memberships = found.iter().filter(|item| is::<MembershipItem>(item));
        let mut leavings = Vec::new();
        for item in memberships {
            let membership = Membership::from(decode::<MembershipItem>(item.clone())?);
            let head = of_tenant(&membership).find(|item| is::<TenantItem>(item));
            let Some(head) = head else {
                continue;
            };
            let counted =
                |name| of_tenant(&membership).find_map(|item| number_of::<u64>(item, name));
            leavings.push(Leaving {
                tenant: decode::<TenantItem>(head.clone())?.try_into()?,
                is_last_owner: membership.role.is_owner() && counted(OWNERS).unwrap_or(0) <= 1,
                membership,
            });
        }
        Ok(leavings)
    }

    /// Ends an account: nothing of it lets anybody in any more, its address is free, and what it belonged to goes on
    /// without it. What does not fit into the transaction, for somebody with very many tenants, is left right before it,
    /// each by itself. Must not be called while a tenant [needs](Leaving::needs_them) the person, nor while a change of their
    /// address [can be taken back](StoredUser::way_back_until).
    pub async fn depart(&self, departure: &Departure<'_>) -> Result<Departed> {
        let user = departure.seen.user.id;
        let mut writes = self.end_of_account(departure)?;
        let act = Act {
            actor: Actor::User(user),
            at: departure.act.at,
        };
        let leavings = departure.leavings.iter();
        let (owned, others): (Vec<&Leaving>, Vec<&Leaving>) = leavings
            .filter(|leaving| leaving.is_left())
            .partition(|leaving| leaving.membership.role.is_owner());
        for leaving in owned.into_iter().chain(others) {
            let tenant = self.table.tenant(&leaving.scope());
            let removal = tenant.removal(&leaving.membership, &act)?;
            if writes.len() + removal.len() <= WRITES_MAX {
                writes.extend(removal);
            } else if tenant.remove_member(&leaving.membership, &[], &act).await?
                != MemberSaved::Done
            {
                return Ok(Departed::Stale);
            }
        }
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => Departed::Done,
            Transacted::Refused(refused) if refused.iter().any(|write| write.index == 0) => {
                Departed::SignedOut
            }
            Transacted::Refused(_) => Departed::Stale,
        })
    }

    /// The writes that end an account itself, of which the first one is that of the sign-in that wants it.
    fn end_of_account(self, departure: &Departure<'_>) -> Result<Vec<Write>> {
        let Departure {
            seen,
            by,
            leavings,
            mail,
            act,
        } = departure;
        let user = &seen.user;
        let as_seen = Condition::All(vec![
            Condition::Equals("ver", number(user.version)),
            Condition::Equals("pwv", number(seen.password.version)),
            Condition::Equals("mail", value(&user.email)?),
            is_not_held(act.at),
            way_back::is_over(act.at),
        ]);
        let is_theirs = Condition::Equals("user", text(user.id));
        let mut writes = vec![
            Write::delete(by.key()).when(Condition::item_exists()),
            Write::delete(Key::user(user.id)).when(as_seen),
            self.mark(user.id, act.at)?.when(Condition::item_absent()),
            Write::delete(Key::mail_guard(&user.email.normalized())).when(is_theirs),
            self.user_event_write(user.id, act)?,
            mail.write(self.table)?,
        ];
        let deleted = leavings
            .iter()
            .filter(|leaving| leaving.tenant.state == TenantState::Deleted && !leaving.is_left());
        writes.extend(deleted.take(DELETED_MAX).map(Leaving::stays_deleted));
        Ok(writes)
    }

    /// The write of the mark, which is in the index until the follow-up is done.
    fn mark(self, user: UserId, at: Timestamp) -> Result<Write> {
        let item = DepartureItem {
            id: user,
            at,
            exp: kept_of_people_until(at),
        };
        let mut attributes = encode(&item)?;
        let shard = shard_of(user.as_uuid(), self.table.settings.shards);
        let due = at.saturating_add(LAST_REQUEST).unwrap_or(at);
        attributes.insert("kind".to_owned(), value(&AttentionKind::Departure)?);
        let partition = text(departure_partition(shard));
        attributes.insert(BY_ATTENTION.partition.to_owned(), partition);
        let sort = text(attention_at(due, user));
        attributes.insert(BY_ATTENTION.sort.to_owned(), sort);
        Ok(Write::put(item.key(), attributes))
    }
}

/// Whether this is the mark of an account that ended.
pub(crate) fn is_departure(attributes: &Attributes) -> bool {
    is::<DepartureItem>(attributes)
}

/// That somebody's account did not end: part of each transaction by which they come to belong to a tenant.
pub(crate) fn has_not_departed(user: UserId) -> Write {
    Write::check(Key::departure(user), Condition::item_absent())
}
