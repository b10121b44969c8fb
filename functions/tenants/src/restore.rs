//! `POST /v1/tenants/{id}/restore`

use api::{Json, Path, SignedIn, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::event::{Event, EventKind, Owner, Subject};
use domain::membership::{AssignedRole, Role};
use domain::tenant::{Tenant, TenantState};
use domain::{Error, EventId, OperationId, TenantId};
use serde_json::Value;

use crate::tenant_view::TenantView;
use crate::{Ctx, TRIES};

/// Takes the deletion of a tenant back, within 14 days. What it had is there again; its accounts must be connected
/// again, and posts that waited stay cancelled.
#[utoipa::path(
    post,
    path = "/v1/tenants/{id}/restore",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses(
        (status = OK, description = "The tenant, which may act again", body = TenantView),
        (status = NOT_FOUND, description = "It was not deleted, or its 14 days are over, or it is not the caller's"),
    )
)]
pub(crate) async fn restore_tenant(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    Path(id): Path<TenantId>,
) -> api::Result<impl IntoResponse> {
    let system = ctx.table.system();
    for _ in 0..TRIES {
        let now = ctx.clock.now();
        let found = system.returnable_tenant(caller.user, id, now).await?;
        let (scope, deleted) = found.ok_or(Error::NotFound { kind: "tenant" })?;
        caller.circumstances.check(&deleted)?;
        let restored = Tenant {
            state: TenantState::Active,
            version: deleted.version + 1,
            updated_at: now,
            ..deleted
        };
        let event = Event {
            id: EventId::generate(ctx.table.ids()),
            owner: Owner::Tenant(id),
            at: now,
            kind: EventKind::TenantRestored,
            actor: caller.actor(),
            subject: Subject::Tenant(id),
            origin: None,
            detail: Value::Null,
            operation: OperationId::generate(ctx.table.ids()),
        };
        let tenant = ctx.table.tenant(&scope);
        match tenant.restore_head(&restored, caller.user, &event).await {
            Ok(()) => {
                let view = TenantView::new(&restored, AssignedRole::from(Role::Owner));
                return Ok((etag(restored.version), Json(view)));
            }
            Err(Error::StaleVersion) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::StaleVersion.into())
}
