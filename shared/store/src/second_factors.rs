//! What people prove themselves with beside their password: an authenticator app, and codes for when it is lost.

use domain::{PasskeyId, Result, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{base64_bytes, base64_text, millis, number, value};
use crate::condition::{Action, Condition, Write};
use crate::credentials::Credential;
use crate::item::{Item, encode};
use crate::key::{Key, SecretHash};
use crate::owed_mails::OwedMail;
use crate::scope::SystemTable;
use crate::sessions::{self, Session};
use crate::table::{Query, Range, Written};
use crate::transaction::Transacted;
use crate::user_events::UserAct;
use crate::users::{self, FactorCount, StoredUser};

/// The place of the count of factors in a transaction that changes it.
const COUNTED: usize = 0;

/// An authenticator app of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticator {
    /// The sealed seed that the app shares with us.
    pub sealed: Vec<u8>,
    /// Version of the seed, which it is sealed for.
    pub version: u64,
    /// Whether the person has shown that the app works: only then is it asked for.
    pub is_active: bool,
}

/// What guards an account beside its password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// An authenticator app.
    Authenticator,
    /// A passkey.
    Passkey(PasskeyId),
}

/// A change of a person's second factor, by somebody who is signed in.
#[derive(Debug)]
pub struct FactorChange<'a> {
    /// By what they are signed in.
    pub credential: &'a Credential,
    /// What takes the place of their session.
    pub session: Option<&'a Session>,
    /// The mail that tells the person.
    pub mail: &'a OwedMail,
    /// What is remembered of it.
    pub act: UserAct,
}

/// How a change of a second factor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorChanged {
    /// It happened.
    Done,
    /// Whoever asked is not signed in any more.
    SignedOut,
    /// The person has more or fewer second factors than was decided on, or somebody takes their address back in this
    /// moment: decide anew.
    Overtaken,
    /// There was no such factor to remove, or no such offer to take.
    NotThere,
}

#[derive(Debug, Serialize, Deserialize)]
struct AuthenticatorItem {
    user: UserId,
    #[serde(with = "base64_bytes")]
    seed: Vec<u8>,
    ver: u64,
    active: bool,
    /// The step of the newest code that was used; older ones are of no use.
    step: u64,
    #[serde(with = "millis")]
    ca: Timestamp,
}

impl Item for AuthenticatorItem {
    const TYPE: &'static str = "authenticator";

