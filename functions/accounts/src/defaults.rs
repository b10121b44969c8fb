//! `PATCH /v1/networks/defaults`

use api::permission::ManageTenant;
use api::{Can, Json};
use axum::extract::State;
use domain::event::{Event, EventKind, Owner, Subject};
use domain::network::NetworkId;
use domain::tenant::{DEFAULT_OPTIONS_BYTES_MAX, Tenant};
use domain::{Error, EventId, FieldError, OperationId, Result};
use networks::Network;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::networks::NetworkView;
use crate::{Ctx, ROUNDS};

/// What posts at a network have.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetDefaults {
    /// The network.
    #[schema(example = "bluesky")]
    network: String,
    /// All options, as a target of a post takes them; none for no defaults.
    #[schema(value_type = Object)]
    options: Map<String, Value>,
}

/// Sets the options that targets at a network have which name none. Posts that are there already keep theirs.
#[utoipa::path(
    patch,
    path = "/v1/networks/defaults",
    tag = "accounts",
    request_body = SetDefaults,
    responses((status = OK, description = "The network after it", body = NetworkView))
)]
pub(crate) async fn set_network_defaults(
    State(ctx): State<Ctx>,
    caller: Can<ManageTenant>,
    Json(body): Json<SetDefaults>,
) -> api::Result<Json<NetworkView>> {
    let network = ctx.network(&body.network)?;
    check(&*network, &body.options)?;
    let tenant = ctx
        .set_defaults(&caller, network.id(), &body.options)
        .await?;
    Ok(Json(NetworkView::of(&*network, &tenant)))
}

impl Ctx {
    async fn set_defaults(
        &self,
        caller: &Can<ManageTenant>,
        network: NetworkId,
        options: &Map<String, Value>,
    ) -> Result<Tenant> {
        let tenants = self.accounts(caller);
        for _ in 0..ROUNDS {
            let seen = tenants.head().await?;
            let mut changed = seen.clone();
            if options.is_empty() {
                changed.default_options.remove(&network);
            } else {
                let new = options.clone();
                changed.default_options.insert(network.clone(), new);
            }
            if changed == seen {
                return Ok(seen);
            }
            changed.version += 1;
            changed.updated_at = self.clock.now();
            let event = Event {
                id: EventId::generate(self.table.ids()),
                owner: Owner::Tenant(changed.id),
                at: changed.updated_at,
                kind: EventKind::TenantDefaultsChanged,
                actor: caller.actor(),
                subject: Subject::Tenant(changed.id),
                origin: None,
                detail: json!({ "network": network, "options": options }),
                operation: OperationId::generate(self.table.ids()),
            };
            match tenants.change_head(&changed, &event).await {
                Err(Error::StaleVersion) => {}
                done => return done.map(|()| changed),
            }
        }
        Err(Error::StaleVersion)
    }
}

fn check(network: &dyn Network, options: &Map<String, Value>) -> Result<()> {
    let options = Value::Object(options.clone());
    if options.to_string().len() > DEFAULT_OPTIONS_BYTES_MAX {
        return Err(Error::field(
            "/options",
            "too_long",
            format!("options may have {DEFAULT_OPTIONS_BYTES_MAX} bytes"),
        ));
    }
    network.check_options(&options).map_err(|errors| {
        let placed = errors.into_iter().map(|error| {
            let pointer = format!("/options{}", error.pointer);
            FieldError { pointer, ..error }
        });
        Error::Invalid(placed.collect())
    })
}
