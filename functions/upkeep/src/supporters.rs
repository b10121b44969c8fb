//! The first people of the platform's own tenant, by an operator's order: nobody else can invite anybody there.

use domain::event::Actor;
use domain::membership::{AccountLimit, AssignedRole, Membership, Role};
use domain::tenant::{Limits, ROOT_TENANT};
use domain::{Error, Result, UserId};
use serde::Serialize;
use store::{Act, Admission, Admitted, MemberSaved, TenantTable};

use crate::Ctx;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SupporterAppointed {
    /// Whether they could support nobody before.
    pub is_new: bool,
}

/// Makes somebody an admin of the platform's tenant: they can support tenants that allow it, and invite others. A member
/// who is less becomes one, too; an owner or admin stays what they are. [`Error::StaleVersion`] where the membership
/// changed at that moment: nothing happened.
pub async fn appoint_supporter(ctx: &Ctx, user: UserId) -> Result<SupporterAppointed> {
    let waker = &ctx.reconciler.waker;
    let (system, now) = (waker.table.system(), waker.clock.now());
    if system.stored_user(user).await?.is_none() {
        return Err(Error::NotFound { kind: "user" });
    }
    let act = Act {
        actor: Actor::system("operator"),
        at: now,
    };
    let platform = system.platform();
    let is_new = match platform.membership(user).await? {
        None => admit(&platform, user, &act).await?,
        Some(member) if may_support(&member) => false,
        Some(member) => promote(&platform, &member, &act).await?,
    };
    if is_new {
        tracing::info!(user.id = %user, "somebody may support tenants that allow it");
    }
    Ok(SupporterAppointed { is_new })
}

/// Owners and admins alone have the permission.
fn may_support(member: &Membership) -> bool {
    matches!(
        member.role,
        AssignedRole::BuiltIn(Role::Owner | Role::Admin)
    )
}

async fn admit(platform: &TenantTable<'_>, user: UserId, act: &Act) -> Result<bool> {
    let membership = Membership {
        tenant: ROOT_TENANT,
        user,
        role: Role::Admin.into(),
        limit: AccountLimit::Unlimited,
        version: 1,
        created_at: act.at,
    };
    let admission = Admission {
        membership: &membership,
        members_max: Limits::DEFAULT.members,
        held: &[],
        invitation: None,
    };
    match platform.admit_member(&admission, act).await? {
        Admitted::Done => Ok(true),
        // Somebody else admitted them meanwhile, as whatever: the next try looks at it.
        Admitted::Already | Admitted::Stale => Err(Error::StaleVersion),
    }
}

async fn promote(platform: &TenantTable<'_>, member: &Membership, act: &Act) -> Result<bool> {
    let changed = Membership {
        role: Role::Admin.into(),
        limit: AccountLimit::Unlimited,
        version: member.version.saturating_add(1),
        ..member.clone()
    };
    match platform.change_member(member, &changed, &[], act).await? {
        MemberSaved::Done => Ok(true),
        MemberSaved::Stale | MemberSaved::LastOwner => Err(Error::StaleVersion),
    }
}
