//! Who asks, as extractors: no handler gets a tenant's scope but through them.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use domain::event;
use domain::event::Supporter;
use domain::tenant::Tenant;
use domain::{Error, UserId};
use http::request::Parts;
use store::{Credential, Identified, Member, Session, Standing, SupportAccess, TenantScope};

use crate::allow::{allow, allow_support, reads_only};
use crate::circumstances::Circumstances;
use crate::gate::Gate;
use crate::permission::PermissionType;
use crate::problem::Problem;
use crate::route::{Access, Recent, Supported};
use crate::witness::Witness;

/// A person who is signed in, in whatever tenant or none; never a program with a key. For routes that are declared by
/// [`crate::route::signed_in`].
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// By what.
    pub credential: Credential,
    /// In which tenant.
    pub member: Option<Member>,
    /// Which tenant they look into instead; only on routes that are declared by [`crate::route::supported`].
    pub support: Option<SupportAccess>,
    /// From where they ask, and how lately they proved who they are.
    pub circumstances: Circumstances,
}

/// Somebody with the permission `P` in the tenant of their credential. For routes that are declared by
/// [`crate::route::can`].
#[derive(Clone, Debug)]
pub struct Can<P> {
    /// The right to reach the tenant's items.
    pub scope: TenantScope,
    /// Who; of a program, whoever made its key.
    pub user: UserId,
    /// What they may do besides, for acts whose right depends on what they are about.
    pub standing: Standing,
    /// The tenant, as it is at this request.
    pub tenant: Tenant,
    actor: event::Actor,
    sign_in: Option<String>,
    session: Option<Session>,
    permission: PhantomData<fn() -> P>,
}

impl SignedIn {
    /// Who is written into events.
    pub fn actor(&self) -> event::Actor {
        match &self.support {
            Some(access) => supporter(self.user, access),
            None => event::Actor::User(self.user),
        }
    }

    /// The session of their browser: what starts, ends or replaces one is not for programs.
    pub fn browser(&self) -> domain::Result<&Session> {
        match &self.credential {
            Credential::Session(session) => Ok(session),
            Credential::Family(_) => Err(browser_required()),
        }
    }

    /// Who sent the request, on a route that declares `wanted`.
    pub(crate) async fn by(parts: &Parts, gate: &Gate, wanted: Access) -> domain::Result<Self> {
        require(parts, wanted)?;
        let identified = identify(parts, gate).await?;
        let circumstances = Circumstances::of(parts, &identified, gate.clock().now());
        match identified {
            Identified::Person { credential, member } => Ok(Self {
                user: credential.user(),
                credential,
                member,
                support: None,
                circumstances,
            }),
            Identified::Supporter { session, access } => {
                parts.extensions.get::<Supported>().ok_or_else(reads_only)?;
                Ok(Self {
                    user: session.user,
                    credential: Credential::Session(session),
                    member: None,
                    support: Some(*access),
                    circumstances,
                })
            }
            Identified::Program { .. } => Err(person_required()),
        }
    }
}

impl<P> Can<P> {
    /// Who is written into events: the person, or the key of the program.
    pub fn actor(&self) -> event::Actor {
        self.actor.clone()
    }

    /// Whether they look into a tenant that is not theirs.
    pub fn is_support(&self) -> bool {
        matches!(self.actor, event::Actor::Support(_))
    }

    /// By which sign-in of a person, under the name that it keeps to its end; `None` for a program with a key, and for support.
    pub fn sign_in(&self) -> Option<&str> {
        self.sign_in.as_deref()
    }

    /// The session of their browser in a tenant of theirs: what replaces one is not for programs.
    pub fn browser(&self) -> domain::Result<&Session> {
        self.session.as_ref().ok_or_else(browser_required)
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let gate = Gate::from_ref(state);
        Ok(Self::by(parts, &gate, Access::SignedIn).await?)
    }
}

