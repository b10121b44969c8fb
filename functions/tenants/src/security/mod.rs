//! What a tenant asks of whoever acts in it, and who may change that.

use api::CanIn;
use api::permission::ManageTenant;
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
    async fn guardian(&self, caller: &CanIn<ManageTenant>, tenant: TenantId) -> Result<Guardian> {
        let person = &caller.person;
        let member = self.table.system().member(person.user, tenant).await?;
        let member = member.ok_or(Error::NotFound { kind: "tenant" })?;
        let circumstances = &person.circumstances;
        let Err(refusal) = circumstances.check_address(&member.tenant) else {
            caller.check(&member)?;
            return Ok(Guardian {
                member,
                is_outside: false,
            });
        };
        let now = self.clock.now();
        let since = now.saturating_sub(FACTOR_SETTLED).unwrap_or(now);
        let system = self.table.system();
        if !member.membership.role.is_owner()
            || !system.has_had_second_factor(person.user, since).await?
        {
            return Err(refusal);
        }
        self.gate.check_recent(&person.credential)?;
        circumstances.check_age(&member.tenant)?;
        caller.check_rights(&member)?;
        Ok(Guardian {
            member,
            is_outside: true,
        })
    }
}
