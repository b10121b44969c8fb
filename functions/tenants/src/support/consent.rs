//! `GET`, `POST` and `DELETE /v1/tenants/{id}/support-consent`

use api::permission::{self, ReadTenant};
use api::{CanIn, Json, Path, SignedIn};
use axum::extract::State;
use domain::support::{CONSENT_DAYS, SupportConsent};
use domain::{Error, FieldError, SupportConsentId, TenantId, UserId};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Act;
use utoipa::ToSchema;

use crate::{Ctx, TRIES};

/// Days for which support is allowed unless an owner says otherwise.
const DAYS: u16 = 1;

/// Whether support may look into the tenant.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = SupportConsent)]
pub(crate) struct ConsentView {
    /// Until when; `null` where it may not.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// The owner who allowed it.
    #[schema(value_type = Option<String>)]
    given_by: Option<UserId>,
    /// When they did.
    #[schema(value_type = Option<String>, format = DateTime)]
    given_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllowSupport {
    /// For how many days: 1, 3 or 7, else 1.
    #[serde(default)]
    #[schema(example = 3)]
    days: Option<u16>,
}

impl ConsentView {
    fn new(consent: Option<SupportConsent>, now: Timestamp) -> Self {
        match consent.filter(|consent| consent.holds(now)) {
            None => Self::default(),
            Some(consent) => Self {
                until: Some(consent.until),
                given_by: Some(consent.given_by),
                given_at: Some(consent.given_at),
            },
        }
    }
}

/// Whether support may look into the tenant. Who looked, when and why is in the audit log, under `support`.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}/support-consent",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses((status = OK, description = "The consent", body = ConsentView))
)]
pub(crate) async fn get_support_consent(
    State(ctx): State<Ctx>,
    caller: CanIn<ReadTenant>,
    Path(id): Path<TenantId>,
) -> api::Result<Json<ConsentView>> {
    let member = ctx.member(&caller, id).await?;
    let found = ctx.table.tenant(&member.scope).support_consent().await?;
    Ok(Json(ConsentView::new(found, ctx.clock.now())))
}

/// Lets support look into the tenant for some days, in the place of what was allowed before. Support reads posts,
/// accounts, media, members and settings, for an hour each time; it changes nothing, and sees no credentials, keys or logs.
#[utoipa::path(
    post,
    path = "/v1/tenants/{id}/support-consent",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    request_body = AllowSupport,
    responses((status = OK, description = "The consent", body = ConsentView))
)]
pub(crate) async fn allow_support(
    State(ctx): State<Ctx>,
    caller: CanIn<permission::AllowSupport>,
    Path(id): Path<TenantId>,
    Json(body): Json<AllowSupport>,
) -> api::Result<Json<ConsentView>> {
    let days = days(body.days).map_err(|error| Error::Invalid(vec![error]))?;
    for _ in 0..TRIES {
        let member = ctx.member(&caller, id).await?;
        let tenant = ctx.table.tenant(&member.scope);
        let now = ctx.clock.now();
        let found = tenant.support_consent().await?;
        let present = found.as_ref().filter(|consent| consent.holds(now));
        let consent = SupportConsent {
            // Who looks at the moment goes on: it is one consent with another end.
            id: present.map_or_else(|| SupportConsentId::generate(ctx.table.ids()), |one| one.id),
            tenant: id,
            given_by: caller.person.user,
            given_at: now,
            until: now.saturating_add(days).unwrap_or(now),
        };
        let act = act(&caller.person, now);
        if tenant
            .allow_support(&consent, found.as_ref(), &member.standing, &act)
            .await?
        {
            return Ok(Json(ConsentView::new(Some(consent), now)));
        }
    }
    Err(Error::StaleVersion.into())
}

/// Takes the consent back. Whoever looks is out at their next request.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{id}/support-consent",
    tag = "tenants",
    params(("id" = String, Path, description = "The tenant")),
    responses((status = NO_CONTENT, description = "Support may not look into the tenant"))
)]
pub(crate) async fn withdraw_support(
    State(ctx): State<Ctx>,
    caller: CanIn<permission::AllowSupport>,
    Path(id): Path<TenantId>,
) -> api::Result<StatusCode> {
    let member = ctx.member(&caller, id).await?;
    let tenant = ctx.table.tenant(&member.scope);
    for _ in 0..TRIES {
        let now = ctx.clock.now();
        let found = tenant.support_consent().await?;
        let Some(consent) = found.filter(|consent| consent.holds(now)) else {
            return Ok(StatusCode::NO_CONTENT);
        };
        if tenant
            .withdraw_support(&consent, &act(&caller.person, now))
            .await?
        {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Error::StaleVersion.into())
}

fn days(wanted: Option<u16>) -> Result<SignedDuration, FieldError> {
    let days = wanted.unwrap_or(DAYS);
    if CONSENT_DAYS.contains(&days) {
        return Ok(SignedDuration::from_hours(24 * i64::from(days)));
    }
    Err(FieldError::new(
        "/days",
        "out_of_range",
        "choose 1, 3 or 7 days",
    ))
}

fn act(caller: &SignedIn, at: Timestamp) -> Act {
    Act {
        actor: caller.actor(),
        at,
    }
}
