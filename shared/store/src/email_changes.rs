//! Another mail address for a person: proven at the new one, to be taken back from the old one.

use domain::email::EmailAddress;
use domain::{Error, Result, UserId};
use jiff::Timestamp;

use crate::attribute::{number, value};
use crate::condition::{Action, Condition, Write};
use crate::item::encode;
use crate::key::Key;
use crate::one_time_tokens::{NewToken, Token, gone, used};
use crate::owed_mails::OwedMail;
use crate::schema::TTL;
use crate::scope::SystemTable;
use crate::transaction::Transacted;
use crate::user_events::UserAct;
use crate::users::{
    MailGuardItem, StoredPassword, StoredUser, end_keys, factors_as_seen, factors_counted_as_seen,
    hold, is_not_held, release, set_factors, set_password, settle_factors, way_back,
};

/// The place of the person in the transaction of a way back.
const PERSON: usize = 1;

/// The change of a person's address, by the link that was sent to the new one.
#[derive(Debug)]
pub struct EmailChange<'a> {
    /// What the link carries, sent to the new address.
    pub token: &'a Token,
    /// The new address.
    pub address: &'a EmailAddress,
    /// The person with the old address.
    pub seen: &'a StoredUser,
    /// What takes it back, sent to the old address, which is kept for the person as long as that works.
    pub revert: &'a NewToken,
    /// The mail that carries it.
    pub mail: &'a OwedMail,
    /// What is remembered of it.
    pub act: UserAct,
}

/// The way back, by the link that was sent to the old address. Whoever changed it may know the password, have added
/// passkeys or an authenticator app, and made API keys: they work no more, and every sign-in ends. What guards the
/// account beside its password is begun anew: nobody can tell the factors of the person from those that were added, nor
/// their devices from others that signed in.
#[derive(Debug)]
pub struct EmailRevert<'a> {
    /// What the link carries, sent to the old address.
    pub token: &'a Token,
    /// The old address.
    pub address: &'a EmailAddress,
    /// The person with the new address.
    pub seen: &'a StoredUser,
    /// A password that nobody knows.
    pub password: StoredPassword,
    /// What sets a new one, sent to the old address.
    pub reset: &'a NewToken,
    /// The mail that carries it.
    pub mail: &'a OwedMail,
    /// What is remembered of it.
    pub act: UserAct,
}

