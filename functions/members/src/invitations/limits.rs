//! How many mails with invitations go out, and of how many tenants they make somebody a member.
//!
//! Mails are counted exactly over all instances: whoever gets one did not ask for it. A tenant, a person and a person to one
//! address each have their own number; what is refused by one of these uses up none of the others, least of all of the
//! address. So one person takes at most a fifth of what an address is sent in a day, and whoever keeps it full needs five
//! verified accounts all day; every half an hour one more comes free for whoever is next. Nothing here looks at whether the
//! address is registered.

use domain::clock::wait_in_words;
use domain::email::EmailAddress;
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use store::RateLimit;

use crate::Ctx;
use crate::asker::Asker;

/// The limits.
#[derive(Clone, Copy, Debug)]
pub struct InvitationLimits {
    /// Mails of a tenant.
    pub by_tenant: RateLimit,
    /// Mails of a person, over all their tenants.
    pub by_inviter: RateLimit,
    /// Mails of a person to one address, over all their tenants.
    pub by_pair: RateLimit,
    /// Mails to one address, whoever sends them.
    pub by_address: RateLimit,
    /// Tenants of which a person can be a member, those that they made among them, before they accept no further
    /// invitation: all of them are read at once.
    pub memberships: u16,
}

impl InvitationLimits {
    /// For a deployment on the internet: far more than people need, who may add somebody to the workspaces of ten clients
    /// in a day, and far fewer than spam takes.
    pub fn strict() -> Self {
        let day = SignedDuration::from_hours(24);
        Self {
            by_tenant: RateLimit::per(100, SignedDuration::from_hours(1)),
            by_inviter: RateLimit::per(200, day),
            by_pair: RateLimit::per(10, day),
            by_address: RateLimit::per(50, day),
            memberships: 1000,
        }
    }

    /// For a run on one's own machine, where one person may be all that is tried.
    pub fn local() -> Self {
        let enough = RateLimit::per(3000, SignedDuration::from_mins(5));
        Self {
            by_tenant: enough,
            by_inviter: enough,
            by_pair: enough,
            by_address: enough,
            memberships: 1000,
        }
    }
}

/// What one mail counts as.
#[derive(Clone, Debug)]
struct Count {
    purpose: &'static str,
    subject: String,
    limit: RateLimit,
    refusal: fn(Timestamp, Timestamp) -> Error,
}

/// A mail that was counted.
#[derive(Debug)]
#[must_use = "a mail that is not sent is taken back"]
pub(super) struct CountedMail(Vec<Count>);

impl Ctx {
    /// Counts a mail to somebody who did not ask for it; [`Error::HeldBack`] if it is one too many. What is refused, or
    /// cannot be counted everywhere, counts nowhere; only a number of which no answer came may have it.
    pub(super) async fn admit_mail(
        &self,
        asker: &Asker,
        address: &EmailAddress,
    ) -> Result<CountedMail> {
        let now = self.clock.now();
        let mut counted = CountedMail(Vec::new());
        for count in self.counts(asker, address) {
            let system = self.table.system();
            let admitted = system.admit(count.purpose, &count.subject, count.limit, now);
            match admitted.await {
                Ok(()) => counted.0.push(count),
                Err(error) => {
                    self.take_back(counted).await?;
                    return Err(match error {
                        Error::RateLimited { retry_at } => (count.refusal)(now, retry_at),
                        other => other,
                    });
                }
            }
        }
        Ok(counted)
    }

    /// Takes back a mail that was counted and is not sent: as many of its numbers as can be.
    pub(super) async fn take_back(&self, counted: CountedMail) -> Result<()> {
        let system = self.table.system();
        let mut outcome = Ok(());
        for count in counted.0 {
            let given = system.give_back(count.purpose, &count.subject, count.limit);
            outcome = outcome.and(given.await);
        }
        outcome
    }

    /// The address last: whoever may not send uses up nothing of it.
    fn counts(&self, asker: &Asker, address: &EmailAddress) -> [Count; 4] {
        let (inviter, address) = (asker.user.to_string(), address.normalized());
        let InvitationLimits {
            by_tenant,
            by_inviter,
            by_pair,
            by_address,
            ..
        } = self.limits;
        [
            Count {
                purpose: "invite",
                subject: asker.tenant.to_string(),
                limit: by_tenant,
                refusal: sent_many,
            },
            Count {
                purpose: "invite_by",
                subject: inviter.clone(),
                limit: by_inviter,
                refusal: sent_many,
            },
            Count {
                purpose: "invite_pair",
                subject: format!("{inviter} {address}"),
                limit: by_pair,
                refusal: has_many,
            },
            Count {
                purpose: "invite_to",
                subject: address,
                limit: by_address,
                refusal: has_many,
            },
        ]
    }
}

fn sent_many(now: Timestamp, retry_at: Timestamp) -> Error {
    Error::HeldBack {
        code: "invitations_held_back",
        detail: format!(
            "you, or this workspace, have sent many invitations lately: send the next one in {}",
            wait_in_words(now, retry_at)
        ),
        retry_at,
    }
}

fn has_many(now: Timestamp, retry_at: Timestamp) -> Error {
    Error::HeldBack {
        code: "invitee_held_back",
        detail: format!(
            "this address was sent many invitations lately: send the next one in {}; a link that was mailed before works \
             for seven days",
            wait_in_words(now, retry_at)
        ),
        retry_at,
    }
}
