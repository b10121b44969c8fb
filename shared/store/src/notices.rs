//! Mails that are owed: each is an item that wants attention until it is sent.

use domain::delivery::{DeliveryKey, Transition};
use domain::event::{Actor, EventKind, Subject};
use domain::notice::{Notice, NoticeCause, OWNERS_TOLD_MAX};
use domain::user::User;
use domain::{Error, NoticeId, PostId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::attribute::{instant, millis, number, text, text_of};
use crate::condition::{Action, Condition, Write};
use crate::deliveries::{Step, delivery_of, transition_write};
use crate::events::Act;
use crate::item::{Item, decode, encode};
use crate::key::{Key, hash};
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::shard::{AttentionKind, attention_at, attention_shard};
use crate::table::Written;
use crate::transaction::Transacted;

/// Time for the sender that is at work right now, before somebody else sends the mail.
const HEAD_START: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Serialize, Deserialize)]
struct NoticeItem {
    id: NoticeId,
    #[serde(default)]
    ten: Option<TenantId>,
    user: UserId,
    cause: NoticeCause,
    #[serde(with = "millis")]
    since: Timestamp,
    #[serde(with = "millis")]
    at: Timestamp,
    #[serde(default)]
    tries: u32,
    /// Whether the person whom it concerns is gone.
    #[serde(default, rename = "dep")]
    is_for_departed: bool,
    kind: AttentionKind,
    /// The shard of the index, which only the table's settings tell.
    #[serde(skip_deserializing, rename = "att_shard")]
    shard: String,
}

impl Item for NoticeItem {
    const TYPE: &'static str = "notice";

    fn key(&self) -> Key {
        Key::notice(self.id)
    }

    fn index_keys(&self) -> Vec<(&'static str, String)> {
        vec![("att_at", attention_at(self.at, self.id))]
    }
}

impl From<NoticeItem> for Notice {
    fn from(item: NoticeItem) -> Self {
        let NoticeItem {
            id,
            ten,
            user,
            cause,
            since,
            at: _,
            tries,
            is_for_departed,
            kind: _,
            shard: _,
        } = item;
        Self {
            id,
            tenant: ten,
            user,
            cause,
            owed_since: since,
            tries,
            is_for_departed,
        }
    }
}

/// The mail that this cause owes to a person.
pub fn notice(
    tenant: Option<TenantId>,
    user: UserId,
    cause: NoticeCause,
    now: Timestamp,
) -> Result<Notice> {
    let identity = serde_json::to_string(&(user, &cause))
        .map_err(|error| Error::internal("a notice's cause cannot be written", error))?;
    let id = Uuid::from_u128(
        u128::from_str_radix(hash(&[&identity]).get(..32).unwrap_or("0"), 16).unwrap_or(0),
    );
    Ok(Notice {
        id: NoticeId::from_uuid(id),
        tenant,
        user,
        cause,
        owed_since: now,
        tries: 0,
        is_for_departed: false,
    })
}

/// The write that makes a mail owed; part of the transaction of the act that is its cause.
pub(crate) fn notice_write(shards: u32, notice: &Notice) -> Result<Write> {
    let Notice {
        id,
        tenant,
        user,
        cause,
        owed_since,
        tries,
        is_for_departed,
    } = notice.clone();
    let at = owed_since.saturating_add(HEAD_START).unwrap_or(owed_since);
    let item = NoticeItem {
        id,
        ten: tenant,
        user,
        cause,
        since: owed_since,
        at,
        tries,
        is_for_departed,
        kind: AttentionKind::Notice,
        shard: attention_shard(id.as_uuid(), shards),
    };
    Ok(Write::put(item.key(), encode(&item)?))
}

/// What a timeline calls the cause of a mail about a target.
fn event_kind(cause: &NoticeCause) -> Option<EventKind> {
    match cause {
        NoticeCause::Failed { .. } => Some(EventKind::TargetFailed),
        NoticeCause::Missed { .. } => Some(EventKind::TargetMissed),
        NoticeCause::Held { .. } => Some(EventKind::TargetHeld),
        NoticeCause::OutcomeUnknown { .. } => Some(EventKind::TargetOutcomeUnknown),
        NoticeCause::ReconnectNeeded { .. }
        | NoticeCause::ExportReady { .. }
        | NoticeCause::OwnKeyRefused { .. }
        | NoticeCause::AllowedAddressesChanged { .. } => None,
    }
}

impl TenantTable<'_> {
    /// The mails that a cause owes to the tenant's owners.
    pub async fn notices_to_owners(
        &self,
        cause: &NoticeCause,
        now: Timestamp,
    ) -> Result<Vec<Notice>> {
        let tenant = self.scope.tenant();
        let owners = self.owners(OWNERS_TOLD_MAX).await?.into_iter();
        owners
            .map(|owner| notice(Some(tenant), owner, cause.clone(), now))
            .collect()
    }

    /// Who wrote a post, and so hears about it.
    pub async fn post_author(&self, post: PostId) -> Result<Option<UserId>> {
        let head = self
            .table
            .get_attributes(&Key::post(&self.scope, post))
            .await?;
        let author = head.as_ref().and_then(|head| text_of(head, "by"));
        author
            .map(|author| {
                author
                    .parse()
                    .map_err(|error| Error::corrupt("post", error))
            })
            .transpose()
    }
}

