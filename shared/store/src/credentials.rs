//! From a credential to who asks: one read of the credential, the membership, the tenant and whether its person's account
//! ended, for every request, so that a revocation, another role or that end acts at once.

use domain::api_key::ApiKey;
use domain::{ApiKeyId, FamilyId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};

use crate::api_keys::ApiKeyItem;
use crate::departures;
use crate::item::{decode, is};
use crate::key::{Key, SecretHash};
use crate::memberships::{Member, keyed_member_in, member_in};
use crate::refresh_families::{FamilyItem, RefreshFamily};
use crate::scope::{SystemTable, TenantScope};
use crate::sessions::{Session, SessionItem};
use crate::support::SupportAccess;
use crate::users::keys_ended_at;

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
    /// A program's key.
    ApiKey {
        /// Who made it, as it claims.
        user: UserId,
        /// Which it claims to be.
        key: ApiKeyId,
        /// The hash of its secret.
        secret: SecretHash,
        /// Where it acts.
        tenant: TenantId,
    },
}

/// The sign-in of a person that is known and was not ended. Times are for the caller to check.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A browser's session.
    Session(Session),
    /// A program's sign-in.
    Family(RefreshFamily),
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Identified {
    /// Somebody who signed in.
    Person {
        /// By what.
        credential: Credential,
        /// In which tenant; `None` where the credential is bound to none, or to one that the person may no longer enter.
        member: Option<Member>,
    },
    /// Somebody who looks into a tenant that is not theirs.
    Supporter {
        /// By what.
        session: Session,
        /// What they reach. Its time, and their own rights, are for the caller to check.
        access: Box<SupportAccess>,
    },
    /// A program, in the place of whoever made its key.
    Program {
        /// The key. Its time and addresses are for the caller to check.
        key: ApiKey,
        /// Its maker, with no more rights than the key has.
        member: Member,
    },
}

impl Identified {
    /// The right to reach the items of the tenant in which they act, or look.
    pub fn scope(&self) -> Option<&TenantScope> {
        match self {
            Self::Person { member, .. } => member.as_ref().map(|member| &member.scope),
            Self::Supporter { access, .. } => Some(&access.scope),
            Self::Program { member, .. } => Some(&member.scope),
        }
    }
}

impl Credential {
    /// Whose it is.
    pub fn user(&self) -> UserId {
        match self {
            Self::Session(session) => session.user,
            Self::Family(family) => family.user,
        }
    }

    /// What it is called in lists. Says nothing about its secret.
    pub fn name(&self) -> String {
        match self {
            Self::Session(session) => session.name(),
            Self::Family(family) => family.id.to_string(),
        }
    }

    /// What the sign-in is known by from its beginning to its end: unlike a session's name it stays when a proof of the
    /// person gives the session another secret. Sessions of the version before are known by when they began.
    pub fn sign_in(&self) -> String {
        match self {
            Self::Session(session) => match &session.began_with {
                Some(first) => format!("ses_{}", first.beginning()),
                None => format!("ses_{}", session.started_at.as_millisecond()),
            },
            Self::Family(family) => family.id.to_string(),
        }
    }

    /// When its person last proved who they are.
    pub fn proved_at(&self) -> Timestamp {
        match self {
            Self::Session(session) => session.proved_at,
            Self::Family(family) => family.proved_at,
        }
    }

    /// The longest time without use since then, until now.
    pub fn idle_by(&self, now: Timestamp) -> SignedDuration {
        match self {
            Self::Session(session) => session.idle_by(now),
            Self::Family(family) => family.idle_by(now),
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

impl SystemTable<'_> {
    /// Who shows this credential; `None` if nobody does, or not with this tenant. One read, and another one where what
    /// they may do is made of roles and groups of the tenant, of the second factor that it requires, or of its consent to
    /// be looked into; a third where whoever looks in has a role or groups that their own tenant made.
    pub async fn identify(&self, shown: &CredentialKey) -> Result<Option<Identified>> {
        match shown {
            CredentialKey::Session {
                user,
                secret,
                tenant,
            } => {
                let key = Key::session(*user, secret);
                self.person(*user, *tenant, key).await
            }
            CredentialKey::Family {
                user,
                family,
                tenant,
            } => {
                let key = Key::refresh_family(*user, *family);
                self.person(*user, *tenant, key).await
            }
            CredentialKey::ApiKey {
                user,
                key,
                secret,
                tenant,
            } => self.program(*user, *tenant, *key, secret).await,
        }
    }

    async fn person(
        &self,
        user: UserId,
        tenant: Option<TenantId>,
        key: Key,
    ) -> Result<Option<Identified>> {
        let mut keys = vec![key, Key::departure(user)];
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
            } else if departures::is_departure(&attributes) {
                return Ok(None);
            } else {
                others.push(attributes);
            }
        }
        let Some(credential) = credential.filter(|credential| credential.tenant() == tenant) else {
            return Ok(None);
        };
        // Whoever looks into a tenant is nothing else there meanwhile, and nobody once that is over.
        if let Credential::Session(session) = &credential
            && let Some(binding) = &session.support
        {
            let access = self.support_access(session, binding, others).await?;
            return Ok(Some(match access {
                Some(access) => Identified::Supporter {
                    session: session.clone(),
                    access: Box::new(access),
                },
                None => Identified::Person {
                    credential,
                    member: None,
                },
            }));
        }
        let member = member_in(self.table, others).await?;
        Ok(Some(Identified::Person { credential, member }))
    }

    async fn program(
        &self,
        user: UserId,
        tenant: TenantId,
        key: ApiKeyId,
        secret: &SecretHash,
    ) -> Result<Option<Identified>> {
        let keys = [
            Key::api_key(&TenantScope::of_own_item(tenant), key),
            Key::membership(tenant, user),
            Key::tenant(tenant),
            Key::user(user),
            Key::departure(user),
        ];
        let mut found = None;
        let mut ended_at = None;
        let mut others = Vec::new();
        for attributes in self.table.batch_get(&keys).await? {
            if is::<ApiKeyItem>(&attributes) {
                found = Some(decode::<ApiKeyItem>(attributes)?);
            } else if departures::is_departure(&attributes) {
                return Ok(None);
            } else {
                ended_at = ended_at.max(keys_ended_at(&attributes)?);
                others.push(attributes);
            }
        }
        let key = found.and_then(|item| item.opened_by(user, secret));
        let Some(key) = key.filter(|key| Some(key.created_at) > ended_at) else {
            return Ok(None);
        };
        let member = keyed_member_in(self.table, others, &key).await?;
        Ok(member.map(|member| Identified::Program { key, member }))
    }
}
