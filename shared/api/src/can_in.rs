//! Who asks for something of a tenant that a path names.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use store::{Member, SupportAccess};

use crate::actor::SignedIn;
use crate::allow::{allow, allow_support, may};
use crate::gate::Gate;
use crate::permission::PermissionType;
use crate::problem::Problem;
use crate::route::Access;

/// A person who asks for what the permission `P` allows in the tenant of a path, whichever their credential is bound to.
/// Whether they have it there, the handler asks here once it has found them, and it cannot ask for another permission. For
/// routes that are declared by [`crate::route::can_in`].
#[derive(Clone, Debug)]
pub struct CanIn<P> {
    /// Who.
    pub person: SignedIn,
    permission: PhantomData<fn() -> P>,
}

impl<P: PermissionType> CanIn<P> {
    /// Whether they may as the member of a tenant that they are.
    pub fn check(&self, member: &Member) -> domain::Result<()> {
        allow(member, &self.person.circumstances, P::PERMISSION)
    }

    /// The same for a member whose circumstances were looked at before.
    pub fn check_rights(&self, member: &Member) -> domain::Result<()> {
        may(&member.standing, &member.tenant, P::PERMISSION)
    }

    /// Whether they may in the tenant that they look into.
    pub fn check_support(&self, access: &SupportAccess) -> domain::Result<()> {
        allow_support(access, &self.person.circumstances, P::PERMISSION)
    }
}

impl<P, S> FromRequestParts<S> for CanIn<P>
where
    P: PermissionType,
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let gate = Gate::from_ref(state);
        let declared = Access::CanIn(P::PERMISSION);
        Ok(Self {
            person: SignedIn::by(parts, &gate, declared).await?,
            permission: PhantomData,
        })
    }
}
