//! The first people of the platform's own tenant, by an operator's order: nobody else can invite anybody there.

use domain::event::Actor;
use domain::membership::{AccountLimit, Membership, Role};
use domain::tenant::{Limits, ROOT_TENANT};
use domain::{Error, Result, UserId};
use serde::Serialize;
use store::{Act, Admission, Admitted};

use crate::Ctx;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SupporterAppointed {
    /// Whether they were none before.
    pub is_new: bool,
}

/// Makes somebody an admin of the platform's tenant: they can support tenants that allow it, and invite others.
pub async fn appoint_supporter(ctx: &Ctx, user: UserId) -> Result<SupporterAppointed> {
    let waker = &ctx.reconciler.waker;
    let (system, now) = (waker.table.system(), waker.clock.now());
    if system.stored_user(user).await?.is_none() {
        return Err(Error::NotFound { kind: "user" });
    }
    let membership = Membership {
        tenant: ROOT_TENANT,
        user,
        role: Role::Admin.into(),
        limit: AccountLimit::Unlimited,
        version: 1,
        created_at: now,
    };
    let admission = Admission {
        membership: &membership,
        members_max: Limits::DEFAULT.members,
        held: &[],
        invitation: None,
    };
    let act = Act {
        actor: Actor::system("operator"),
        at: now,
    };
    let admitted = system.platform().admit_member(&admission, &act).await?;
    tracing::info!(user.id = %user, "somebody may support tenants that allow it");
    Ok(SupporterAppointed {
        is_new: admitted == Admitted::Done,
    })
}
