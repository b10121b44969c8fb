//! Who asks, as use cases need it.

use std::str::FromStr;

use api::Can;
use api::permission::PermissionType;
use domain::event::Actor;
use domain::id::InvalidId;
use domain::membership::Rights;
use domain::{Error, Result, TenantId, UserId};
use store::{Act, IdempotencyClaim, Standing, TenantScope, TenantTable};

use crate::Ctx;

/// Somebody with the permission of the route.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) user: UserId,
    actor: Actor,
    pub(crate) scope: TenantScope,
    pub(crate) standing: Standing,
    pub(crate) tenant: TenantId,
}

impl<P> From<Can<P>> for Asker {
    fn from(can: Can<P>) -> Self {
        Self {
            actor: can.actor(),
            user: can.user,
            scope: can.scope,
            standing: can.standing,
            tenant: can.tenant.id,
        }
    }
}

impl Asker {
    pub(crate) fn rights(&self) -> &Rights {
        &self.standing.rights
    }
}

impl Ctx {
    pub(crate) fn tenant(&self, asker: &Asker) -> TenantTable<'_> {
        self.table.tenant(&asker.scope)
    }

    pub(crate) fn act(&self, asker: &Asker) -> Act {
        Act {
            actor: asker.actor.clone(),
            at: self.clock.now(),
        }
    }

    /// What an earlier request with the idempotency key made.
    pub(crate) async fn made_before<T: FromStr<Err = InvalidId>>(
        &self,
        asker: &Asker,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<T>> {
        let Some(claim) = claim else {
            return Ok(None);
        };
        let tenant = self.tenant(asker);
        let made = tenant.remembered(claim, self.clock.now()).await?;
        made.map(|id| id.parse())
            .transpose()
            .map_err(|error: InvalidId| Error::corrupt("pointer", error))
    }

    /// The same person with the rights that they have by now: those that a decision rested on changed before its
    /// transaction.
    pub(crate) async fn once_more<P: PermissionType>(&self, asker: &Asker) -> Result<Asker> {
        let system = self.table.system();
        let member = system.member(asker.user, asker.tenant).await?;
        let member = member.ok_or_else(Error::unauthenticated)?;
        api::may(&member.standing, &member.tenant, P::PERMISSION)?;
        Ok(Asker {
            user: asker.user,
            actor: asker.actor.clone(),
            scope: member.scope,
            standing: member.standing,
            tenant: asker.tenant,
        })
    }
}

/// What is answered when things changed in every round.
pub(crate) fn too_busy() -> Error {
    Error::unavailable("the tenant", "its members changed in every round of an act")
}
