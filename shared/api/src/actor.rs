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

/// Somebody who is signed in, in whatever tenant or none. For routes that are declared by [`crate::route::signed_in`].
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
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: AssignedRole,
    /// What they may do besides, for acts whose right depends on what they are about.
    pub standing: Standing,
    /// The tenant, as it is at this request.
    pub tenant: Tenant,
    permission: PhantomData<fn() -> P>,
}

impl SignedIn {
    /// Who is written into events.
    pub fn actor(&self) -> event::Actor {
        event::Actor::User(self.user)
    }
}

impl<P> Can<P> {
    /// Who is written into events.
    pub fn actor(&self) -> event::Actor {
        event::Actor::User(self.user)
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
        let Identified { credential, member } = identify(parts, &gate).await?;
        if let Some(member) = &member {
            let actor = event::Actor::User(credential.user());
            Witness::tell(parts, &gate, member.scope.clone(), actor);
        }
        Ok(Self {
            user: credential.user(),
            credential,
            member,
        })
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
        let user = identified.credential.user();
        let member = identified.member.ok_or_else(|| Error::Forbidden {
            code: "tenant_required",
            detail: "choose a tenant first: POST /v1/auth/switch".to_owned(),
        })?;
        Witness::tell(parts, &gate, member.scope.clone(), event::Actor::User(user));
        allow(&member, P::PERMISSION)?;
        let Member {
            scope,
            membership,
            standing,
            tenant,
        } = member;
        Ok(Self {
            scope,
            user,
            role: membership.role,
            standing,
            tenant,
            permission: PhantomData,
        })
    }
}

/// Who sent the request, by a proof that is as recent as the route demands.
async fn identify(parts: &Parts, gate: &Gate) -> domain::Result<Identified> {
    let identified = gate.identify(parts).await?;
    if parts.extensions.get::<Recent>().is_some() {
        gate.check_recent(&identified.credential)?;
    }
    Ok(identified)
}

/// Whether a member may do something, in the present state of the tenant.
pub fn allow(member: &Member, wanted: Permission) -> domain::Result<()> {
    may(&member.standing, &member.tenant, wanted)
}

/// The same for somebody whose membership was taken apart.
pub fn may(standing: &Standing, tenant: &Tenant, wanted: Permission) -> domain::Result<()> {
    let allowed = authorize(&standing.rights, Action::Use(wanted), Relation::OwnTenant);
    if allowed.is_err() {
        return Err(Error::Forbidden {
            code: "forbidden",
            detail: format!(
                "your role lacks the permission {}",
                permission::name(wanted)
            ),
        });
    }
    match tenant.state {
        TenantState::Active => Ok(()),
        TenantState::Suspended if permission::only_reads(wanted) => Ok(()),
        TenantState::Suspended | TenantState::Deleted => Err(Error::Forbidden {
            code: "tenant_suspended",
            detail: "the tenant is suspended: nothing can be changed in it".to_owned(),
        }),
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
