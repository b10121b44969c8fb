//! Resets of second factors that people lost. Every tenant of a person approves for itself; what it approved is an item of
//! its own, and the person's link does nothing before all of them have.

use domain::event::{EventKind, Subject};
use domain::membership::FactorReset;
use domain::{Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attribute::{instant, millis, number_of, text_of};
use crate::condition::{Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode, is};
use crate::key::{Counter, Key, tenant_partition};
use crate::members::OWNERS;
use crate::memberships::Belonging;
use crate::one_time_tokens::{NewToken, Token, gone};
use crate::owed_mails::OwedMail;
use crate::rate_limits;
use crate::schema::PK;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::standing::Standing;
use crate::transaction::{RefusedWrite, Transacted};
use crate::user_events::UserAct;
use crate::users::{self, StoredUser};

/// A tenant's approval of a reset, with what goes with it.
#[derive(Debug)]
pub struct FactorApproval<'a> {
    /// The approval.
    pub reset: &'a FactorReset,
    /// What the person's link carries.
    pub token: &'a NewToken,
    /// The mails to the person and to others who may stop it.
    pub mails: &'a [&'a OwedMail],
    /// The rights that the decision rests on.
    pub held: &'a [&'a Standing],
}

/// The use of a reset by the person.
#[derive(Debug)]
pub struct FactorsReset<'a> {
    /// What the link carries.
    pub token: &'a Token,
    /// The person, as they were when the approvals were looked at.
    pub seen: &'a StoredUser,
    /// The approvals, as they were then.
    pub approvals: &'a [FactorReset],
    /// The mail that tells them.
    pub mail: &'a OwedMail,
    /// What is remembered of it.
    pub act: UserAct,
}

/// A person's wish to start over, told to those who can approve it.
#[derive(Debug)]
pub struct FactorResetWish<'a> {
    /// Who lost their second factors.
    pub user: UserId,
    /// The mails to the person and to whoever can approve it.
    pub mails: &'a [&'a OwedMail],
    /// For how long another wish of theirs tells nobody.
    pub pause: SignedDuration,
    /// What is remembered of it.
    pub act: UserAct,
}

/// Whether a person's second factors can be reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetVerdict {
    /// Every tenant has approved by these, and the time to object is over.
    Usable(Vec<FactorReset>),
    /// Every tenant has approved; from then on it can be used.
    TooEarly(Timestamp),
    /// A tenant has not approved, or has taken it back.
    NotApproved,
}

#[derive(Debug, Serialize, Deserialize)]
struct FactorResetItem {
    ten: TenantId,
    user: UserId,
    by: UserId,
    #[serde(with = "millis")]
    at: Timestamp,
    exp: i64,
}

impl Item for FactorResetItem {
    const TYPE: &'static str = "factor_reset";

    fn key(&self) -> Key {
        Key::factor_reset(self.ten, self.user)
    }
}

impl From<FactorResetItem> for FactorReset {
    fn from(item: FactorResetItem) -> Self {
        Self {
            tenant: item.ten,
            user: item.user,
            approved_by: item.by,
            approved_at: item.at,
        }
    }
}

