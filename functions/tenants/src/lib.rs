//! Tenants: made, read, changed, exported and deleted by their members.
//!
//! * **Trigger**: the HTTP API, `/v1/tenants*`, `/v1/audit*`, `/v1/exports*`, `/v1/imports*` and `/v1/support-sessions*`.
//! * **Keys**: tries keys that tenants have in AWS accounts of their own, for a version that no tenant's key has; opens
//!   none.
//! * **Permissions**: reads and writes tenants, memberships, events and idempotency keys; replaces the caller's session;
//!   disconnects the accounts of a tenant that is deleted; signs addresses from which volumes of exports are read, and to
//!   which those of imports are uploaded.
//! * **Failure**: every act is one transaction; without the table nothing happens (503). What a deletion did not reach is
//!   found by the dispatcher. A tenant that the caller may not enter is answered like one that does not exist.

use std::sync::Arc;

use api::permission::{
    AllowSupport, DeleteTenant, ExportTenant, ManageTenant, PermissionType, ReadAudit, ReadTenant,
    SupportTenants,
};
use api::route::{can, can_in, gated, recent, signed_in, supported};
use api::{CanIn, Gate};
use axum::extract::FromRef;
use cloud::config::{BucketConfig, OwnKeysConfig, PublicUrlConfig};
use cloud::keys::OwnKeys;
use cloud::objects::ObjectStore;
use domain::tenant::Tenant;
use domain::{Clock, Error, Random, Result, TenantId};
use engine::Deployment;
use store::{Member, Table, TenantScope};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

mod audit;
mod create;
mod delete;
mod deleted;
mod edit;
mod encryption_key;
mod export_audit;
mod exports;
mod fields;
mod imports;
mod limits;
mod reach;
mod read;
mod restore;
mod security;
mod support;
mod tenant_view;
mod usage;

use crate::tenant_view::Place;

pub use crate::limits::TenantLimits;

/// Tries of a change that does not say which version it means, while others change the tenant.
const TRIES: u32 = 5;

/// What the function needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Finds out who asks.
    pub gate: Gate,
    /// The table.
    pub table: Table,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes the secrets of sessions.
    pub random: Arc<dyn Random>,
    /// The volumes of exports.
    pub objects: Arc<dyn ObjectStore>,
    /// Tries tenants' own keys.
    pub own_keys: OwnKeys,
    /// How many tenants one person makes.
    pub limits: TenantLimits,
}

/// What a deployment configures.
pub type Config = (BucketConfig, PublicUrlConfig, OwnKeysConfig);

impl Ctx {
    /// The function of a deployment.
    pub fn deployed(deployment: &Deployment, (bucket, public_url, own_keys): Config) -> Self {
        let objects = deployment.objects(&bucket);
        let own_keys = deployment.own_keys(own_keys);
        let Deployment {
            clock,
            random,
            table,
            ..
        } = deployment;
        Self {
            gate: Gate::new(table.clone(), Arc::clone(clock), &public_url.url),
            table: table.clone(),
            clock: Arc::clone(clock),
            random: Arc::clone(random),
            objects,
            own_keys,
            limits: TenantLimits::strict(),
        }
    }

    /// The caller's membership in the tenant of a path, if it includes the route's permission. The path names the tenant
    /// here, and only here: these routes are about tenants, not in one.
    async fn member<P: PermissionType>(
        &self,
        caller: &CanIn<P>,
        tenant: TenantId,
    ) -> Result<Member> {
        let user = caller.person.user;
        let member = self.table.system().member(user, tenant).await?;
        let member = member.ok_or(Error::NotFound { kind: "tenant" })?;
        caller.check(&member)?;
        Ok(member)
    }

