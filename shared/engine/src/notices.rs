//! Writes to people: one mail per cause, owed in the transaction of the cause, sent right after it, and by whoever
//! reconciles when that failed.

mod catalogue;

use std::sync::Arc;

use cloud::mail::Mailer;
use domain::delivery::decisions::Decision;
use domain::delivery::{Delivery, DeliveryKey, Transition};
use domain::notice::{Notice, NoticeCause};
use domain::tenant::Tenant;
use domain::user::User;
use domain::{AccountId, Clock, NoticeId, Result, TenantId};
use jiff::{SignedDuration, Timestamp};
use store::{Act, Step, Table, TenantScope};

use crate::inline::send_inline;

/// First pause after a mail could not be sent; each further one is twice as long.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(2);
/// After this many tries, half a day, nobody can be reached.
const TRIES_MAX: u32 = 9;

/// Writes to people.
#[derive(Clone, Debug)]
pub struct Notifier {
    /// The table.
    pub table: Table,
    /// Sends mails.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where the dashboard is, without a slash at the end: mails link to it.
    pub dashboard: String,
}

impl Notifier {
    /// Makes a decision happen, together with the mail that it owes.
    pub async fn decide(&self, key: &DeliveryKey, decision: Decision) -> Result<Step> {
        let Decision { transition, owes } = decision;
        match owes {
            Some(cause) => self.step_and_notify(key, &transition, cause).await,
            None => self.table.system().step(key, &transition).await,
        }
    }

    /// Makes a transition happen and writes to the author of the post because of it. The mail is owed in the same
    /// transaction; when it cannot be sent now, it is sent later.
    async fn step_and_notify(
        &self,
        key: &DeliveryKey,
        transition: &Transition,
        cause: impl FnOnce(&Delivery) -> NoticeCause,
    ) -> Result<Step> {
        let system = self.table.system();
        let Some(delivery) = system.delivery(key).await? else {
            return Ok(Step::Absent);
        };
        let scope = TenantScope::of_delivery(&delivery);
        let Some(author) = self.table.tenant(&scope).post_author(key.post).await? else {
            return Ok(Step::Absent);
        };
        let notice =
            store::notices::notice(Some(key.tenant), author, cause(&delivery), self.clock.now())?;
        let step = system.step_owing(key, transition, &notice).await?;
        if matches!(step, Step::Done(_)) {
            self.send_inline(&notice).await;
        }
        Ok(step)
    }

    /// The network refused the credential of this version: the account must be connected again, and its owner is told so
    /// once. Answers whether this call found that out.
    pub async fn reconnect_needed(
        &self,
        scope: &TenantScope,
        account: AccountId,
        credential_version: u32,
        act: &Act,
    ) -> Result<bool> {
        let accounts = self.table.tenant(scope);
        let Some(notice) = accounts
            .mark_reconnect_needed(account, credential_version, act)
            .await?
        else {
            return Ok(false);
        };
        self.send_inline(&notice).await;
        Ok(true)
    }

    /// A tenant's own key was refused: its owners are told once in a day. Never in the way of whoever found it out: what
    /// fails here is done by the next who does.
    pub async fn own_key_refused(&self, tenant: TenantId) {
        let system = self.table.system();
        match system.own_key_refused(tenant, self.clock.now()).await {
            Ok(notices) => {
                for notice in &notices {
                    self.send_inline(notice).await;
                }
            }
            Err(error) => tracing::warn!(
                tenant.id = %tenant,
                error = &error as &dyn std::error::Error,
                "owners could not be told that their key is refused; the next refusal does"
            ),
        }
    }

    /// Sends a mail that was just made owed; a failure is logged and left to whoever reconciles.
    pub async fn send_inline(&self, notice: &Notice) {
        // Boxed: it is part of the futures of all who publish, which are large without it.
        send_inline(notice.id, Box::pin(self.send(notice))).await;
    }

    /// Sends a mail that is still owed, or postpones it.
    pub async fn send_owed(&self, id: NoticeId) -> Result<()> {
        let Some(notice) = self.table.system().owed_notice(id).await? else {
            return Ok(());
        };
        let Err(error) = self.send(&notice).await else {
            return Ok(());
        };
        if notice.tries >= TRIES_MAX {
            tracing::error!(notice.id = %id, error = &error as &dyn std::error::Error, "a mail is given up");
            return self.table.system().settle_notice(id).await;
        }
        tracing::warn!(notice.id = %id, error = &error as &dyn std::error::Error, "a mail is postponed");
        let pause = FIRST_PAUSE
            .checked_mul(1 << notice.tries.min(8))
            .unwrap_or(FIRST_PAUSE);
        let at = self
            .clock
            .now()
            .saturating_add(pause)
            .unwrap_or(Timestamp::MAX);
        self.table.system().postpone_notice(id, at).await?;
        Ok(())
    }

    async fn send(&self, notice: &Notice) -> Result<()> {
        let system = self.table.system();
        let tenant = match notice.tenant {
            Some(tenant) => system.tenant_head(tenant).await?,
            None => None,
        };
        // Its links would lead nowhere, and there is nothing that a person could do.
        if tenant.as_ref().is_some_and(Tenant::is_deleted) {
            return system.settle_notice(notice.id).await;
        }
        let tenant = tenant.as_ref();
        let recipient = system.notice_recipient(notice).await?;
        let (None, Some(of)) = (&recipient, notice.tenant) else {
            return self.send_to(recipient, notice, tenant).await;
        };
        Box::pin(self.hand_over(of, notice, tenant)).await
    }

    /// Sends a mail of somebody who is gone to the tenant's owners instead.
    async fn hand_over(
        &self,
        of: TenantId,
        notice: &Notice,
        tenant: Option<&Tenant>,
    ) -> Result<()> {
        let system = self.table.system();
        for to_owner in system.hand_to_owners(of, notice, self.clock.now()).await? {
            let sending = async {
                let owner = system.notice_recipient(&to_owner).await?;
                self.send_to(owner, &to_owner, tenant).await
            };
            send_inline(to_owner.id, sending).await;
        }
        Ok(())
    }

    /// Sends a mail to this person, if there is one; either way it is not owed any more.
    async fn send_to(
        &self,
        recipient: Option<User>,
        notice: &Notice,
        tenant: Option<&Tenant>,
    ) -> Result<()> {
        if let Some(user) = recipient {
            let tenant = tenant.map(|tenant| tenant.name.as_str());
            let mail = catalogue::mail(&self.dashboard, &user, tenant, notice);
            self.mailer.send(&mail).await?;
        }
        self.table.system().settle_notice(notice.id).await
    }
}
