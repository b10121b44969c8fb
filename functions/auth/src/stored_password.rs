//! Passwords as they are kept: hashed, and the hash sealed.

use cloud::envelope::Sealed;
use domain::tenant::ROOT_TENANT;
use domain::{Error, Result, UserId};
use store::{StoredPassword, StoredUser};
use zeroize::Zeroizing;

use crate::Ctx;
use crate::password::{self, Password, Verdict};

impl Ctx {
    /// The version of a person's password; `None` if this is not it. Keeps it better from now on if it was kept less
    /// well than today's are.
    pub(crate) async fn version_of(
        &self,
        known: &StoredUser,
        password: &Password,
    ) -> Result<Option<u64>> {
        let phc = self.stored_hash(known).await?;
        let kept = match self.hasher.verify(password, phc.clone()).await? {
            Verdict::Wrong => return Ok(None),
            Verdict::Right { is_outdated: false } => self.reseal_hash(known, &phc).await?,
            Verdict::Right { is_outdated: true } => self.renew_hash(known, password).await?,
        };
        match kept {
            Some(version) => Ok(Some(version)),
            None => self.version_by_now(known.user.id, password).await,
        }
    }

    /// The same where the password was stored anew since the person was read: by somebody else, or by another sign-in of
    /// theirs that keeps it better. Whoever keeps it now, keeps it well enough.
    async fn version_by_now(&self, user: UserId, password: &Password) -> Result<Option<u64>> {
        let Some(known) = self.table.system().stored_user(user).await? else {
            return Ok(None);
        };
        let phc = self.stored_hash(&known).await?;
        Ok(match self.hasher.verify(password, phc).await? {
            Verdict::Wrong => None,
            Verdict::Right { .. } => Some(known.password.version),
        })
    }

    /// What a person's workspaces are called: others know it, so a password is not made of it.
    pub(crate) async fn workspace_names(&self, user: UserId) -> Result<Vec<String>> {
        let members = self.table.system().memberships(user).await?;
        let names = members.into_iter().map(|belonging| belonging.tenant.name);
        Ok(names.collect())
    }

    /// A password as it is stored.
    pub(crate) async fn sealed_password(
        &self,
        user: UserId,
        version: u64,
        password: &Password,
    ) -> Result<StoredPassword> {
        let phc = self.hasher.hash(password, &*self.random).await?;
        self.seal_hash(user, version, &phc).await
    }

    /// The hash of a password as it is stored.
    pub(crate) async fn seal_hash(
        &self,
        user: UserId,
        version: u64,
        phc: &str,
    ) -> Result<StoredPassword> {
        let binding = password::binding(user, version);
        let sealed = self.envelope.seal(&binding, phc.as_bytes()).await?;
        Ok(StoredPassword {
            sealed: sealed.as_bytes().to_vec(),
            version,
        })
    }

    async fn stored_hash(&self, known: &StoredUser) -> Result<Zeroizing<String>> {
        let binding = password::binding(known.user.id, known.password.version);
        let sealed = Sealed::from_bytes(known.password.sealed.clone());
        let bytes = self.envelope.open(&binding, &sealed).await?;
        let text =
            std::str::from_utf8(&bytes).map_err(|error| Error::corrupt("password hash", error))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// The same hash under the newest key of the platform, where that was rotated. The version from then on; `None` where
    /// the password was stored anew meanwhile.
    async fn reseal_hash(&self, known: &StoredUser, phc: &str) -> Result<Option<u64>> {
        let (user, seen) = (known.user.id, known.password.version);
        let sealed = Sealed::from_bytes(known.password.sealed.clone());
        if self.envelope.is_newest(ROOT_TENANT, &sealed).await? {
            return Ok(Some(seen));
        }
        let resealed = self.seal_hash(user, seen + 1, phc).await?;
        self.keep_hash(user, seen, &resealed).await
    }

    /// The password is right and known now: the moment to keep it better. Its version from then on; `None` where it was
    /// stored anew meanwhile.
    async fn renew_hash(&self, known: &StoredUser, password: &Password) -> Result<Option<u64>> {
        let (user, seen) = (known.user.id, known.password.version);
        let renewed = self.sealed_password(user, seen + 1, password).await?;
        self.keep_hash(user, seen, &renewed).await
    }

    async fn keep_hash(
        &self,
        user: UserId,
        seen: u64,
        better: &StoredPassword,
    ) -> Result<Option<u64>> {
        let system = self.table.system();
        let is_kept = system.replace_password_hash(user, seen, better).await?;
        Ok(is_kept.then_some(better.version))
    }
}