impl<P, S> FromRequestParts<S> for Can<P>
where
    P: PermissionType,
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        require(parts, Access::Can(P::PERMISSION))?;
        let gate = Gate::from_ref(state);
        let identified = identify(parts, &gate).await?;
        let circumstances = Circumstances::of(parts, &identified, gate.clock().now());
        let actor = actor(&identified);
        let sign_in = match &identified {
            Identified::Person { credential, .. } => Some(credential.sign_in()),
            // Who looks into somebody else's tenant begins nothing there.
            Identified::Supporter { .. } | Identified::Program { .. } => None,
        };
        let session = match &identified {
            Identified::Person {
                credential: Credential::Session(session),
                ..
            } => Some(session.clone()),
            Identified::Person { .. }
            | Identified::Supporter { .. }
            | Identified::Program { .. } => None,
        };
        let member = match identified {
            Identified::Person { credential, member } => {
                member.ok_or_else(|| without_tenant(&credential))?
            }
            Identified::Supporter { session, access } => {
                if !parts.method.is_safe() {
                    return Err(reads_only().into());
                }
                allow_support(&access, &circumstances, P::PERMISSION)?;
                return Ok(Self {
                    user: session.user,
                    standing: access.standing(),
                    scope: access.scope,
                    tenant: access.tenant,
                    actor,
                    sign_in,
                    session: None,
                    permission: PhantomData,
                });
            }
            // A key that was stored with more than keys may have, by other code than this, has no more by it.
            Identified::Program { .. } if !P::PERMISSION.is_for_keys() => {
                return Err(person_required().into());
            }
            Identified::Program { key, member } => {
                // Before the use of the key is noted.
                circumstances.check_address(&member.tenant)?;
                gate.take(parts, &key).await?;
                member
            }
        };
        allow(&member, &circumstances, P::PERMISSION)?;
        let Member {
            scope,
            membership,
            standing,
            tenant,
        } = member;
        Ok(Self {
            scope,
            user: membership.user,
            standing,
            tenant,
            actor,
            sign_in,
            session,
            permission: PhantomData,
        })
    }
}

/// Who sent the request, by a proof that is as recent as the route demands.
async fn identify(parts: &Parts, gate: &Gate) -> domain::Result<Identified> {
    let identified = gate.identify(parts).await?;
    if let Some(scope) = identified.scope() {
        Witness::tell(parts, gate, scope.clone(), actor(&identified));
    }
    let is_recent_needed = parts.extensions.get::<Recent>().is_some();
    match &identified {
        Identified::Person { credential, .. } if is_recent_needed => {
            gate.check_recent(credential)?;
        }
        Identified::Program { .. } if is_recent_needed => return Err(person_required()),
        // No such route is open to them: a proof would not help.
        Identified::Supporter { .. } if is_recent_needed => return Err(reads_only()),
        Identified::Person { .. } | Identified::Supporter { .. } | Identified::Program { .. } => {}
    }
    Ok(identified)
}

fn actor(identified: &Identified) -> event::Actor {
    match identified {
        Identified::Person { credential, .. } => event::Actor::User(credential.user()),
        Identified::Supporter { session, access } => supporter(session.user, access),
        Identified::Program { key, .. } => event::Actor::ApiKey(key.id),
    }
}

fn supporter(user: UserId, access: &SupportAccess) -> event::Actor {
    let tenant = access.supporter.tenant.id;
    event::Actor::Support(Supporter { user, tenant })
}

/// Somebody who is in no tenant asks for something of one.
fn without_tenant(credential: &Credential) -> Error {
    match credential {
        Credential::Session(Session {
            support: Some(_), ..
        }) => Error::Forbidden {
            code: "support_ended",
            detail: "the time to look into the tenant is over, or its consent: choose a tenant of yours (POST /v1/auth/switch)"
                .to_owned(),
        },
        Credential::Session(_) | Credential::Family(_) => Error::Forbidden {
            code: "tenant_required",
            detail: "choose a tenant first: POST /v1/auth/switch".to_owned(),
        },
    }
}

/// A program asks for what only a browser does.
fn browser_required() -> Error {
    Error::Forbidden {
        code: "person_required",
        detail: "programs cannot do this: sign in with a browser".to_owned(),
    }
}

/// A program asks for what is for people.
fn person_required() -> Error {
    Error::Forbidden {
        code: "person_required",
        detail: "API keys cannot do this: sign in".to_owned(),
    }
}

/// A handler whose extractor differs from its route's declaration never answers.
fn require(parts: &Parts, wanted: Access) -> domain::Result<()> {
    match parts.extensions.get::<Access>() {
        Some(declared) if *declared == wanted => Ok(()),
        declared => Err(Error::internal(
            "a route and its handler disagree about who may call it",
            format!("declared {declared:?}, wanted {wanted:?}"),
        )),
    }
}
