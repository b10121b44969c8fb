//! Whether somebody may: the decision of [`domain::membership::authorize`] in the present state of a tenant, and what a
//! refusal says.

use domain::Error;
use domain::membership::{Action, Permission, Relation, authorize};
use domain::tenant::{Tenant, TenantState};
use store::{Member, Standing, SupportAccess};

use crate::circumstances::Circumstances;
use crate::permission;

/// The code of what nobody does who looks into a tenant that is not theirs.
pub(crate) const SUPPORT_READS: &str = "support_read_only";

/// Whether a member may do something in these circumstances, in the present state of the tenant.
pub fn allow(
    member: &Member,
    circumstances: &Circumstances,
    wanted: Permission,
) -> domain::Result<()> {
    circumstances.check(&member.tenant)?;
    may(&member.standing, &member.tenant, wanted)
}

/// The same for somebody whose circumstances were looked at before, by their membership or what is left of it.
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

/// Whether somebody who looks into a tenant with its consent may use a permission there. They come from where the tenant
/// allows that they belong to: what its owners let in is somebody from elsewhere.
pub fn allow_support(
    access: &SupportAccess,
    circumstances: &Circumstances,
    wanted: Permission,
) -> domain::Result<()> {
    circumstances.check(&access.supporter.tenant)?;
    let rights = &access.supporter.standing.rights;
    authorize(rights, Action::Use(wanted), Relation::Supported).map_err(|_| reads_only())
}

/// Somebody who looks into a tenant wants more.
pub(crate) fn reads_only() -> Error {
    Error::Forbidden {
        code: SUPPORT_READS,
        detail:
            "support only reads, and neither credentials, keys nor logs: ask an owner to do this"
                .to_owned(),
    }
}
