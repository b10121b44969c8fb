//! `PATCH /v1/tenants/{id}/security`

use api::permission::ManageTenant;
use api::{CanIn, IfMatch, Json, Path, SignedIn, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::access_policy::{AccessPolicy, IDLE_MINUTES, SESSION_HOURS};
use domain::event::{Event, EventKind, Owner, Subject};
use domain::notice::NoticeCause;
use domain::tenant::Tenant;
use domain::{Error, EventId, OperationId, Result, TenantId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::Guardian;
use super::fields::{self, AllowAddresses};
use super::view::AllowedAddressesView;
use crate::fields::present;
use crate::tenant_view::TenantView;
use crate::{Ctx, TRIES};

/// A merge patch (RFC 7396): what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::option_option,
    reason = "what is absent stays, what is null is removed"
)]
pub(crate) struct EditSecurity {
    /// Whether members without a passkey or an authenticator app are kept out until they have one. Only somebody who has
    /// one can turn it on.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool)]
    requires_second_factor: Option<bool>,
    /// Up to 50 addresses or ranges that requests are taken from, in place of those before; from everywhere where there
    /// are none. The address of whoever changes it must be among them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<AllowAddresses>)]
    allowed_addresses: Option<Vec<AllowAddresses>>,
    /// 1 to 720 hours after which members must prove again who they are; `null` for no other limit than the product's:
    /// a day for browsers, thirty days for programs.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u16>)]
    session_hours: Option<Option<u16>>,
    /// 15 to 60 minutes without use after which they must; `null` for no other limit than the product's: an hour for
    /// browsers.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u16>)]
    idle_minutes: Option<Option<u16>>,
}

/// Changes what the tenant asks of whoever acts in it. It acts at their next request, whenever they signed in; second
/// factors and addresses also on the API keys that members made. With `If-Match`, only if nobody else changed the tenant
/// since. Owners with a second factor can change the addresses, and nothing else, from outside of them.
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
    caller: CanIn<ManageTenant>,
    Path(id): Path<TenantId>,
    seen: IfMatch,
    Json(body): Json<EditSecurity>,
) -> api::Result<impl IntoResponse> {
    for _ in 0..TRIES {
        let guardian = ctx.guardian(&caller, id).await?;
        seen.check(guardian.member.tenant.version)?;
        match ctx.secure(&caller.person, &guardian, &body).await {
            Err(Error::StaleVersion) => {}
            secured => {
                let secured = secured?;
                let view = TenantView::new(&secured, guardian.member.membership.role);
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
        guardian: &Guardian,
        body: &EditSecurity,
    ) -> Result<Tenant> {
        let before = &guardian.member.tenant;
        let wanted = wanted(before, body)?;
        if wanted == *before {
            return Ok(wanted);
        }
        self.must_stay_inside(caller, guardian, &wanted).await?;
        let changed = Tenant {
            version: before.version + 1,
            updated_at: self.clock.now(),
            ..wanted
        };
        let event = Event {
            id: EventId::generate(self.table.ids()),
            owner: Owner::Tenant(changed.id),
            at: changed.updated_at,
            kind: EventKind::TenantSecurityChanged,
            actor: caller.actor(),
            subject: Subject::Tenant(changed.id),
            origin: None,
            detail: detail(before, &changed, guardian.is_outside),
            operation: OperationId::generate(self.table.ids()),
        };
        let tenant = self.table.tenant(&guardian.member.scope);
        let owed = if changed.access.addresses == before.access.addresses {
            Vec::new()
        } else {
            // Whoever changed it is told, too: it may have been somebody else with their sign-in.
            let cause = NoticeCause::AllowedAddressesChanged {
                tenant: changed.id,
                version: changed.version,
            };
            tenant.notices_to_owners(&cause, changed.updated_at).await?
        };
        tenant.change_head_owing(&changed, &event, &owed).await?;
        Ok(changed)
    }

    /// Nobody locks themselves out, and perhaps everybody who could take that back.
    async fn must_stay_inside(
        &self,
        caller: &SignedIn,
        guardian: &Guardian,
        wanted: &Tenant,
    ) -> Result<()> {
        let before = &guardian.member.tenant;
        if guardian.is_outside {
            let only_addresses = Tenant {
                access: AccessPolicy {
                    addresses: wanted.access.addresses.clone(),
                    ..before.access.clone()
                },
                ..before.clone()
            };
            if *wanted != only_addresses {
                caller.circumstances.check_address(before)?;
            }
        }
        let address = caller.circumstances.address();
        let is_new = wanted.access.addresses != before.access.addresses;
        if is_new && !wanted.access.takes_address(address) {
            let message = match address {
                Some(address) => {
                    format!("add {address}, where you are now: else you lock yourself out")
                }
                None => "your own address is not known here: leave the list empty".to_owned(),
            };
            let pointer = "/allowed_addresses";
            return Err(Error::field(pointer, "own_address_missing", message));
        }
        let is_newly_required = wanted.requires_second_factor && !before.requires_second_factor;
        let system = self.table.system();
        if is_newly_required && !system.has_second_factor(caller.user).await? {
            return Err(Error::field(
                "/requires_second_factor",
                "second_factor_missing",
                "add a passkey or an authenticator app to your own account first",
            ));
        }
        Ok(())
    }
}

/// The tenant as it is to be, with the version that it has.
fn wanted(before: &Tenant, body: &EditSecurity) -> Result<Tenant> {
    let addresses = body.allowed_addresses.as_deref().map(fields::addresses);
    let hours = body
        .session_hours
        .map(|hours| fields::within("/session_hours", hours, &SESSION_HOURS));
    let minutes = body
        .idle_minutes
        .map(|minutes| fields::within("/idle_minutes", minutes, &IDLE_MINUTES));
    let policy = &before.access;
    match (
        addresses.transpose(),
        hours.transpose(),
        minutes.transpose(),
    ) {
        (Ok(addresses), Ok(hours), Ok(minutes)) => Ok(Tenant {
            requires_second_factor: body
                .requires_second_factor
                .unwrap_or(before.requires_second_factor),
            access: AccessPolicy {
                addresses: addresses.unwrap_or_else(|| policy.addresses.clone()),
                session_hours: hours.unwrap_or(policy.session_hours),
                idle_minutes: minutes.unwrap_or(policy.idle_minutes),
            },
            ..before.clone()
        }),
        (addresses, hours, minutes) => {
            let errors = [addresses.err(), hours.err(), minutes.err()];
            Err(Error::Invalid(errors.into_iter().flatten().collect()))
        }
    }
}

/// What changed, as it is now and as it was before.
fn detail(before: &Tenant, after: &Tenant, is_outside: bool) -> Value {
    let mut old = settings(before);
    let mut new = settings(after);
    old.retain(|name, value| new.get(name) != Some(value));
    new.retain(|name, _| old.contains_key(name));
    new.insert("before".to_owned(), Value::Object(old));
    if is_outside {
        new.insert("from_outside".to_owned(), Value::Bool(true));
    }
    Value::Object(new)
}

fn settings(tenant: &Tenant) -> Map<String, Value> {
    let policy = &tenant.access;
    let addresses = policy.addresses.iter().map(AllowedAddressesView::from);
    let settings = [
        (
            "requires_second_factor",
            json!(tenant.requires_second_factor),
        ),
        ("allowed_addresses", json!(addresses.collect::<Vec<_>>())),
        ("session_hours", json!(policy.session_hours)),
        ("idle_minutes", json!(policy.idle_minutes)),
    ];
    let named = settings.map(|(name, value)| (name.to_owned(), value));
    named.into_iter().collect()
}