    /// The same for whoever reads the tenant: as a member of it, or looking into it with its consent.
    async fn reader<P: PermissionType>(
        &self,
        caller: &CanIn<P>,
        tenant: TenantId,
    ) -> Result<Reader> {
        let Some(access) = &caller.person.support else {
            let member = self.member(caller, tenant).await?;
            return Ok(Reader {
                scope: member.scope,
                tenant: member.tenant,
                place: member.membership.role.into(),
            });
        };
        if access.tenant.id != tenant {
            return Err(Error::NotFound { kind: "tenant" });
        }
        caller.check_support(access)?;
        Ok(Reader {
            scope: access.scope.clone(),
            tenant: access.tenant.clone(),
            place: Place::Support,
        })
    }
}

/// Whoever reads a tenant.
struct Reader {
    scope: TenantScope,
    tenant: Tenant,
    place: Place,
}

impl FromRef<Ctx> for Gate {
    fn from_ref(ctx: &Ctx) -> Self {
        ctx.gate.clone()
    }
}

/// The function's routes.
pub fn router(ctx: Ctx) -> OpenApiRouter {
    let gate = ctx.gate.clone();
    let routes = OpenApiRouter::default()
        .routes(signed_in(routes!(
            create::create_tenant,
            read::list_tenants
        )))
        .routes(supported(can_in::<ReadTenant, _>(routes!(
            read::get_tenant
        ))))
        .routes(can_in::<ManageTenant, _>(routes!(edit::edit_tenant)))
        .routes(recent(can_in::<DeleteTenant, _>(routes!(
            delete::delete_tenant
        ))))
        .routes(can_in::<ManageTenant, _>(routes!(
            security::read::get_security
        )))
        .routes(recent(can_in::<ManageTenant, _>(routes!(
            security::edit::edit_security
        ))))
        .routes(can_in::<DeleteTenant, _>(routes!(
            encryption_key::get_encryption_key
        )))
        .routes(recent(can_in::<DeleteTenant, _>(routes!(
            encryption_key::name_encryption_key,
            encryption_key::remove_encryption_key
        ))))
        .routes(supported(can_in::<ReadTenant, _>(routes!(
            usage::get_usage
        ))))
        // Nobody has a permission in a tenant that is deleted: it looks for its owners itself.
        .routes(recent(signed_in(routes!(restore::restore_tenant))))
        .routes(signed_in(routes!(deleted::list_deleted_tenants)))
        .routes(can_in::<ReadTenant, _>(routes!(
            support::consent::get_support_consent
        )))
        .routes(can_in::<AllowSupport, _>(routes!(
            support::consent::withdraw_support
        )))
        .routes(recent(can_in::<AllowSupport, _>(routes!(
            support::consent::allow_support
        ))))
        .routes(recent(can::<SupportTenants, _>(routes!(
            support::session::begin_support
        ))))
        .routes(supported(signed_in(routes!(support::session::end_support))))
        .routes(can::<ReadAudit, _>(routes!(audit::list_audit)))
        // A program with a key reads the list, which has the same events.
        .routes(recent(can::<ReadAudit, _>(routes!(
            export_audit::export_audit
        ))))
        .routes(recent(can::<ExportTenant, _>(routes!(
            exports::request::request_export
        ))))
        .routes(can::<ExportTenant, _>(routes!(exports::read::list_exports)))
        .routes(can::<ExportTenant, _>(routes!(exports::read::get_export)))
        .routes(recent(can::<ExportTenant, _>(routes!(
            exports::links::link_export
        ))))
        .routes(recent(can::<ManageTenant, _>(routes!(
            imports::request::request_import
        ))))
        .routes(can::<ManageTenant, _>(routes!(imports::read::list_imports)))
        .routes(can::<ManageTenant, _>(routes!(imports::read::get_import)))
        .routes(can::<ManageTenant, _>(routes!(
            imports::begin::check_import
        )))
        .routes(recent(can::<ManageTenant, _>(routes!(
            imports::begin::apply_import
        ))))
        .routes(can::<ManageTenant, _>(routes!(
            imports::cancel::cancel_import
        )))
        .with_state(ctx);
    gated(routes, gate)
}
