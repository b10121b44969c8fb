//! Mails that can hold links which sign somebody in: sealed for as long as they are owed.

use std::sync::Arc;

use cloud::envelope::{Binding, Envelope, Purpose, Sealed};
use cloud::mail::{Mail, Mailer};
use domain::tenant::ROOT_TENANT;
use domain::{Clock, Error, NoticeId, Result};
use jiff::{SignedDuration, Timestamp};
use store::{OwedMail, Table};

use crate::inline::send_inline;

/// Pause after a mail could not be sent: its links live for an hour.
const PAUSE: SignedDuration = SignedDuration::from_mins(2);

/// Sends mails and keeps those that are owed.
#[derive(Clone, Debug)]
pub struct Outbox {
    /// The table.
    pub table: Table,
    /// Seals mails.
    pub envelope: Arc<Envelope>,
    /// Sends mails.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Outbox {
    /// The mail as the act's transaction stores it; of no use after `useless_from`.
    pub async fn owe(&self, mail: &Mail, useless_from: Timestamp) -> Result<OwedMail> {
        let id = NoticeId::generate(self.table.ids());
        let text = serde_json::to_vec(mail)
            .map_err(|error| Error::internal("a mail cannot be written", error))?;
        let sealed = self.envelope.seal(&binding(id), &text).await?;
        Ok(OwedMail {
            id,
            sealed: sealed.as_bytes().to_vec(),
            since: self.clock.now(),
            useless_from,
        })
    }

    /// Sends a mail right after the act that owes it; a failure is logged and left to whoever reconciles.
    pub async fn send_inline(&self, owed: NoticeId, mail: &Mail) {
        let sending = async {
            self.mailer.send(mail).await?;
            self.table.system().settle_mail(owed).await
        };
        send_inline(owed, sending).await;
    }

    /// Sends a mail that is still owed, or postpones it.
    pub async fn send_owed(&self, id: NoticeId) -> Result<()> {
        let system = self.table.system();
        let Some(owed) = system.owed_mail(id).await? else {
            return Ok(());
        };
        let now = self.clock.now();
        if now >= owed.useless_from {
            tracing::error!(mail.id = %id, "a mail could not be sent in time and is given up");
            return system.settle_mail(id).await;
        }
        let opened = self
            .envelope
            .open(&binding(id), &Sealed::from_bytes(owed.sealed))
            .await?;
        let mail: Mail =
            serde_json::from_slice(&opened).map_err(|error| Error::corrupt("mail", error))?;
        match self.mailer.send(&mail).await {
            Ok(()) => system.settle_mail(id).await,
            Err(error) => {
                tracing::warn!(mail.id = %id, error = &error as &dyn std::error::Error, "a mail is postponed");
                system
                    .postpone_mail(id, now.saturating_add(PAUSE).unwrap_or(now))
                    .await
            }
        }
    }
}

fn binding(id: NoticeId) -> Binding {
    Binding::new(ROOT_TENANT, id, Purpose::OwedMail, 1)
}
