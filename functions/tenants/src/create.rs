//! `POST /v1/tenants`

use std::collections::BTreeMap;

use api::{Command, Json, SignedIn, etag};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access_policy::AccessPolicy;
use domain::event::{Event, EventKind, Owner, Subject};
use domain::membership::{AccountLimit, AssignedRole, Membership, Role};
use domain::tenant::{
    DEFAULT_MAX_LATENESS_HOURS, Limits, Locale, ROOT_TENANT, Tenant, TenantState, TimeZoneName,
    WeekStart,
};
use domain::{Error, EventId, OperationId, Result, TenantId};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::json;
use store::{Credential, IdempotencyClaim, Member, NewTenant, TenantCreated};
use utoipa::ToSchema;

use crate::Ctx;
use crate::fields;
use crate::tenant_view::TenantView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTenant {
    /// 1 to 100 characters.
    name: String,
    /// Name of an IANA time zone.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
}

/// Makes a tenant that the caller owns. A browser's session acts in it from then on; a program calls `switch`.
#[utoipa::path(
    post,
    path = "/v1/tenants",
    tag = "tenants",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer like the first call")),
    request_body = CreateTenant,
    responses(
        (status = CREATED, description = "The tenant", body = TenantView),
        (status = CONFLICT, description = "`too_many_tenants`"),
        (status = TOO_MANY_REQUESTS, description = "`tenants_held_back`"),
    )
)]
pub(crate) async fn create_tenant(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    command: Command<CreateTenant>,
) -> api::Result<Response> {
    let (name, time_zone) = wanted(&command.body)?;
    let claim = command.claim.as_ref();
    if let Some(made) = ctx.made_before(&caller, claim).await? {
        return Ok(ctx.answer_again(&caller, &made).await?);
    }
    let now = ctx.clock.now();
    ctx.limits.admit(&ctx.table, caller.user, now).await?;
    let tenant = ctx.new_tenant(name, time_zone);
    let owner = Membership {
        tenant: tenant.id,
        user: caller.user,
        role: Role::Owner.into(),
        limit: AccountLimit::Unlimited,
        version: 1,
        created_at: tenant.created_at,
    };
    let event = Event {
        id: EventId::generate(ctx.table.ids()),
        owner: Owner::Tenant(tenant.id),
        at: tenant.created_at,
        kind: EventKind::TenantCreated,
        actor: caller.actor(),
        subject: Subject::Tenant(tenant.id),
        origin: None,
        detail: json!({ "name": tenant.name, "time_zone": tenant.time_zone }),
        operation: OperationId::generate(ctx.table.ids()),
    };
    let rebound = match &caller.credential {
        Credential::Session(old) => Some((old, ctx.gate.rebind(&*ctx.random, old, tenant.id))),
        Credential::Family(_) => None,
    };
    let new = NewTenant {
        tenant: &tenant,
        owner: &owner,
        event: &event,
        made_max: ctx.limits.made,
        claim,
        sessions: rebound.as_ref().map(|(old, new)| (*old, &new.session)),
    };
    let outcome = ctx.table.system().create_tenant(&new).await?;
    if outcome != TenantCreated::Done {
        ctx.limits.take_back(&ctx.table, caller.user).await?;
    }
    match outcome {
        TenantCreated::Done => {
            let mut response = created(&tenant, Role::Owner.into());
            if let Some((_, new)) = rebound {
                response.headers_mut().insert(SET_COOKIE, new.set_cookie);
            }
            Ok(response)
        }
        TenantCreated::KeyTaken => {
            let made = ctx.made_before(&caller, claim).await?;
            let made = made.ok_or(Error::NotFound { kind: "tenant" })?;
            Ok(ctx.answer_again(&caller, &made).await?)
        }
        TenantCreated::SessionEnded => Err(Error::unauthenticated().into()),
        TenantCreated::TooMany => Err(ctx.limits.too_many().into()),
    }
}

fn wanted(body: &CreateTenant) -> Result<(String, TimeZoneName)> {
    match (fields::name(&body.name), fields::time_zone(&body.time_zone)) {
        (Ok(name), Ok(time_zone)) => Ok((name, time_zone)),
        (name, time_zone) => Err(Error::Invalid(
            [name.err(), time_zone.err()]
                .into_iter()
                .flatten()
                .collect(),
        )),
    }
}

fn created(tenant: &Tenant, role: AssignedRole) -> Response {
    let body = Json(TenantView::new(tenant, role));
    (StatusCode::CREATED, etag(tenant.version), body).into_response()
}

impl Ctx {
    fn new_tenant(&self, name: String, time_zone: TimeZoneName) -> Tenant {
        let now = self.clock.now();
        Tenant {
            id: TenantId::generate(self.table.ids()),
            parent: Some(ROOT_TENANT),
            ancestors: vec![ROOT_TENANT],
            name,
            time_zone,
            locale: Locale::english(),
            week_start: WeekStart::default(),
            state: TenantState::Active,
            limits: Limits::DEFAULT,
            max_lateness_hours: DEFAULT_MAX_LATENESS_HOURS,
            default_options: BTreeMap::new(),
            requires_second_factor: false,
            access: AccessPolicy::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// What an earlier call with the same idempotency key made.
    async fn made_before(
        &self,
        caller: &SignedIn,
        claim: Option<&IdempotencyClaim>,
    ) -> Result<Option<Made>> {
        let Some(claim) = claim else {
            return Ok(None);
        };
        let system = self.table.system();
        let now = self.clock.now();
        let Some(tenant) = system.tenant_of_key(caller.user, claim, now).await? else {
            return Ok(None);
        };
        if let Some(member) = system.member(caller.user, tenant).await? {
            return Ok(Some(Made::Alive(member)));
        }
        let deleted = system.deleted_tenant(tenant).await?;
        let deleted = deleted.ok_or(Error::NotFound { kind: "tenant" })?;
        Ok(Some(Made::Deleted(deleted)))
    }

    /// The first answer once more. A session that lost the first one is bound now.
    async fn answer_again(&self, caller: &SignedIn, made: &Made) -> Result<Response> {
        let member = match made {
            Made::Alive(member) => member,
            Made::Deleted(tenant) => return Ok(created(tenant, Role::Owner.into())),
        };
        let tenant = &member.tenant;
        let mut response = created(tenant, member.membership.role);
        if let Credential::Session(old) = &caller.credential
            && old.tenant != Some(tenant.id)
        {
            let rebound = self.gate.rebind(&*self.random, old, tenant.id);
            let system = self.table.system();
            if !system.replace_session(old, &rebound.session).await? {
                return Err(Error::unauthenticated());
            }
            response
                .headers_mut()
                .insert(SET_COOKIE, rebound.set_cookie);
        }
        Ok(response)
    }
}

/// What an idempotency key stands for.
enum Made {
    /// A tenant that the caller may enter.
    Alive(Member),
    /// A tenant that was deleted since.
    Deleted(Tenant),
}
