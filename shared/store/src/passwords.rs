//! New passwords, and the end of what was opened by the old one.

use domain::{Error, Result, UserId};

use crate::attribute::{number, value};
use crate::condition::{Action, Condition, Write};
use crate::credentials::Credential;
use crate::devices::Device;
use crate::key::{Key, SecretHash};
use crate::one_time_tokens::{Token, gone};
use crate::owed_mails::OwedMail;
use crate::scope::SystemTable;
use crate::sessions::{self, Session};
use crate::sign_in_attempts::AttemptCounter;
use crate::transaction::Transacted;
use crate::user_events::UserAct;
use crate::users::{StoredPassword, StoredUser, is_as_then, is_not_held, set_password};

/// The place of the person in the transaction of a reset.
const PERSON: usize = 1;

/// A password that is set by the link of a mail. It proves the address, ends every sign-in, and forgets every device and
/// place but the one where the link was followed: whoever knew the old password may have signed in with theirs. Wrong
/// tries of before count no more.
#[derive(Debug)]
pub struct PasswordReset<'a> {
    /// What the link carries.
    pub token: &'a Token,
    /// The person with the old password.
    pub seen: &'a StoredUser,
    /// The new password, of the version after that.
    pub password: StoredPassword,
    /// Where the link was followed.
    pub place: Option<&'a Device>,
    /// What counts the tries of the person and of whoever tried their address.
    pub tries: [AttemptCounter<'a>; 2],
    /// The mail that tells the person.
    pub mail: &'a OwedMail,
    /// What is remembered of it.
    pub act: UserAct,
}

/// A password that is changed by somebody who knows the old one.
#[derive(Debug)]
pub struct PasswordChange<'a> {
    /// The person with the old password.
    pub seen: &'a StoredUser,
    /// The new password.
    pub password: StoredPassword,
    /// By what they are signed in.
    pub credential: &'a Credential,
    /// What takes the place of their session.
    pub session: Option<&'a Session>,
    /// Whether all other sign-ins end, and other browsers and places are forgotten.
    pub ends_others: bool,
    /// The marks of where the person is and of what they use there.
    pub devices: &'a [SecretHash],
    /// The mail that tells the person.
    pub mail: &'a OwedMail,
    /// What is remembered of it.
    pub act: UserAct,
}

impl SystemTable<'_> {
    /// Sets a password by a token, once; fails as [`Self::token`] does, and where the person has another address, or
    /// another password, than when the link was sent. Of an address that nobody has proven neither the password nor the
    /// spelling tells anything: anybody registers it anew with theirs, and only the link proves the mailbox, so the person
    /// has its address from now on as it was written on that mail. `false` where somebody did in this moment: to be done
    /// anew.
    pub async fn reset_password(&self, reset: PasswordReset<'_>) -> Result<bool> {
        let PasswordReset {
            token,
            seen,
            password,
            place,
            tries,
            mail,
            act,
        } = reset;
        let (is_proven, proven) = (seen.user.email_verified, &token.address);
        // Only the transaction knows whether the link was used meanwhile, which is another reason than a new password.
        let token = if is_proven {
            token
        } else {
            &token.renewed(seen)?
        };
        let is_as_then = Condition::All(vec![
            is_as_then(token)?,
            Condition::Equals("verified", value(&is_proven)?),
            is_not_held(act.at),
        ]);
        let mut actions = set_password(&password);
        if let Some(address) = proven {
            actions.push(Action::Set("mail", value(address)?));
        }
        actions.push(Action::Set("verified", value(&true)?));
        actions.push(Action::Add("ver", number(1)));
        let mut writes = vec![
            token.used_at(act.at),
            Write::update(Key::user(token.user), actions).when(is_as_then),
            mail.write(self.table)?,
            self.user_event_write(token.user, &act)?,
        ];
        writes.extend(place.map(Device::write).transpose()?);
        writes.extend(tries.iter().map(AttemptCounter::forgotten));
        writes.extend(self.ends_of_others(token.user, None).await?);
        let kept: Vec<SecretHash> = place.map(|place| place.mark.clone()).into_iter().collect();
        self.forget_other_devices(token.user, &kept, &mut writes)
            .await?;
        match self.table.transact(writes).await? {
            Transacted::Done => {
                self.sweep_other_sign_ins(token.user, None).await?;
                self.sweep_devices(token.user, &kept).await?;
                Ok(true)
            }
            Transacted::Refused(refused) => match refused.first() {
                Some(first) if first.index == PERSON && !is_proven => Ok(false),
                _ => Err(gone(&refused)),
            },
        }
    }

    /// Changes a password; [`Error::StaleVersion`] where it was changed since it was seen, or somebody takes the person's
    /// address back, [`Error::Unauthenticated`] where the session ended meanwhile.
    pub async fn change_password(&self, change: PasswordChange<'_>) -> Result<()> {
        let PasswordChange {
            seen,
            password,
            credential,
            session,
            ends_others,
            devices,
            mail,
            act,
        } = change;
        let user = seen.user.id;
        let is_as_seen = Condition::All(vec![
            Condition::Equals("pwv", number(seen.password.version)),
            is_not_held(act.at),
        ]);
        let mut writes = vec![
            Write::update(Key::user(user), set_password(&password)).when(is_as_seen),
            mail.write(self.table)?,
            self.user_event_write(user, &act)?,
        ];
        if ends_others {
            writes.extend(self.ends_of_others(user, Some(credential)).await?);
        }
        let mut kept = credential.clone();
        if let (Credential::Session(old), Some(new)) = (credential, session) {
            writes.extend(sessions::replace(old, new)?);
            kept = Credential::Session(new.clone());
        }
        if ends_others {
            self.forget_other_devices(user, devices, &mut writes)
                .await?;
        }
        match self.table.transact(writes).await? {
            Transacted::Done if ends_others => {
                self.sweep_other_sign_ins(user, Some(&kept)).await?;
                self.sweep_devices(user, devices).await
            }
            Transacted::Done => Ok(()),
            Transacted::Refused(writes) if writes.iter().any(|write| write.index == 0) => {
                Err(Error::StaleVersion)
            }
            Transacted::Refused(_) => Err(Error::unauthenticated()),
        }
    }

    /// Adds to an act what forgets the devices and places of a person but these, as many as its transaction takes.
    async fn forget_other_devices(
        &self,
        user: UserId,
        kept: &[SecretHash],
        writes: &mut Vec<Write>,
    ) -> Result<()> {
        let free = 100_usize.saturating_sub(writes.len());
        let others = self.other_devices(user, kept).await?.into_iter();
        writes.extend(others.take(free).map(Write::delete));
        Ok(())
    }
}
