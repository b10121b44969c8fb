//! `PATCH /v1/tenants/{id}`

use api::permission::ManageTenant;
use api::{CanIn, IfMatch, Json, Path, SignedIn, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::event::{Event, EventKind, Owner, Subject};
use domain::tenant::{Tenant, WeekStart};
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
    /// Language tag (BCP 47), such as `en` or `de-AT`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String)]
    locale: Option<String>,
    /// The day on which weeks begin: `monday`, `saturday` or `sunday`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String)]
    week_start: Option<WeekStart>,
    /// 1 to 168 hours after which an overdue post is missed rather than sent; of posts that are planned from now on.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u32)]
    max_lateness_hours: Option<u32>,
}

/// Changes a tenant's name and settings. With `If-Match`, only if nobody else did since.
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
    caller: CanIn<ManageTenant>,
    Path(id): Path<TenantId>,
    seen: IfMatch,
    Json(body): Json<EditTenant>,
) -> api::Result<impl IntoResponse> {
    for _ in 0..TRIES {
        let member = ctx.member(&caller, id).await?;
        seen.check(member.tenant.version)?;
        match ctx.edit(&caller.person, &member, &body).await {
            Err(Error::StaleVersion) => {}
            edited => {
                let edited = edited?;
                let view = TenantView::new(&edited, member.membership.role);
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
            owner: Owner::Tenant(changed.id),
            at: changed.updated_at,
            kind: EventKind::TenantChanged,
            actor: caller.actor(),
            subject: Subject::Tenant(changed.id),
            origin: None,
            detail: json!({
                "name": changed.name,
                "time_zone": changed.time_zone,
                "locale": changed.locale,
                "week_start": changed.week_start,
                "max_lateness_hours": changed.max_lateness_hours,
            }),
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
    let locale = body.locale.as_deref().map(fields::locale).transpose();
    let lateness = body.max_lateness_hours.map(fields::lateness).transpose();
    match (name, time_zone, locale, lateness) {
        (Ok(name), Ok(time_zone), Ok(locale), Ok(lateness)) => Ok(Tenant {
            name: name.unwrap_or_else(|| tenant.name.clone()),
            time_zone: time_zone.unwrap_or_else(|| tenant.time_zone.clone()),
            locale: locale.unwrap_or_else(|| tenant.locale.clone()),
            week_start: body.week_start.unwrap_or(tenant.week_start),
            max_lateness_hours: lateness.unwrap_or(tenant.max_lateness_hours),
            ..tenant.clone()
        }),
        (name, time_zone, locale, lateness) => Err(Error::Invalid(
            [name.err(), time_zone.err(), locale.err(), lateness.err()]
                .into_iter()
                .flatten()
                .collect(),
        )),
    }
}