impl SystemTable<'_> {
    /// Changes an address and ends the sign-ins that the token says; fails as [`Self::token`] does, and with
    /// [`Error::Conflict`] where somebody else has it. Where the person has it by another link of the same kind, this one
    /// is used up with that: nothing is left for it to do.
    pub async fn change_email(&self, change: EmailChange<'_>) -> Result<()> {
        let EmailChange {
            token,
            address,
            seen,
            revert,
            mail,
            act,
        } = change;
        if seen.user.email.normalized() == address.normalized() {
            return Err(used());
        }
        let user = seen.user.id;
        let is_as_seen = Condition::All(vec![
            Condition::Equals("pwv", number(token.password_version)),
            Condition::Equals("mail", value(&seen.user.email)?),
            is_not_held(act.at),
        ]);
        let guard = MailGuardItem::new(address, user);
        let is_free = Condition::Any(vec![
            Condition::item_absent(),
            Condition::Equals("user", value(&user)?),
            Condition::Below(TTL, number(act.at.as_second())),
        ]);
        let kept_until = vec![Action::Set(TTL, number(revert.expires_at.as_second()))];
        let mut actions = set_address(address)?;
        actions.extend(way_back::open(seen, revert.expires_at, act.at)?);
        let mut writes = vec![
            token.used_at(act.at),
            Write::update(Key::user(user), actions).when(is_as_seen),
            Write::put(Key::mail_guard(&address.normalized()), encode(&guard)?).when(is_free),
            Write::update(Key::mail_guard(&seen.user.email.normalized()), kept_until)
                .when(Condition::Equals("user", value(&user)?)),
            revert.write()?,
            mail.write(self.table)?,
            self.user_event_write(user, &act)?,
        ];
        let kept = match &token.ends_all_but {
            Some(known_as) => Some(self.sign_ins(user).await?.into_known_as(known_as)),
            None => None,
        };
        if let Some(kept) = &kept {
            writes.extend(self.ends_of_others(user, kept.as_ref()).await?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => match kept {
                Some(kept) => self.sweep_other_sign_ins(user, kept.as_ref()).await,
                None => Ok(()),
            },
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == 2) => {
                Err(Error::conflict(
                    "email_taken",
                    "another account has this address: choose another one",
                ))
            }
            Transacted::Refused(refused) => Err(gone(&refused)),
        }
    }

    /// Holds a person for whoever takes their address back by this token: until `until` nobody else changes how they sign
    /// in, so whoever changed the address cannot be ahead of the way back again and again. Fails as [`Self::token`] does.
    pub async fn hold_for_revert(&self, token: &Token, until: Timestamp) -> Result<()> {
        let hold = Write::update(Key::user(token.user), vec![hold(until)]);
        let writes = vec![token.is_unused(), hold.when(Condition::item_exists())];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(refused) => Err(gone(&refused)),
        }
    }

    /// Takes a change back; fails as [`Self::token`] does. `false` where the person changed since they were seen, by
    /// another factor, say, that whoever changed the address adds in this moment: to be done anew. So it removes all
    /// factors that there are, and not only those that somebody saw.
    pub async fn revert_email(&self, revert: EmailRevert<'_>) -> Result<bool> {
        let EmailRevert {
            token,
            address,
            seen,
            password,
            reset,
            mail,
            act,
        } = revert;
        seen.check_way_back(token)?;
        let user = seen.user.id;
        let is_as_seen = Condition::All(vec![
            Condition::Equals("pwv", number(seen.password.version)),
            Condition::Equals("mail", value(&seen.user.email)?),
            factors_as_seen(seen),
            factors_counted_as_seen(seen),
        ]);
        let is_own = || Ok::<_, Error>(Condition::Equals("user", value(&user)?));
        let mut actions = set_address(address)?;
        actions.extend(set_password(&password));
        actions.extend(way_back::close(seen, token, address, act.at)?);
        actions.push(end_keys(act.at));
        actions.extend([set_factors(0), settle_factors(act.at), release()]);
        let mut writes = vec![
            token.used_at(act.at),
            Write::update(Key::user(user), actions).when(is_as_seen),
            Write::update(
                Key::mail_guard(&address.normalized()),
                vec![Action::Remove(TTL)],
            )
            .when(is_own()?),
            reset.write()?,
            mail.write(self.table)?,
            self.user_event_write(user, &act)?,
        ];
        if seen.user.email.normalized() != address.normalized() {
            let present = Key::mail_guard(&seen.user.email.normalized());
            writes.push(Write::delete(present).when(is_own()?));
        }
        writes.extend(self.without_second_factors(user).await?);
        let devices = self.other_devices(user, &[]).await?.into_iter();
        for more in [
            self.ends_of_others(user, None).await?,
            devices.map(Write::delete).collect(),
        ] {
            let free = 100_usize.saturating_sub(writes.len());
            writes.extend(more.into_iter().take(free));
        }
        match self.table.transact(writes).await? {
            Transacted::Done => {
                self.sweep_what_opens(user).await?;
                self.sweep_devices(user, &[]).await?;
                Ok(true)
            }
            Transacted::Refused(refused) => match refused.first() {
                Some(first) if first.index == PERSON => Ok(false),
                _ => Err(gone(&refused)),
            },
        }
    }

    /// Ends the sign-ins that did not fit into the transaction of a way back, or began while they were looked for, and
    /// removes what they added until then, until a look finds nothing: nobody knows the password, so nothing else begins.
    async fn sweep_what_opens(&self, user: UserId) -> Result<()> {
        loop {
            let sign_ins = self.sign_ins(user).await?.others(None);
            let factors = self.second_factor_keys(user).await?;
            if sign_ins.is_empty() && factors.is_empty() {
                return Ok(());
            }
            self.table.batch_delete(sign_ins).await?;
            if !factors.is_empty() {
                let none = Write::update(Key::user(user), vec![set_factors(0)]);
                self.table
                    .write(none.when(Condition::item_exists()))
                    .await?;
            }
            self.table.batch_delete(factors).await?;
        }
    }
}

fn set_address(address: &EmailAddress) -> Result<Vec<Action>> {
    Ok(vec![
        Action::Set("mail", value(address)?),
        Action::Set("verified", value(&true)?),
        Action::Add("ver", number(1)),
    ])
}
