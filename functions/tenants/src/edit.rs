//! `PATCH /v1/tenants/{id}`

use api::{IfMatch, Json, Path, SignedIn, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::event::{Event, Subject};
use domain::membership::Permission;
use domain::tenant::Tenant;
use domain::{Error, EventId, OperationId, Result, TenantId};
use serde::Deserialize;
use serde_json::json;
use store::Member;
use utoipa::ToSchema;

use crate::fields::{self, present};
use crate::tenant_view::TenantView;
use crate::{Ctx, TRIES};

/// A merge patch (RFC 7396): what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditTenant {
    /// 1 to 100 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String)]
    name: Option<String>,
    /// Name of an IANA time zone.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String)]
    time_zone: Option<String>,
}

/// Changes a tenant's name or zone. With `If-Match`, only if nobody else did since.
#[utoipa::path(
    patch,
    path = "/v1/tenants/{id}",
    tag = "tenants",
    params(
        ("id" = String, Path, description = "The tenant"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read"),
    ),
    request_body = EditTenant,
    responses((status = OK, description = "The tenant after it", body = TenantView))
)]
pub(crate) async fn edit_tenant(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    Path(id): Path<TenantId>,
    seen: IfMatch,
    Json(body): Json<EditTenant>,
) -> api::Result<impl IntoResponse> {
    for _ in 0..TRIES {
        let member = ctx.member(&caller, id, Permission::ManageTenant).await?;
        seen.check(member.tenant.version)?;
        match ctx.edit(&caller, &member, &body).await {
            Err(Error::StaleVersion) => {}
            edited => {
                let edited = edited?;
                let view = TenantView::new(&edited, member.role);
                return Ok((etag(edited.version), Json(view)));
            }
        }
    }
    Err(Error::StaleVersion.into())
}

impl Ctx {
    /// The tenant after the edit; [`Error::StaleVersion`] where somebody else changed it since it was read.
    async fn edit(&self, caller: &SignedIn, member: &Member, body: &EditTenant) -> Result<Tenant> {
        let mut changed = edited(&member.tenant, body)?;
        if changed == member.tenant {
            return Ok(changed);
        }
        changed.version += 1;
        changed.updated_at = self.clock.now();
        let event = Event {
            id: EventId::generate(self.table.ids()),
            tenant: changed.id,
            at: changed.updated_at,
            kind: "tenant.changed",
            actor: caller.actor(),
            subject: Subject::Tenant(changed.id),
            detail: json!({ "name": changed.name, "time_zone": changed.time_zone }),
            operation: OperationId::generate(self.table.ids()),
        };
        let tenant = self.table.tenant(&member.scope);
        tenant.change_head(&changed, &event).await?;
        Ok(changed)
    }
}

fn edited(tenant: &Tenant, body: &EditTenant) -> Result<Tenant> {
    let name = body.name.as_deref().map(fields::name).transpose();
    let time_zone = body.time_zone.as_deref().map(fields::time_zone).transpose();
    match (name, time_zone) {
        (Ok(name), Ok(time_zone)) => Ok(Tenant {
            name: name.unwrap_or_else(|| tenant.name.clone()),
            time_zone: time_zone.unwrap_or_else(|| tenant.time_zone.clone()),
            ..tenant.clone()
        }),
        (name, time_zone) => Err(Error::Invalid(
            [name.err(), time_zone.err()]
                .into_iter()
                .flatten()
                .collect(),
        )),
    }
}
