//! Who asks, as extractors: no handler gets a tenant's scope but through them.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use domain::event;
use domain::membership::{Action, AssignedRole, Permission, Relation, authorize};
use domain::tenant::{Tenant, TenantState};
use domain::{Error, UserId};
use http::request::Parts;
use store::{Credential, Identified, Member, Standing, TenantScope};

use crate::gate::Gate;
use crate::permission::{self, PermissionType};
use crate::problem::Problem;
use crate::route::{Access, Recent};
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
}

/// Somebody with the permission `P` in the tenant of their credential. For routes that are declared by
/// [`crate::route::can`].
#[derive(Clone, Debug)]
pub struct Can<P> {
    /// The right to reach the tenant's items.
    pub scope: TenantScope,
    /// Who; of a program, whoever made its key.
    pub user: UserId,
    /// As what.
    pub role: AssignedRole,
    /// What they may do besides, for acts whose right depends on what they are about.
    pub standing: Standing,
    /// The tenant, as it is at this request.
    pub tenant: Tenant,
    actor: event::Actor,
    permission: PhantomData<fn() -> P>,
}

impl SignedIn {
    /// Who is written into events.
    pub fn actor(&self) -> event::Actor {
        event::Actor::User(self.user)
    }
}

impl<P> Can<P> {
    /// Who is written into events: the person, or the key of the program.
    pub fn actor(&self) -> event::Actor {
        self.actor.clone()
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        require(parts, Access::SignedIn)?;
        let gate = Gate::from_ref(state);
        match identify(parts, &gate).await? {
            Identified::Person { credential, member } => Ok(Self {
                user: credential.user(),
                credential,
                member,
            }),
            Identified::Program { .. } => Err(person_required().into()),
        }
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
        let actor = actor(&identified);
        let member = match identified {
            Identified::Person { member, .. } => member.ok_or_else(|| Error::Forbidden {
                code: "tenant_required",
                detail: "choose a tenant first: POST /v1/auth/switch".to_owned(),
            })?,
            // A key that was stored with more than keys may have, by other code than this, has no more by it.
            Identified::Program { .. } if !P::PERMISSION.is_for_keys() => {
                return Err(person_required().into());
            }
            Identified::Program { key, member } => {
                gate.take(parts, &key).await?;
                member
            }
        };
        allow(&member, P::PERMISSION)?;
        let Member {
            scope,
            membership,
            standing,
            tenant,
        } = member;
        Ok(Self {
            scope,
            user: membership.user,
            role: membership.role,
            standing,
            tenant,
            actor,
            permission: PhantomData,
        })
    }
}

/// Who sent the request, by a proof that is as recent as the route demands.
async fn identify(parts: &Parts, gate: &Gate) -> domain::Result<Identified> {
    let identified = gate.identify(parts).await?;
    if let Some(member) = identified.member() {
        Witness::tell(parts, gate, member.scope.clone(), actor(&identified));
    }
    let is_recent_needed = parts.extensions.get::<Recent>().is_some();
    match &identified {
        Identified::Person { credential, .. } if is_recent_needed => {
            gate.check_recent(credential)?;
        }
        Identified::Program { .. } if is_recent_needed => return Err(person_required()),
        Identified::Person { .. } | Identified::Program { .. } => {}
    }
    Ok(identified)
}

fn actor(identified: &Identified) -> event::Actor {
    match identified {
        Identified::Person { credential, .. } => event::Actor::User(credential.user()),
        Identified::Program { key, .. } => event::Actor::ApiKey(key.id),
    }
}

/// A program asks for what is for people.
fn person_required() -> Error {
    Error::Forbidden {
        code: "person_required",
        detail: "API keys cannot do this: sign in".to_owned(),
    }
}

/// Whether a member may do something, in the present state of the tenant.
pub fn allow(member: &Member, wanted: Permission) -> domain::Result<()> {
    may(&member.standing, &member.tenant, wanted)
}

/// The same for somebody whose membership was taken apart.
pub fn may(standing: &Standing, tenant: &Tenant, wanted: Permission) -> domain::Result<()> {
    if standing.lacks_second_factor {
        return Err(Error::Forbidden {
            code: "second_factor_missing",
            detail: format!(
                "{} requires a second factor of its members: add a passkey or an authenticator app to your account",
                tenant.name
            ),
        });
    }
    let allowed = authorize(&standing.rights, Action::Use(wanted), Relation::OwnTenant);
    if allowed.is_err() {
        return Err(Error::Forbidden {
            code: "forbidden",
            detail: format!("you lack the permission {}", permission::name(wanted)),
        });
    }
    match tenant.state {
        TenantState::Active => Ok(()),
        TenantState::Suspended if permission::only_reads(wanted) => Ok(()),
        TenantState::Suspended | TenantState::Deleted | TenantState::Erased => {
            Err(Error::Forbidden {
                code: "tenant_suspended",
                detail: "the tenant is suspended: nothing can be changed in it".to_owned(),
            })
        }
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