    fn key(&self) -> Key {
        Key::authenticator(self.user)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct RecoveryCodeItem {
    user: UserId,
    code: SecretHash,
}

impl Item for RecoveryCodeItem {
    const TYPE: &'static str = "recovery_code";

    fn key(&self) -> Key {
        Key::recovery_code(self.user, &self.code)
    }
}

impl SystemTable<'_> {
    /// A person's authenticator app.
    pub async fn authenticator(&self, user: UserId) -> Result<Option<Authenticator>> {
        let item: Option<AuthenticatorItem> = self.table.get(&Key::authenticator(user)).await?;
        Ok(item.map(|item| Authenticator {
            sealed: item.seed,
            version: item.ver,
            is_active: item.active,
        }))
    }

    /// Stores a seed that the person has not used yet, in place of an earlier such one. `false` where an app is active.
    pub async fn offer_authenticator(
        &self,
        user: UserId,
        sealed: &[u8],
        version: u64,
        now: Timestamp,
    ) -> Result<bool> {
        let item = AuthenticatorItem {
            user,
            seed: sealed.to_vec(),
            ver: version,
            active: false,
            step: 0,
            ca: now,
        };
        let is_free = Condition::Any(vec![
            Condition::item_absent(),
            Condition::Equals("active", value(&false)?),
        ]);
        let write = Write::put(item.key(), encode(&item)?).when(is_free);
        Ok(matches!(
            self.table.write(write).await?,
            Written::Applied(_)
        ))
    }

    /// Makes an offered app active by a code of this step, with new recovery codes, and ends all other sign-ins: they
    /// were begun without it.
    pub async fn activate_authenticator(
        &self,
        user: UserId,
        version: u64,
        step: u64,
        codes: &[SecretHash],
        change: FactorChange<'_>,
    ) -> Result<FactorChanged> {
        let actions = vec![
            Action::Set("active", value(&true)?),
            Action::Set("step", number(step)),
        ];
        let is_offered = Condition::All(vec![
            Condition::Equals("ver", number(version)),
            Condition::Equals("active", value(&false)?),
        ]);
        let activate = Write::update(Key::authenticator(user), actions).when(is_offered);
        self.add_factor(user, activate, Some(codes), change).await
    }

    /// Removes an active app of somebody who was `seen` with their second factors counted, with all recovery codes where
    /// `codes` is empty.
    pub async fn remove_authenticator(
        &self,
        seen: &StoredUser,
        codes: Option<&[SecretHash]>,
        change: FactorChange<'_>,
    ) -> Result<FactorChanged> {
        let is_active = Condition::Equals("active", value(&true)?);
        let remove = Write::delete(Key::authenticator(seen.user.id)).when(is_active);
        self.remove_factor(seen, remove, codes, change).await
    }

    /// Uses the code of a step: once, and none before it afterwards. Whether it could be used.
    pub async fn use_step(&self, user: UserId, step: u64) -> Result<bool> {
        let is_new = Condition::All(vec![
            Condition::Equals("active", value(&true)?),
            Condition::Below("step", number(step)),
        ]);
        let actions = vec![Action::Set("step", number(step))];
        let write = Write::update(Key::authenticator(user), actions).when(is_new);
        Ok(matches!(
            self.table.write(write).await?,
            Written::Applied(_)
        ))
    }

    /// Puts the same seed, sealed anew, in the place of the one that was seen, unless the app is another one by now.
    pub async fn replace_sealed_seed(
        &self,
        user: UserId,
        seen: &Authenticator,
        sealed: &[u8],
    ) -> Result<()> {
        let unchanged = Condition::All(vec![
            Condition::Equals("ver", number(seen.version)),
            Condition::Equals("seed", base64_text(&seen.sealed)),
        ]);
        let actions = vec![Action::Set("seed", base64_text(sealed))];
        let write = Write::update(Key::authenticator(user), actions).when(unchanged);
        match self.table.write(write).await? {
            Written::Applied(_) | Written::Refused(_) => Ok(()),
        }
    }

    /// Replaces all recovery codes of somebody who has this factor. Whether they have.
    pub async fn replace_recovery_codes(
        &self,
        user: UserId,
        factor: Factor,
        codes: &[SecretHash],
        mail: &OwedMail,
        act: &UserAct,
    ) -> Result<bool> {
        let unchanged = match factor {
            Factor::Authenticator => {
                let is_active = Condition::Equals("active", value(&true)?);
                let actions = vec![Action::Set("active", value(&true)?)];
                Write::update(Key::authenticator(user), actions).when(is_active)
            }
            Factor::Passkey(passkey) => {
                let actions = vec![Action::Set("user", value(&user)?)];
                let key = Key::passkey(user, passkey);
                Write::update(key, actions).when(Condition::item_exists())
            }
        };
        let mut writes = vec![
            unchanged,
            mail.write(self.table)?,
            self.user_event_write(user, act)?,
        ];
        writes.extend(self.replaced_codes(user, codes).await?);
        Ok(matches!(
            self.table.transact(writes).await?,
            Transacted::Done
        ))
    }

    /// Uses a recovery code, once. Whether it could be used.
    pub async fn use_recovery_code(
        &self,
        user: UserId,
        code: &SecretHash,
        act: &UserAct,
    ) -> Result<bool> {
        let write = Write::delete(Key::recovery_code(user, code)).when(Condition::item_exists());
        let writes = vec![write, self.user_event_write(user, act)?];
        Ok(matches!(
            self.table.transact(writes).await?,
            Transacted::Done
        ))
    }

    /// How many recovery codes a person has left.
    pub async fn recovery_codes_left(&self, user: UserId) -> Result<usize> {
        Ok(self.recovery_codes(user).await?.len())
    }

    pub(crate) async fn recovery_codes(&self, user: UserId) -> Result<Vec<Key>> {
        let prefix = Range::Prefix(Key::RECOVERY_CODES.to_owned());
        let query = Query::of_table(Key::user(user).pk, prefix);
        let items = self.table.query_all(&query).await?;
        items
            .into_iter()
            .map(|attributes| Ok(crate::item::decode::<RecoveryCodeItem>(attributes)?.key()))
            .collect()
    }

    /// The writes that put new recovery codes in the place of all others.
    async fn replaced_codes(&self, user: UserId, codes: &[SecretHash]) -> Result<Vec<Write>> {
        let old = self
            .recovery_codes(user)
            .await?
            .into_iter()
            .map(Write::delete);
        let mut writes: Vec<Write> = old.collect();
        for code in codes {
            let code = code.clone();
            let item = RecoveryCodeItem { user, code };
            writes.push(Write::put(item.key(), encode(&item)?));
        }
        Ok(writes)
    }

    /// Whether a person has a second factor, as far as it is counted: for functions that cannot look at what they have.
    pub async fn has_second_factor(&self, user: UserId) -> Result<bool> {
        for attributes in self.table.batch_get(&[Key::user(user)]).await? {
            if let Some(has) = users::has_second_factor(&attributes)? {
                return Ok(has);
            }
        }
        Ok(false)
    }

    /// Whether a person has had the second factors that they have since before this time.
    pub async fn has_had_second_factor(&self, user: UserId, since: Timestamp) -> Result<bool> {
        let found = self.table.batch_get(&[Key::user(user)]).await?;
        let mut people = found.into_iter().filter_map(users::stored_user_of);
        let person = people.next().transpose()?;
        Ok(person.is_some_and(|person| {
            // Older code did not note when it let somebody add one.
            let settled = person.factors_settled_at.unwrap_or(person.user.created_at);
            person.has_second_factor() && settled <= since
        }))
    }

    /// Counts the second factors of somebody whose older code did not count.
    pub async fn count_second_factors(&self, user: UserId) -> Result<()> {
        let stored = self.stored_user(user).await?;
        if stored.is_none_or(|stored| stored.second_factors.is_some()) {
            return Ok(());
        }
        let passkeys = self.passkeys(user).await?.len();
        let app = self.authenticator(user).await?;
        let apps = app.filter(|app| app.is_active).into_iter().count();
        let number = u64::try_from(passkeys.saturating_add(apps)).unwrap_or(u64::MAX);
        let write = Write::update(Key::user(user), vec![users::set_factors(number)]);
        let uncounted = vec![Condition::item_exists(), Condition::Absent("fac")];
        // Refused only where somebody else counted them meanwhile.
        match self
            .table
            .write(write.when(Condition::All(uncounted)))
            .await?
        {
            Written::Applied(_) | Written::Refused(_) => Ok(()),
        }
    }

    /// Gives a person another second factor, by a write whose condition decides whether it may happen, with `codes` in
    /// the place of all recovery codes where there are some.
    pub(crate) async fn add_factor(
        &self,
        user: UserId,
        factor: Write,
        codes: Option<&[SecretHash]>,
        change: FactorChange<'_>,
    ) -> Result<FactorChanged> {
        self.count_second_factors(user).await?;
        let counted = users::count_factors(user, FactorCount::OneMore, change.act.at);
        self.change_factor(user, [counted, factor], codes, change)
            .await
    }

    /// The same for the removal of one of as many as somebody was `seen` with. Two removals at once are so two in a row:
    /// whether the last one may go is decided by whoever saw that it is the last.
    pub(crate) async fn remove_factor(
        &self,
        seen: &StoredUser,
        factor: Write,
        codes: Option<&[SecretHash]>,
        change: FactorChange<'_>,
    ) -> Result<FactorChanged> {
        let user = seen.user.id;
        // Where older code did not count them, nothing equals it.
        let count = FactorCount::OneLessThan(seen.second_factors.unwrap_or_default());
        let counted = users::count_factors(user, count, change.act.at);
        self.change_factor(user, [counted, factor], codes, change)
            .await
    }

    /// Changes how a person proves themselves, and ends all other sign-ins.
    async fn change_factor(
        &self,
        user: UserId,
        counted_and_changed: [Write; 2],
        codes: Option<&[SecretHash]>,
        change: FactorChange<'_>,
    ) -> Result<FactorChanged> {
        let FactorChange {
            credential,
            session,
            mail,
            act,
        } = change;
        let mut writes = Vec::from(counted_and_changed);
        if let Some(codes) = codes {
            writes.extend(self.replaced_codes(user, codes).await?);
        }
        writes.push(mail.write(self.table)?);
        writes.push(self.user_event_write(user, &act)?);
        let mut kept = credential.clone();
        let signed_in = writes.len();
        match (credential, session) {
            (Credential::Session(old), Some(new)) => {
                writes.extend(sessions::replace(old, new)?);
                kept = Credential::Session(new.clone());
            }
            // Whoever is not signed in any more by the time of the change changes nothing.
            (Credential::Session(_), None) => {}
            (Credential::Family(family), _) => writes.push(family.used_at(act.at)),
        }
        let free = 100_usize.saturating_sub(writes.len());
        let others = self.ends_of_others(user, Some(credential)).await?;
        writes.extend(others.into_iter().take(free));
        match self.table.transact(writes).await? {
            Transacted::Done => {
                self.sweep_other_sign_ins(user, Some(&kept)).await?;
                Ok(FactorChanged::Done)
            }
            Transacted::Refused(refused) => {
                let is_refused = |index| refused.iter().any(|write| write.index == index);
                // Who is not signed in any more has nothing to decide anew.
                Ok(if is_refused(signed_in) {
                    FactorChanged::SignedOut
                } else if is_refused(COUNTED) {
                    FactorChanged::Overtaken
                } else {
                    FactorChanged::NotThere
                })
            }
        }
    }
}
