//! Tries of strangers: sign-ins by a password with a browser that the account's owner never used. How many may fail is
//! counted over all accounts and clients, since an attack that tries each account once, from many networks, stays below
//! every limit of an account and of a client.
//!
//! A try is counted before its password is compared, and a right one gives back what it took: of many at once none gets
//! ahead of the count, and those who sign in rightly use nothing up. While too many fail, tries are refused before a hash
//! is computed, known and unknown addresses alike. Nobody is locked out by that: browsers that the owner used before are
//! no strangers, nor is what comes from a network where they signed in or followed a link of ours, and passkeys are not
//! counted at all. Who is at a new place lets their browser in by a link that is mailed to them
//! (`POST /v1/auth/new-browser`).

use api::Client;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use cloud::telemetry::{Metric, Metrics};
use domain::{Error, Result, UserId};
use jiff::{SignedDuration, Timestamp};

use crate::Ctx;
use crate::password::Password;

/// Counters.
const BY_ALL: &str = "sign_in_strangers";
const ALL: &str = "all";
const BY_PASSWORD: &str = "sign_in_password";
/// Passwords are told apart by so many bits of their hash only. It is enough to see one that is tried again and again;
/// whoever reads the table learns next to nothing: one of 4,096 kinds, without the account, for some hours.
const KIND_BITS: u32 = 12;
/// An instance asks the table again after this time.
const ASKS_AGAIN: SignedDuration = SignedDuration::from_secs(2);
/// An instance writes one line about it in this time, in seconds.
const QUIET: i64 = 60;

/// What an instance knows of tries of strangers.
#[derive(Debug)]
pub struct Strangers {
    metrics: Metrics,
    /// Until when none is counted, in milliseconds, as the table said last.
    held_until: AtomicI64,
    /// From when on the table is asked again, in milliseconds.
    asks_again_at: AtomicI64,
    /// When the log was told last, in seconds.
    told_at: AtomicI64,
}

impl Default for Strangers {
    /// For a run whose metrics nobody reads; its log tells.
    fn default() -> Self {
        Self::new(Metrics::off())
    }
}

impl Strangers {
    /// Nothing is known yet.
    pub fn new(metrics: Metrics) -> Self {
        Self {
            metrics,
            held_until: AtomicI64::new(i64::MIN),
            asks_again_at: AtomicI64::new(i64::MIN),
            told_at: AtomicI64::new(i64::MIN),
        }
    }

    /// A stranger's password was wrong.
    fn failed(&self, now: Timestamp) {
        self.metrics.count(Metric::SignInsFailed, None);
        self.metrics.flush(now);
    }

    /// A stranger's password was not compared.
    fn held_back(&self, now: Timestamp) {
        self.metrics.count(Metric::SignInsHeldBack, None);
        self.metrics.flush(now);
        let second = now.as_second();
        let tells = self
            .told_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |told| {
                (second.saturating_sub(told) >= QUIET).then_some(second)
            });
        if tells.is_ok() {
            tracing::warn!(
                "too many sign-ins of strangers fail: they are held back, see docs/runbooks/sign-in-attack.md"
            );
        }
    }

    fn held_at(&self, now: Timestamp) -> Option<Timestamp> {
        let asks_again_at = self.asks_again_at.load(Ordering::Relaxed);
        let until = self.held_until.load(Ordering::Relaxed);
        let until = Timestamp::from_millisecond(until).ok()?;
        (now < until && now.as_millisecond() < asks_again_at).then_some(until)
    }

    /// Of many right sign-ins at once the last ones find the count used up, and it is given back when their passwords are
    /// compared: so the table is asked again soon.
    fn hold(&self, now: Timestamp, until: Timestamp) {
        let soon = now.saturating_add(ASKS_AGAIN).unwrap_or(now);
        self.asks_again_at
            .fetch_max(soon.as_millisecond(), Ordering::Relaxed);
        self.held_until
            .fetch_max(until.as_millisecond(), Ordering::Relaxed);
    }
}

/// Somebody who tries a password and shows no browser that the account's owner used before.
#[derive(Debug)]
pub(crate) struct Stranger {
    /// The network, where the account's owner was before.
    home: Option<String>,
    kind: String,
    standing: Standing,
}

/// How a stranger is dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The try is not counted yet.
    Met,
    /// It is.
    Counted,
    /// It need not be: it comes from where the owner is at home.
    AtHome,
}

impl Stranger {
    /// The network that they come from, where the owner of the account is at home in it.
    pub(crate) fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }
}

/// Which of the kinds of passwords this is of.
fn kind(password: &Password) -> String {
    let hash = digest(&SHA256, password.as_bytes());
    let first = hash.as_ref().iter().take(2);
    let number = first.fold(0_u16, |number, byte| (number << 8) | u16::from(*byte));
    format!("{:03x}", number >> (u16::BITS - KIND_BITS))
}

