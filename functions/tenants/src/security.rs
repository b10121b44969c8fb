//! `PATCH /v1/tenants/{id}/security`

use api::{IfMatch, Json, Path, SignedIn, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::event::{Event, EventKind, Owner, Subject};
use domain::membership::Permission;
use domain::tenant::Tenant;
use domain::{Error, EventId, OperationId, Result, TenantId};
use serde::Deserialize;
use serde_json::json;
use store::Member;
use utoipa::ToSchema;

use crate::fields::present;
use crate::tenant_view::TenantView;
use crate::{Ctx, TRIES};

/// A merge patch (RFC 7396): what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditSecurity {
    /// Whether members without a passkey or an authenticator app are kept out until they have one. Only somebody who has
    /// one can turn it on.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool)]
    requires_second_factor: Option<bool>,
}

/// Changes how members must prove who they are. It acts at their next request, whenever they signed in, and on the API
/// keys that they made. With `If-Match`, only if nobody else changed the tenant since.
#[utoipa::path(
    patch,
    path = "/v1/tenants/{id}/security",
    tag = "tenants",
    params(
        ("id" = String, Path, description = "The tenant"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read"),
    ),
    request_body = EditSecurity,
    responses((status = OK, description = "The tenant after it", body = TenantView))
)]
pub(crate) async fn edit_security(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    Path(id): Path<TenantId>,
    seen: IfMatch,
    Json(body): Json<EditSecurity>,
) -> api::Result<impl IntoResponse> {
    for _ in 0..TRIES {
        let member = ctx.member(&caller, id, Permission::ManageTenant).await?;
        seen.check(member.tenant.version)?;
        match ctx.secure(&caller, &member, &body).await {
            Err(Error::StaleVersion) => {}
            secured => {
                let secured = secured?;
                let view = TenantView::new(&secured, member.membership.role);
                return Ok((etag(secured.version), Json(view)));
            }
        }
    }
    Err(Error::StaleVersion.into())
}

impl Ctx {
    /// The tenant after the change; [`Error::StaleVersion`] where somebody else changed it since it was read.
    async fn secure(
        &self,
        caller: &SignedIn,
        member: &Member,
        body: &EditSecurity,
    ) -> Result<Tenant> {
        let before = &member.tenant;
        let required = body.requires_second_factor;
        let required = required.unwrap_or(before.requires_second_factor);
        if required == before.requires_second_factor {
            return Ok(before.clone());
        }
        let system = self.table.system();
        // Whoever turns it on would lock themselves out, and perhaps be the only one who could turn it off.
        if required && !system.has_second_factor(caller.user).await? {
            return Err(Error::field(
                "/requires_second_factor",
                "second_factor_missing",
                "add a passkey or an authenticator app to your own account first",
            ));
        }
        let changed = Tenant {
            requires_second_factor: required,
            version: before.version + 1,
            updated_at: self.clock.now(),
            ..before.clone()
        };
        let event = Event {
            id: EventId::generate(self.table.ids()),
            owner: Owner::Tenant(changed.id),
            at: changed.updated_at,
            kind: EventKind::TenantSecurityChanged,
            actor: caller.actor(),
            subject: Subject::Tenant(changed.id),
            origin: None,
            detail: json!({ "requires_second_factor": required }),
            operation: OperationId::generate(self.table.ids()),
        };
        let tenant = self.table.tenant(&member.scope);
        tenant.change_head(&changed, &event).await?;
        Ok(changed)
    }
}
