//! Mails that are written in the transaction of an act and removed once they are sent: whoever dies in between leaves
//! them to the sweeper.

use domain::{NoticeId, Result, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::{base64_bytes, millis, text};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, encode};
use crate::key::Key;
use crate::schema::BY_ATTENTION;
use crate::scope::SystemTable;
use crate::shard::{AttentionKind, attention_at, attention_shard};
use crate::table::{Table, Written};
use crate::transaction::Transacted;
use crate::user_events::UserAct;

/// What the sender of the act has before the sweeper takes over: more than it needs for one try.
const OWN_TRY: SignedDuration = SignedDuration::from_secs(60);

/// A mail that is owed. It is sealed, since it can hold links that sign somebody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedMail {
    /// Its id.
    pub id: NoticeId,
    /// The sealed mail.
    pub sealed: Vec<u8>,
    /// Since when it is owed.
    pub since: Timestamp,
    /// From when it is of no use.
    pub useless_from: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct OwedMailItem {
    id: NoticeId,
    kind: AttentionKind,
    #[serde(with = "base64_bytes")]
    mail: Vec<u8>,
    #[serde(with = "millis")]
    ca: Timestamp,
    #[serde(with = "millis")]
    until: Timestamp,
    att_shard: String,
    att_at: String,
}

impl Item for OwedMailItem {
    const TYPE: &'static str = "owed_mail";

    fn key(&self) -> Key {
        Key::owed_mail(self.id)
    }
}

impl OwedMail {
    pub(crate) fn write(&self, table: &Table) -> Result<Write> {
        let item = OwedMailItem {
            id: self.id,
            kind: AttentionKind::Mail,
            mail: self.sealed.clone(),
            ca: self.since,
            until: self.useless_from,
            att_shard: attention_shard(self.id.as_uuid(), table.settings.shards),
            att_at: attention_at(
                self.since.saturating_add(OWN_TRY).unwrap_or(self.since),
                self.id,
            ),
        };
        Ok(Write::put(item.key(), encode(&item)?).when(Condition::item_absent()))
    }
}

impl SystemTable<'_> {
    /// Stores a mail that belongs to no other write.
    pub async fn owe_mail(&self, mail: &OwedMail) -> Result<()> {
        // Refused only where the mail is there already.
        match self.table.write(mail.write(self.table)?).await? {
            Written::Applied(_) | Written::Refused(_) => Ok(()),
        }
    }

    /// Stores a mail that tells a person what happened to their account, with the event of it.
    pub async fn owe_mail_of(&self, user: UserId, mail: &OwedMail, act: &UserAct) -> Result<()> {
        let writes = vec![mail.write(self.table)?, self.user_event_write(user, act)?];
        match self.table.transact(writes).await? {
            // Refused only where the mail is there already.
            Transacted::Done | Transacted::Refused(_) => Ok(()),
        }
    }

    /// Owes nothing, by a transaction that costs as much as [`Self::owe_mail_of`]: whoever waits for an answer does not
    /// learn by it whether anybody is told. `nobody` is the id of no person.
    pub async fn owe_nobody(&self, nobody: UserId, mail: &OwedMail) -> Result<()> {
        let is_absent = |key| Write::check(key, Condition::item_absent());
        let checks = vec![
            is_absent(Key::owed_mail(mail.id)),
            is_absent(Key::user(nobody)),
        ];
        match self.table.transact(checks).await? {
            Transacted::Done | Transacted::Refused(_) => Ok(()),
        }
    }

    /// A mail that is still owed.
    pub async fn owed_mail(&self, mail: NoticeId) -> Result<Option<OwedMail>> {
        let item: Option<OwedMailItem> = self.table.get(&Key::owed_mail(mail)).await?;
        Ok(item.map(|item| OwedMail {
            id: item.id,
            sealed: item.mail,
            since: item.ca,
            useless_from: item.until,
        }))
    }

    /// A mail was sent, or is of no use any more.
    pub async fn settle_mail(&self, mail: NoticeId) -> Result<()> {
        self.table
            .write(Write::delete(Key::owed_mail(mail)))
            .await?;
        Ok(())
    }

    /// A mail could not be sent: look at it again at `at`.
    pub async fn postpone_mail(&self, mail: NoticeId, at: Timestamp) -> Result<()> {
        let actions = vec![Action::Set(BY_ATTENTION.sort, text(attention_at(at, mail)))];
        let write = Write::update(Key::owed_mail(mail), actions).when(Condition::item_exists());
        match self.table.write(write).await? {
            // Refused where somebody else sent it meanwhile.
            Written::Applied(_) | Written::Refused(_) => Ok(()),
        }
    }
}