impl TenantTable<'_> {
    /// What the tenant approved for a member last, whether or not it still counts.
    pub async fn factor_reset(&self, user: UserId) -> Result<Option<FactorReset>> {
        let key = Key::factor_reset(self.scope.tenant(), user);
        let found: Option<FactorResetItem> = self.table.get(&key).await?;
        Ok(found.map(FactorReset::from))
    }

    /// Approves a reset. Whether the rights that it rests on still are what they were.
    pub async fn approve_factor_reset(
        &self,
        approval: &FactorApproval<'_>,
        act: &Act,
    ) -> Result<bool> {
        let FactorApproval {
            reset,
            token,
            mails,
            held,
        } = approval;
        let item = FactorResetItem {
            ten: reset.tenant,
            user: reset.user,
            by: reset.approved_by,
            at: reset.approved_at,
            exp: reset.usable_until().as_second(),
        };
        let detail = json!({
            "usable_from": reset.usable_from(),
            "usable_until": reset.usable_until(),
        });
        let subject = Subject::Member(reset.user);
        let kind = EventKind::MemberFactorResetApproved;
        let mut writes = vec![
            Write::put(item.key(), encode(&item)?),
            token.write()?,
            self.event_write(act, kind, subject, detail)?,
        ];
        for mail in *mails {
            writes.push(mail.write(self.table)?);
        }
        for standing in *held {
            standing.hold(&mut writes);
        }
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Takes an approval back, as it was read. Whether it was still that one.
    pub async fn withdraw_factor_reset(&self, seen: &FactorReset, act: &Act) -> Result<bool> {
        let key = Key::factor_reset(seen.tenant, seen.user);
        let as_seen = Condition::Equals("at", instant(seen.approved_at));
        let subject = Subject::Member(seen.user);
        let kind = EventKind::MemberFactorResetWithdrawn;
        let writes = vec![
            Write::delete(key).when(as_seen),
            self.event_write(act, kind, subject, Value::Null)?,
        ];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }
}

/// A tenant of a person, as far as it decides about their second factors.
struct Judge {
    belonging: Belonging,
    /// What it approved last, whether or not that still counts.
    approval: Option<FactorReset>,
    /// Whether nobody but the person owns it: nobody else there could decide it.
    is_theirs: bool,
}