impl SystemTable<'_> {
    /// Makes a transition happen, remembers it in the post's timeline and makes a mail owed because of it: all or
    /// nothing.
    pub async fn step_owing(
        &self,
        key: &DeliveryKey,
        transition: &Transition,
        notice: &Notice,
    ) -> Result<Step> {
        let scope = TenantScope::of_own_item(key.tenant);
        let shards = self.table.settings.shards;
        let mut writes = vec![
            transition_write(&scope, shards, key, transition)?,
            notice_write(shards, notice)?,
        ];
        if let Some(kind) = event_kind(&notice.cause) {
            let act = Act {
                actor: Actor::system("publishing"),
                at: notice.owed_since,
            };
            let subject = Subject::Delivery(key.post, key.delivery);
            let detail = transition.fault().map_or(
                Value::Null,
                |fault| json!({ "code": fault.code, "message": fault.message }),
            );
            let tenant = self.table.tenant(&scope);
            writes.push(tenant.event_write(&act, kind, subject, detail)?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(self
                .delivery(key)
                .await?
                .map_or(Step::Absent, |delivery| Step::Done(Box::new(delivery)))),
            Transacted::Refused(refused) => match refused.into_iter().find_map(|write| write.old) {
                Some(old) => Ok(Step::Refused(Box::new(delivery_of(old)?))),
                None => Ok(Step::Absent),
            },
        }
    }

    /// Makes a mail owed.
    pub async fn owe(&self, notice: &Notice) -> Result<()> {
        self.table
            .write(notice_write(self.table.settings.shards, notice)?)
            .await?;
        Ok(())
    }

    /// Who gets a mail; nobody where their account has ended, or where they are no member of the tenant in which somebody
    /// has to do something.
    pub async fn notice_recipient(&self, notice: &Notice) -> Result<Option<User>> {
        if let Some(tenant) = notice.tenant.filter(|_| notice.cause.needs_somebody()) {
            let scope = TenantScope::of_own_item(tenant);
            let members = self.table.tenant(&scope);
            if members.membership(notice.user).await?.is_none() {
                return Ok(None);
            }
        }
        self.user(notice.user).await
    }

    /// Owes a mail to the tenant's owners in place of a person who is gone, in one transaction: whoever dies or comes
    /// twice, each owner is owed one. Answers the mails that are owed by this call. A mail that was handed over already, or
    /// that asks for nothing, is settled: the other owners have their own, or need none.
    pub async fn hand_to_owners(
        &self,
        tenant: TenantId,
        notice: &Notice,
        now: Timestamp,
    ) -> Result<Vec<Notice>> {
        if notice.is_for_departed || !notice.cause.needs_somebody() {
            self.settle_notice(notice.id).await?;
            return Ok(Vec::new());
        }
        let scope = TenantScope::of_own_item(tenant);
        let owners = self.table.tenant(&scope);
        let mut handed = owners.notices_to_owners(&notice.cause, now).await?;
        let shards = self.table.settings.shards;
        let is_owed = Condition::item_exists();
        let mut writes = vec![Write::delete(Key::notice(notice.id)).when(is_owed)];
        for to_owner in &mut handed {
            to_owner.is_for_departed = true;
            writes.push(notice_write(shards, to_owner)?);
        }
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => handed,
            // Somebody else has handed it over.
            Transacted::Refused(_) => Vec::new(),
        })
    }

    /// A mail that is still owed.
    pub async fn owed_notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        Ok(self
            .table
            .get::<NoticeItem>(&Key::notice(id))
            .await?
            .map(Notice::from))
    }

    /// A mail was sent, or nobody is left to get it.
    pub async fn settle_notice(&self, id: NoticeId) -> Result<()> {
        self.table.write(Write::delete(Key::notice(id))).await?;
        Ok(())
    }

    /// A mail could not be sent: try again at `at`. Answers the notice, unless it was settled meanwhile.
    pub async fn postpone_notice(&self, id: NoticeId, at: Timestamp) -> Result<Option<Notice>> {
        let actions = vec![
            Action::Set("at", instant(at)),
            Action::Set("att_at", text(attention_at(at, id))),
            Action::Add("tries", number(1)),
        ];
        let write = Write::update(Key::notice(id), actions).when(Condition::item_exists());
        match self.table.write(write).await? {
            Written::Applied(attributes) => Ok(Some(decode::<NoticeItem>(attributes)?.into())),
            Written::Refused(_) => Ok(None),
        }
    }
}
