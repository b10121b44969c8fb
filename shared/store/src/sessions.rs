//! Sessions of browsers. Only the hash of a session's secret is stored.

use domain::support::SupportBinding;
use domain::user::Origin;
use domain::{Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::{instant, millis, number, optional_millis, seconds};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, encode};
use crate::key::{Key, SecretHash};
use crate::scope::SystemTable;
use crate::sign_ins::SignIn;
use crate::support::BindingAttribute;
use crate::transaction::Transacted;
use crate::user_events::UserAct;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of its secret: its name within the user.
    pub secret: SecretHash,
    /// Whose it is.
    pub user: UserId,
    /// Where it acts.
    pub tenant: Option<TenantId>,
    /// When the person signed in.
    pub started_at: Timestamp,
    /// When the person last proved who they are.
    pub proved_at: Timestamp,
    /// When it was last used, to within the time between two notes of it.
    pub last_seen_at: Timestamp,
    /// The longest time without use since the last proof, as far as it was noted.
    pub longest_idle: SignedDuration,
    /// When it ends whatever happens.
    pub ends_at: Timestamp,
    /// From where the person signed in.
    pub origin: Origin,
    /// What binds it to the tenant, where the person is no member there but looks into it.
    pub support: Option<SupportBinding>,
    /// The hash of the secret that it began with, by which the sign-in is known until its end; `None` in sessions of the
    /// version before.
    pub began_with: Option<SecretHash>,
}

impl Session {
    /// What it is called in lists. Says nothing about its secret.
    pub fn name(&self) -> String {
        format!("ses_{}", self.secret.beginning())
    }

    /// The longest time without use since the last proof, until now.
    pub fn idle_by(&self, now: Timestamp) -> SignedDuration {
        self.longest_idle.max(now.duration_since(self.last_seen_at))
    }

    pub(crate) fn key(&self) -> Key {
        Key::session(self.user, &self.secret)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionItem {
    secret: SecretHash,
    user: UserId,
    #[serde(default)]
    ten: Option<TenantId>,
    #[serde(with = "millis")]
    ca: Timestamp,
    /// Absent in sessions of the version before: then it is when they signed in.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    proved: Option<Timestamp>,
    #[serde(with = "millis")]
    seen: Timestamp,
    /// Absent where nobody was away for long since the last proof.
    #[serde(
        default,
        with = "seconds",
        skip_serializing_if = "SignedDuration::is_zero"
    )]
    gap: SignedDuration,
    #[serde(with = "millis")]
    until: Timestamp,
    #[serde(default)]
    origin: Origin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sup: Option<BindingAttribute>,
    /// The hash of its first secret; absent in sessions of the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<SecretHash>,
    exp: i64,
}

impl Item for SessionItem {
    const TYPE: &'static str = "session";

    fn key(&self) -> Key {
        Key::session(self.user, &self.secret)
    }
}

impl From<SessionItem> for Session {
    fn from(item: SessionItem) -> Self {
        Self {
            secret: item.secret,
            user: item.user,
            tenant: item.ten,
            started_at: item.ca,
            proved_at: item.proved.unwrap_or(item.ca),
            last_seen_at: item.seen,
            longest_idle: item.gap,
            ends_at: item.until,
            origin: item.origin,
            support: item.sup.map(SupportBinding::from),
            began_with: item.first,
        }
    }
}

impl SystemTable<'_> {
    /// Stores a new session. Whether it could start.
    pub async fn start_session(&self, session: &Session, sign_in: &SignIn<'_>) -> Result<bool> {
        let writes = self.starts(session.user, put(session)?, sign_in)?;
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// The same for a browser that was signed in until then, as whoever it was: `before` ends in the same transaction.
    /// It may have ended meanwhile.
    pub async fn start_session_over(
        &self,
        before: &Session,
        end: &UserAct,
        session: &Session,
        sign_in: &SignIn<'_>,
    ) -> Result<bool> {
        let mut writes = self.starts(session.user, put(session)?, sign_in)?;
        let ended = writes.len();
        writes.extend(self.end_of_session(before, end)?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == ended) => {
                self.start_session(session, sign_in).await
            }
            Transacted::Refused(_) => Ok(false),
        }
    }

    /// Puts a new session in the place of an old one, which is dead from then on. Whether the old one was still alive.
    pub async fn replace_session(&self, old: &Session, new: &Session) -> Result<bool> {
        let transacted = self.table.transact(replace(old, new)?.into()).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// The same by an act of its person: another proof of who they are, or the way into another tenant.
    pub async fn replace_session_by(
        &self,
        old: &Session,
        new: &Session,
        act: &UserAct,
    ) -> Result<bool> {
        let mut writes = Vec::from(replace(old, new)?);
        writes.push(self.user_event_write(new.user, act)?);
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Notes that a session is in use. Does nothing to one that ended.
    pub async fn note_session_use(&self, session: &Session, now: Timestamp) -> Result<()> {
        let mut actions = vec![Action::Set("seen", instant(now))];
        let idle = session.idle_by(now);
        if idle > session.longest_idle {
            actions.push(Action::Set("gap", number(idle.as_secs())));
        }
        let write = Write::update(session.key(), actions);
        self.table
            .write(write.when(Condition::item_exists()))
            .await?;
        Ok(())
    }
}

/// The writes that put a new session in the place of an old one.
pub(crate) fn replace(old: &Session, new: &Session) -> Result<[Write; 2]> {
    let old = Write::delete(old.key()).when(Condition::item_exists());
    Ok([old, put(new)?])
}

fn put(session: &Session) -> Result<Write> {
    let item = SessionItem {
        secret: session.secret.clone(),
        user: session.user,
        ten: session.tenant,
        ca: session.started_at,
        proved: Some(session.proved_at),
        seen: session.last_seen_at,
        gap: session.longest_idle,
        until: session.ends_at,
        origin: session.origin.clone(),
        sup: session.support.as_ref().map(BindingAttribute::from),
        first: session.began_with.clone(),
        exp: session.ends_at.as_second(),
    };
    Ok(Write::put(item.key(), encode(&item)?))
}
