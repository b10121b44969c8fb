//! All sign-ins of a person, sessions of browsers and refresh families of programs, and their end.

use domain::{Result, UserId};

use crate::attribute::Attributes;
use crate::condition::{Condition, Write};
use crate::credentials::Credential;
use crate::devices::Device;
use crate::item::decode;
use crate::key::Key;
use crate::owed_mails::OwedMail;
use crate::passkeys::PasskeyUse;
use crate::refresh_families::{FamilyItem, RefreshFamily};
use crate::scope::SystemTable;
use crate::sessions::{Session, SessionItem};
use crate::table::{Query, Range};
use crate::transaction::Transacted;
use crate::user_events::UserAct;
use crate::users;

/// Sign-ins that end in the transaction of an act; a transaction takes no more than 100 writes.
pub(crate) const ENDED_AT_ONCE: usize = 80;

/// What opened a sign-in. It starts only while that still would, so that a sign-in that meets the end of all sign-ins
/// is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The password of this version.
    Password(u64),
    /// A passkey.
    Passkey(PasskeyUse),
}

/// What goes with a new sign-in.
#[derive(Clone, Debug)]
pub struct SignIn<'a> {
    /// What opened it.
    pub opening: Option<&'a Opening>,
    /// With what it is used.
    pub device: Option<&'a Device>,
    /// The mail that tells the person.
    pub mail: Option<&'a OwedMail>,
    /// What is remembered of it.
    pub act: UserAct,
}

/// The sign-ins of a person, ended ones that were not removed yet among them.
#[derive(Clone, Debug, Default)]
pub struct SignIns {
    /// Of browsers.
    pub sessions: Vec<Session>,
    /// Of programs.
    pub families: Vec<RefreshFamily>,
}

impl SignIns {
    /// The one that [`Credential::sign_in`] knows as this.
    pub(crate) fn into_known_as(self, known_as: &str) -> Option<Credential> {
        let sessions = self.sessions.into_iter().map(Credential::Session);
        let families = self.families.into_iter().map(Credential::Family);
        sessions
            .chain(families)
            .find(|sign_in| sign_in.sign_in() == known_as)
    }

    /// The keys of all but `kept`.
    pub(crate) fn others(&self, kept: Option<&Credential>) -> Vec<Key> {
        let kept = kept.map(Credential::key);
        let sessions = self.sessions.iter().map(Session::key);
        let families = self.families.iter().map(RefreshFamily::key);
        sessions
            .chain(families)
            .filter(|key| Some(key) != kept.as_ref())
            .collect()
    }
}

impl SystemTable<'_> {
    /// All sign-ins of a person.
    pub async fn sign_ins(&self, user: UserId) -> Result<SignIns> {
        let sessions = self.begun(user, Key::SESSIONS).await?;
        Ok(SignIns {
            sessions: sessions
                .into_iter()
                .map(|attributes| Ok(decode::<SessionItem>(attributes)?.into()))
                .collect::<Result<_>>()?,
            families: self.families(user).await?,
        })
    }

    /// All refresh families of a person.
    pub(crate) async fn families(&self, user: UserId) -> Result<Vec<RefreshFamily>> {
        let families = self.begun(user, Key::FAMILIES).await?.into_iter();
        families
            .map(|attributes| Ok(decode::<FamilyItem>(attributes)?.into()))
            .collect()
    }

    async fn begun(&self, user: UserId, prefix: &str) -> Result<Vec<Attributes>> {
        let prefix = Range::Prefix(prefix.to_owned());
        let query = Query::of_table(Key::user(user).pk, prefix);
        self.table.query_all(&query).await
    }

    /// The writes that start a sign-in, of which the first one stores it.
    pub(crate) fn starts(
        self,
        user: UserId,
        stored: Write,
        sign_in: &SignIn<'_>,
    ) -> Result<Vec<Write>> {
        let act = &sign_in.act;
        let mut writes = vec![stored, self.user_event_write(user, act)?];
        match sign_in.opening {
            Some(Opening::Password(version)) => writes.push(users::used(user, *version, act.at)),
            Some(Opening::Passkey(used)) => {
                writes.push(used.write()?);
                writes.push(users::signed_in(user, act.at));
            }
            None => {}
        }
        if let Some(device) = sign_in.device {
            writes.push(device.write()?);
            let place = Device::place(user, device.origin.clone(), device.used_at);
            if let Some(place) = place {
                writes.push(place.write()?);
            }
        }
        if let Some(mail) = sign_in.mail {
            writes.push(mail.write(self.table)?);
        }
        Ok(writes)
    }

    /// Ends one sign-in, a program's with all its families. Whether it was there.
    pub async fn end_sign_in(&self, ended: &Credential, act: &UserAct) -> Result<bool> {
        let session = match ended {
            Credential::Session(session) => session,
            Credential::Family(family) => return self.end_program(family, act).await,
        };
        let writes = Vec::from(self.end_of_session(session, act)?);
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// The writes that end a session which is still there.
    pub(crate) fn end_of_session(self, session: &Session, act: &UserAct) -> Result<[Write; 2]> {
        let end = Write::delete(session.key()).when(Condition::item_exists());
        Ok([end, self.user_event_write(session.user, act)?])
    }

    /// Ends all sign-ins of a person but `kept`.
    pub async fn end_other_sign_ins(
        &self,
        user: UserId,
        kept: Option<&Credential>,
        act: &UserAct,
    ) -> Result<()> {
        let mut writes = self.ends_of_others(user, kept).await?;
        writes.push(self.user_event_write(user, act)?);
        // Deletions without a condition are never refused.
        let (Transacted::Done | Transacted::Refused(_)) = self.table.transact(writes).await?;
        self.sweep_other_sign_ins(user, kept).await
    }

    /// The writes that end all sign-ins of a person but `kept`, as many as fit into the transaction of an act.
    pub(crate) async fn ends_of_others(
        &self,
        user: UserId,
        kept: Option<&Credential>,
    ) -> Result<Vec<Write>> {
        let others = self.sign_ins(user).await?.others(kept);
        let ended = others.into_iter().take(ENDED_AT_ONCE);
        Ok(ended.map(Write::delete).collect())
    }

    /// Ends what began between the look for sign-ins and the act that was to end them, and what did not fit into its
    /// transaction. Nothing begins by the old secret once the act is done.
    pub(crate) async fn sweep_other_sign_ins(
        &self,
        user: UserId,
        kept: Option<&Credential>,
    ) -> Result<()> {
        let others = self.sign_ins(user).await?.others(kept);
        // However many there are: somebody with the old secret may have signed in for days.
        self.table.batch_delete(others).await
    }
}
