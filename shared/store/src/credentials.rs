//! From a credential to who asks: one read of the credential, the membership and the tenant, for every request, so
//! that a revocation or another role acts at once.

use domain::{FamilyId, Result, TenantId, UserId};
use jiff::Timestamp;

use crate::item::{decode, is};
use crate::key::{Key, SecretHash};
use crate::memberships::{Member, member_in};
use crate::refresh_families::{FamilyItem, RefreshFamily};
use crate::scope::SystemTable;
use crate::sessions::{Session, SessionItem};

/// What a request shows. User and tenant are hints that say where to read; what is read decides.
#[derive(Clone, Debug)]
pub enum CredentialKey {
    /// A browser's session.
    Session {
        /// Whose it claims to be.
        user: UserId,
        /// The hash of its secret.
        secret: SecretHash,
        /// Where it claims to act.
        tenant: Option<TenantId>,
    },
    /// A program's access token.
    Family {
        /// Whose it is.
        user: UserId,
        /// The sign-in that it belongs to.
        family: FamilyId,
        /// Where it acts.
        tenant: Option<TenantId>,
    },
}

/// A credential that is known and was not ended. Times are for the caller to check.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A browser's session.
    Session(Session),
    /// A program's sign-in.
    Family(RefreshFamily),
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Identified {
    /// By what.
    pub credential: Credential,
    /// In which tenant; `None` where the credential is bound to none, or to one that the person may no longer enter.
    pub member: Option<Member>,
}

impl Credential {
    /// Whose it is.
    pub fn user(&self) -> UserId {
        match self {
            Self::Session(session) => session.user,
            Self::Family(family) => family.user,
        }
    }

    /// When its person last proved who they are; `None` for a credential that no person stands behind.
    pub fn proved_at(&self) -> Option<Timestamp> {
        match self {
            Self::Session(session) => Some(session.proved_at),
            Self::Family(family) => Some(family.proved_at),
        }
    }

    /// Where it acts.
    pub fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Session(session) => session.tenant,
            Self::Family(family) => family.tenant,
        }
    }
}

impl Credential {
    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Session(session) => session.key(),
            Self::Family(family) => family.key(),
        }
    }
}

impl CredentialKey {
    fn parts(&self) -> (UserId, Option<TenantId>, Key) {
        match self {
            Self::Session {
                user,
                secret,
                tenant,
            } => (*user, *tenant, Key::session(*user, secret)),
            Self::Family {
                user,
                family,
                tenant,
            } => (*user, *tenant, Key::refresh_family(*user, *family)),
        }
    }
}

impl SystemTable<'_> {
    /// Who shows this credential; `None` if nobody does, or not with this tenant.
    pub async fn identify(&self, shown: &CredentialKey) -> Result<Option<Identified>> {
        let (user, tenant, key) = shown.parts();
        let mut keys = vec![key];
        if let Some(tenant) = tenant {
            keys.extend([Key::membership(tenant, user), Key::tenant(tenant)]);
        }
        let mut credential = None;
        let mut others = Vec::new();
        for attributes in self.table.batch_get(&keys).await? {
            if is::<SessionItem>(&attributes) {
                let item = decode::<SessionItem>(attributes)?;
                credential = Some(Credential::Session(item.into()));
            } else if is::<FamilyItem>(&attributes) {
                let item = decode::<FamilyItem>(attributes)?;
                credential = Some(Credential::Family(item.into()));
            } else {
                others.push(attributes);
            }
        }
        let Some(credential) = credential.filter(|credential| credential.tenant() == tenant) else {
            return Ok(None);
        };
        let member = member_in(self.table, others).await?;
        Ok(Some(Identified { credential, member }))
    }
}