impl SystemTable<'_> {
    /// The tenants that can let a person start over: all that they may enter but those that they alone own.
    pub async fn approving_tenants(&self, user: UserId) -> Result<Vec<Belonging>> {
        let judges = self.judges(user).await?.into_iter();
        Ok(judges
            .filter(|judge| !judge.is_theirs)
            .map(|judge| judge.belonging)
            .collect())
    }

    /// Whether all tenants of a person let them start over, but those that they alone own. At least one must have.
    pub async fn factor_reset_verdict(
        &self,
        person: &StoredUser,
        now: Timestamp,
    ) -> Result<ResetVerdict> {
        let mut judges = self.judges(person.user.id).await?;
        for judge in &mut judges {
            let is_open = |approval: &FactorReset| approval.is_open(person.factors_settled_at, now);
            judge.approval = judge.approval.take().filter(is_open);
        }
        let is_settled = judges
            .iter()
            .all(|judge| judge.is_theirs || judge.approval.is_some());
        let approvals: Vec<FactorReset> = judges
            .into_iter()
            .filter_map(|judge| judge.approval)
            .collect();
        let usable_from = approvals.iter().map(FactorReset::usable_from).max();
        Ok(match usable_from.filter(|_| is_settled) {
            Some(from) if from <= now => ResetVerdict::Usable(approvals),
            Some(from) => ResetVerdict::TooEarly(from),
            None => ResetVerdict::NotApproved,
        })
    }

    async fn judges(&self, user: UserId) -> Result<Vec<Judge>> {
        let belongings = self.memberships(user).await?;
        let keys: Vec<Key> = belongings
            .iter()
            .flat_map(|belonging| {
                let scope = TenantScope::of_own_item(belonging.tenant.id);
                let counter = Key::usage(&scope, Counter::Members);
                [Key::factor_reset(belonging.tenant.id, user), counter]
            })
            .collect();
        let mut approvals: Vec<FactorReset> = Vec::new();
        let mut alone: Vec<String> = Vec::new();
        for attributes in self.table.batch_get(&keys).await? {
            if is::<FactorResetItem>(&attributes) {
                approvals.push(decode::<FactorResetItem>(attributes)?.into());
            } else if number_of::<u64>(&attributes, OWNERS) == Some(1) {
                alone.extend(text_of(&attributes, PK).map(str::to_owned));
            }
        }
        let judge = |belonging: Belonging| {
            let tenant = belonging.tenant.id;
            let has_one_owner = alone.contains(&tenant_partition(tenant));
            let found = approvals.iter().find(|approval| approval.tenant == tenant);
            Judge {
                approval: found.cloned(),
                is_theirs: belonging.role.is_owner() && has_one_owner,
                belonging,
            }
        };
        Ok(belongings.into_iter().map(judge).collect())
    }

    /// Remembers that a person asks to start over, with the mails that tell of it. Whether they are told: not where the
    /// person asked within the pause before.
    pub async fn ask_for_factor_reset(&self, wish: &FactorResetWish<'_>) -> Result<bool> {
        let (user, now) = (wish.user, wish.act.at);
        let mut writes = vec![
            rate_limits::once("factor_reset_wish", &user.to_string(), wish.pause, now),
            self.user_event_write(user, &wish.act)?,
        ];
        for mail in wish.mails {
            writes.push(mail.write(self.table)?);
        }
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Removes all second factors and recovery codes of a person and ends all their sign-ins, by a token, once; fails as
    /// [`Self::token`] does. A factor that changed meanwhile, or a reset that was stopped, makes it [`domain::Error::Gone`].
    /// Whether the approvals still were what they were.
    pub async fn reset_second_factors(&self, reset: FactorsReset<'_>) -> Result<bool> {
        let FactorsReset {
            token,
            seen,
            approvals,
            mail,
            act,
        } = reset;
        let user = token.user;
        let actions = vec![users::set_factors(0), users::settle_factors(act.at)];
        let as_seen = Condition::All(vec![
            users::is_as_then(token)?,
            users::factors_as_seen(seen),
        ]);
        let mut writes = vec![
            token.used_at(act.at),
            Write::update(Key::user(user), actions).when(as_seen),
        ];
        let first_approval = writes.len();
        writes.extend(approvals.iter().map(unchanged));
        let is_of_approval = |refused: &RefusedWrite| {
            (first_approval..first_approval + approvals.len()).contains(&refused.index)
        };
        writes.extend([mail.write(self.table)?, self.user_event_write(user, &act)?]);
        writes.extend(self.without_second_factors(user).await?);
        let free = 100_usize.saturating_sub(writes.len());
        let ends = self.ends_of_others(user, None).await?;
        writes.extend(ends.into_iter().take(free));
        match self.table.transact(writes).await? {
            Transacted::Done => {
                self.sweep_other_sign_ins(user, None).await?;
                Ok(true)
            }
            Transacted::Refused(refused) if refused.iter().all(is_of_approval) => Ok(false),
            Transacted::Refused(refused) => Err(gone(&refused)),
        }
    }

    /// The writes that remove all second factors and recovery codes of a person, and a seed that is only offered.
    pub(crate) async fn without_second_factors(&self, user: UserId) -> Result<Vec<Write>> {
        let mut keys = self.second_factor_keys(user).await?;
        if !keys.contains(&Key::authenticator(user)) {
            // One may be offered until the writes happen.
            keys.push(Key::authenticator(user));
        }
        Ok(keys.into_iter().map(Write::delete).collect())
    }

    /// The keys of all that a person has beside their password, a seed that is only offered among them.
    pub(crate) async fn second_factor_keys(&self, user: UserId) -> Result<Vec<Key>> {
        let passkeys = self.passkeys(user).await?.into_iter();
        let mut keys: Vec<Key> = passkeys
            .map(|passkey| Key::passkey(user, passkey.id))
            .collect();
        let app = self.authenticator(user).await?;
        keys.extend(app.map(|_| Key::authenticator(user)));
        keys.extend(self.recovery_codes(user).await?);
        Ok(keys)
    }

    /// Makes all resets void that tenants have approved for the person of a token, once; fails as [`Self::token`] does.
    pub async fn stop_factor_resets(&self, token: &Token, act: &UserAct) -> Result<()> {
        let user = token.user;
        let settled = vec![users::settle_factors(act.at)];
        let writes = vec![
            token.used_at(act.at),
            Write::update(Key::user(user), settled).when(Condition::item_exists()),
            self.user_event_write(user, act)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(refused) => Err(gone(&refused)),
        }
    }
}

/// That an approval was not taken back since it was read.
fn unchanged(seen: &FactorReset) -> Write {
    let as_seen = Condition::Equals("at", instant(seen.approved_at));
    Write::check(Key::factor_reset(seen.tenant, seen.user), as_seen)
}
