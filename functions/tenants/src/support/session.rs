//! `POST /v1/support-sessions`, `DELETE /v1/support-sessions/current`

use api::permission::SupportTenants;
use api::{Can, Json, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::{Actor, Supporter};
use domain::support::{REASON_MAX, REASON_MIN, SupportBinding, may_support, reason};
use domain::{Error, Result, TenantId, UserId};
use http::StatusCode;
use http::header::SET_COOKIE;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Act, ConsentingTenant, RateLimit, SupportBeginning, SupportBegun};
use utoipa::ToSchema;

use crate::Ctx;

/// Looks that somebody begins, or tries to begin, at once, and again in every [`BEGUN_PERIOD`]: more than
/// one after the other is work for, and fewer than it takes to go through the tenants.
const BEGUN: u32 = 20;
const BEGUN_PERIOD: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginSupport {
    #[schema(value_type = String, example = "ten_01jd8mz0000000000000000000")]
    tenant_id: TenantId,
    /// Why, in 10 to 500 characters: the tenant's owners read it.
    #[schema(example = "Ticket 1843: a post did not go out")]
    reason: String,
}

/// A look into a tenant that is not the caller's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupportSession)]
pub(crate) struct SupportSessionView {
    #[schema(value_type = String, example = "ten_01jd8mz0000000000000000000")]
    tenant_id: TenantId,
    name: String,
    /// When it ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// Looks into a tenant that allows it, for an hour at most. The session reads what support may read there, and nothing
/// else until it ends; its old id is dead. For members of the platform's tenant with the permission `support_tenants`,
/// with a second factor, in a browser; twenty times at once and twenty more in every hour, tries among them.
#[utoipa::path(
    post,
    path = "/v1/support-sessions",
    tag = "tenants",
    request_body = BeginSupport,
    responses(
        (status = CREATED, description = "The session looks into the tenant", body = SupportSessionView),
        (status = NOT_FOUND, description = "There is no such tenant, or it does not allow support"),
    )
)]
pub(crate) async fn begin_support(
    State(ctx): State<Ctx>,
    supporter: Can<SupportTenants>,
    Json(body): Json<BeginSupport>,
) -> api::Result<Response> {
    let old = supporter.browser()?;
    ctx.must_have_second_factor(supporter.user).await?;
    let reason = reason(&body.reason).ok_or_else(wrong_reason)?;
    let now = ctx.clock.now();
    ctx.admit_supporter(&supporter, now).await?;
    let into = ctx.open_to(&supporter, body.tenant_id, now).await?;
    let binding = SupportBinding {
        by: supporter.tenant.id,
        consent: into.consent.id,
        reason,
        until: into.consent.access_until(now, old.ends_at),
    };
    let tenant = &into.tenant;
    let bound = ctx
        .gate
        .bind_to_support(&*ctx.random, old, tenant.id, binding.clone());
    let beginning = SupportBeginning {
        old,
        new: &bound.session,
        binding: &binding,
        into: &into,
        held: &supporter.standing,
    };
    let act = Act {
        actor: Actor::Support(Supporter {
            user: supporter.user,
            tenant: supporter.tenant.id,
        }),
        at: now,
    };
    match ctx.table.system().begin_support(&beginning, &act).await? {
        SupportBegun::Done => {}
        SupportBegun::SessionEnded => return Err(Error::unauthenticated().into()),
        // Its consent, or the caller's right; which of them, a repeat says.
        SupportBegun::Stale => return Err(Error::NotFound { kind: "tenant" }.into()),
    }
    let view = SupportSessionView {
        tenant_id: tenant.id,
        name: tenant.name.clone(),
        until: binding.until,
    };
    let cookie = [(SET_COOKIE, bound.set_cookie)];
    Ok((StatusCode::CREATED, cookie, Json(view)).into_response())
}

/// Ends the look into another tenant. The session acts in the caller's own from then on, under another id.
#[utoipa::path(
    delete,
    path = "/v1/support-sessions/current",
    tag = "tenants",
    responses((status = NO_CONTENT, description = "It is over"))
)]
pub(crate) async fn end_support(State(ctx): State<Ctx>, caller: SignedIn) -> api::Result<Response> {
    let old = caller.browser()?;
    let binding = old.support.as_ref().ok_or(Error::NotFound {
        kind: "support session",
    })?;
    let rebound = ctx.gate.rebind(&*ctx.random, old, binding.by);
    let was_alive = if let Some(access) = &caller.support {
        let act = Act {
            actor: caller.actor(),
            at: ctx.clock.now(),
        };
        let tenant = ctx.table.tenant(&access.scope);
        tenant.end_support(old, &rebound.session, &act).await?
    } else {
        // It was over before, and the tenant may be gone.
        let system = ctx.table.system();
        system.replace_session(old, &rebound.session).await?
    };
    if !was_alive {
        return Err(Error::unauthenticated().into());
    }
    let cookie = [(SET_COOKIE, rebound.set_cookie)];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

impl Ctx {
    async fn must_have_second_factor(&self, supporter: UserId) -> Result<()> {
        if self.table.system().has_second_factor(supporter).await? {
            return Ok(());
        }
        Err(Error::Forbidden {
            code: "second_factor_missing",
            detail: "add a passkey or an authenticator app to your account first".to_owned(),
        })
    }

    /// Counts a try of a supporter, before anything is told of the tenant. Who has too many is a line in the log of the
    /// tenant that they belong to, once in the period.
    async fn admit_supporter(&self, supporter: &Can<SupportTenants>, now: Timestamp) -> Result<()> {
        let user = supporter.user;
        let subject = user.to_string();
        let system = self.table.system();
        let limit = RateLimit::per(BEGUN, BEGUN_PERIOD);
        let admitted = system.admit("support", &subject, limit, now).await;
        let Err(refusal @ Error::RateLimited { .. }) = admitted else {
            return admitted;
        };
        tracing::warn!(user.id = %user, "somebody looks into too many tenants for support");
        let once = RateLimit::per(1, BEGUN_PERIOD);
        let told = system.admit("support_told", &subject, once, now).await;
        if told.is_ok() {
            let act = Act {
                actor: Actor::User(user),
                at: now,
            };
            let detail = json!({ "route": "POST /v1/support-sessions", "code": refusal.code() });
            let own = self.table.tenant(&supporter.scope);
            own.note_denial(&act, detail).await?;
        }
        Err(refusal)
    }

    /// A tenant that lets the caller's look into it. Any other is answered like one that does not exist.
    async fn open_to(
        &self,
        supporter: &Can<SupportTenants>,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<ConsentingTenant> {
        let found = self.table.system().consenting_tenant(tenant).await?;
        found
            .filter(|found| found.consent.holds(now))
            .filter(|found| may_support(supporter.tenant.id, &found.tenant))
            .ok_or(Error::NotFound { kind: "tenant" })
    }
}

fn wrong_reason() -> Error {
    Error::field(
        "/reason",
        "invalid_reason",
        format!("say why in {REASON_MIN} to {REASON_MAX} characters"),
    )
}
