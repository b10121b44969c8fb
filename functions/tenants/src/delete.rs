//! `DELETE /v1/tenants/{id}`

use api::permission::DeleteTenant;
use api::{CanIn, IfMatch, Path};
use axum::extract::State;
use domain::event::{Event, EventKind, Owner, Subject};
use domain::tenant::{Tenant, TenantState};
use domain::{Error, EventId, OperationId, TenantId};
use http::StatusCode;
use serde_json::Value;
use store::TenantTable;

use crate::{Ctx, TRIES};

/// Deletes a tenant: its members lose it at once, and nothing of it is published any more. Its accounts are disconnected
/// and can be connected elsewhere, its waiting posts are cancelled. For 14 days an owner can take it back (`restore`);
/// then it is erased, and a signed certificate proves that.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{id}",
    tag = "tenants",
    params(
        ("id" = String, Path, description = "The tenant"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read"),
    ),
    responses((status = NO_CONTENT, description = "It is gone"))
)]
pub(crate) async fn delete_tenant(
    State(ctx): State<Ctx>,
    caller: CanIn<DeleteTenant>,
    Path(id): Path<TenantId>,
    seen: IfMatch,
) -> api::Result<StatusCode> {
    for _ in 0..TRIES {
        let member = ctx.member(&caller, id).await?;
        seen.check(member.tenant.version)?;
        let now = ctx.clock.now();
        let deleted = Tenant {
            state: TenantState::Deleted,
            version: member.tenant.version + 1,
            updated_at: now,
            ..member.tenant
        };
        let event = Event {
            id: EventId::generate(ctx.table.ids()),
            owner: Owner::Tenant(id),
            at: now,
            kind: EventKind::TenantDeleted,
            actor: caller.person.actor(),
            subject: Subject::Tenant(id),
            origin: None,
            detail: Value::Null,
            operation: OperationId::generate(ctx.table.ids()),
        };
        let tenant = ctx.table.tenant(&member.scope);
        match tenant
            .delete_head(&deleted, caller.person.user, &event)
            .await
        {
            Ok(()) => {
                ctx.close(tenant, id).await;
                return Ok(StatusCode::NO_CONTENT);
            }
            Err(Error::StaleVersion) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::StaleVersion.into())
}

impl Ctx {
    /// Disconnects the first accounts at once. Whatever this leaves is found by the tenant's attention entry, so a failure
    /// here is no failure of the request.
    async fn close(&self, tenant: TenantTable<'_>, id: TenantId) {
        if let Err(error) = tenant.close(self.clock.now()).await {
            tracing::warn!(
                tenant.id = %id,
                error = &error as &dyn std::error::Error,
                "the accounts of a deleted tenant are disconnected later"
            );
        }
    }
}
