//! What a tenant asks of whoever acts in it, and who may change that.

use api::SignedIn;
use domain::membership::Permission;
use domain::{Error, Result, TenantId};
use jiff::SignedDuration;
use store::Member;

use crate::Ctx;

pub(crate) mod edit;
mod fields;
pub(crate) mod read;
mod view;

/// For this long an owner must have had their second factor to come back from outside of their own list: whoever stole
/// a password, and added a factor with it, is found out by the mail about it until then.
const FACTOR_SETTLED: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Somebody who manages a tenant's security.
struct Guardian {
    member: Member,
    /// Whether the tenant takes nothing else from where they are.
    is_outside: bool,
}

impl Ctx {
    /// The caller, if they may manage the security of the tenant of a path.
    ///
    /// Of a tenant whose addresses changed nobody could change its list any more. So these routes are open to its owners
    /// from everywhere, by a recent proof with a second factor that they did not only just add.
    async fn guardian(&self, caller: &SignedIn, tenant: TenantId) -> Result<Guardian> {
        let member = self.table.system().member(caller.user, tenant).await?;
        let member = member.ok_or(Error::NotFound { kind: "tenant" })?;
        let wanted = Permission::ManageTenant;
        let circumstances = &caller.circumstances;
        let Err(refusal) = circumstances.check_address(&member.tenant) else {
            api::allow(&member, circumstances, wanted)?;
            return Ok(Guardian {
                member,
                is_outside: false,
            });
        };
        let now = self.clock.now();
        let since = now.saturating_sub(FACTOR_SETTLED).unwrap_or(now);
        let system = self.table.system();
        if !member.membership.role.is_owner()
            || !system.has_had_second_factor(caller.user, since).await?
        {
            return Err(refusal);
        }
        self.gate.check_recent(&caller.credential)?;
        circumstances.check_age(&member.tenant)?;
        api::may(&member.standing, &member.tenant, wanted)?;
        Ok(Guardian {
            member,
            is_outside: true,
        })
    }
}