impl Ctx {
    /// Meets a stranger at the account of `user`, who is nobody where the address is unknown; an error where they are held
    /// back. To be asked before anything is counted by the address, so that what is refused here uses up nothing of its
    /// owner's.
    pub(crate) async fn meet(
        &self,
        user: UserId,
        client: &Client,
        password: &Password,
    ) -> Result<Stranger> {
        let now = self.clock.now();
        let is_at_home = self.is_at_home(user, client).await?;
        let mut stranger = Stranger {
            home: client.origin().network.filter(|_| is_at_home),
            kind: kind(password),
            standing: Standing::Met,
        };
        if let Some(until) = self.strangers.held_at(now) {
            self.hold_back(&mut stranger, until)?;
        }
        Ok(stranger)
    }

    /// Counts the try as one that fails; an error where there are too many. The password first: the many tries of one
    /// leave the count over all alone.
    pub(crate) async fn count_stranger(&self, stranger: &mut Stranger) -> Result<()> {
        if stranger.standing == Standing::AtHome {
            return Ok(());
        }
        let (limits, system, now) = (&self.limits, self.table.system(), self.clock.now());
        let by_password = system.admit(BY_PASSWORD, &stranger.kind, limits.same_password, now);
        match by_password.await {
            Err(Error::RateLimited { retry_at }) => {
                return self.hold_back(stranger, retry_at);
            }
            counted => counted?,
        }
        match system.admit(BY_ALL, ALL, limits.strangers, now).await {
            Err(Error::RateLimited { retry_at }) => {
                let (kind, limit) = (&stranger.kind, limits.same_password);
                system.give_back(BY_PASSWORD, kind, limit).await?;
                self.strangers.hold(now, retry_at);
                return self.hold_back(stranger, retry_at);
            }
            counted => counted?,
        }
        stranger.standing = Standing::Counted;
        Ok(())
    }

    /// What a step answered; where it failed, no password was compared, and what was counted is given back.
    pub(crate) async fn or_give_back<T>(
        &self,
        stranger: Option<&Stranger>,
        answered: Result<T>,
    ) -> Result<T> {
        if let (Err(_), Some(stranger)) = (&answered, stranger) {
            self.welcome(stranger).await?;
        }
        answered
    }

    /// The password was right: what was counted is given back.
    pub(crate) async fn welcome(&self, stranger: &Stranger) -> Result<()> {
        if stranger.standing != Standing::Counted {
            return Ok(());
        }
        let (limits, system) = (&self.limits, self.table.system());
        let by_password = system.give_back(BY_PASSWORD, &stranger.kind, limits.same_password);
        let by_all = system.give_back(BY_ALL, ALL, limits.strangers);
        tokio::try_join!(by_password, by_all)?;
        Ok(())
    }

    /// The password was wrong: what was counted stays.
    pub(crate) fn turn_away(&self, stranger: Option<&Stranger>) {
        if stranger.is_some() {
            self.strangers.failed(self.clock.now());
        }
    }

    /// Refuses whoever does not come from where the owner is at home.
    fn hold_back(&self, stranger: &mut Stranger, retry_at: Timestamp) -> Result<()> {
        if stranger.home.is_some() {
            stranger.standing = Standing::AtHome;
            return Ok(());
        }
        self.strangers.held_back(self.clock.now());
        Err(Error::HeldBack {
            code: "sign_ins_held_back",
            detail: "too many sign-ins fail just now, so new places wait: use a browser or a network from which you signed in before, or a passkey, or let this browser in by a link that we mail you"
                .to_owned(),
            retry_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_of_a_password_is_the_same_for_every_keyboard_and_says_little() {
        let of = |text: &str| kind(&Password::typed(text));

        assert_eq!(
            of("caf\u{e9} au lait, please"),
            of("cafe\u{301} au lait, please")
        );
        assert_ne!(of("correct horse battery"), of("a wrong password"));
        let kinds: std::collections::BTreeSet<_> =
            (0..20_000).map(|number| of(&number.to_string())).collect();
        assert!((4_000..=4_096).contains(&kinds.len()), "{}", kinds.len());
    }

    #[test]
    fn instance_asks_the_table_again_soon_and_when_the_time_is_over() {
        let strangers = Strangers::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(strangers.held_at(at(100)), None);

        strangers.hold(at(100), at(120));

        assert_eq!(strangers.held_at(at(101)), Some(at(120)));
        assert_eq!(strangers.held_at(at(102)), None);
        strangers.hold(at(119), at(120));
        assert_eq!(strangers.held_at(at(119)), Some(at(120)));
        assert_eq!(strangers.held_at(at(120)), None);
    }
}
