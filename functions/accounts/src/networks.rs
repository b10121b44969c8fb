//! Which networks there are, what each accepts and how accounts are connected.

use api::permission::ReadAccounts;
use api::{Can, Json};
use axum::extract::State;
use domain::network::{ConnectMethod, CredentialField, Rules};
use domain::tenant::Tenant;
use networks::Network;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Ctx;

/// All networks, in the order in which people see them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NetworkList {
    items: Vec<NetworkView>,
}

/// A social network.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Network)]
pub(crate) struct NetworkView {
    /// The short stable name.
    #[schema(example = "bluesky")]
    id: String,
    /// The name for people.
    name: &'static str,
    /// `credentials` that the person types, or `oauth`: the network's own consent page.
    #[schema(value_type = String, example = "credentials")]
    connect: ConnectMethod,
    /// Whether accounts can be connected by the network's own consent page: `POST /v1/accounts/authorizations`.
    consent_page: bool,
    /// What a post may have there.
    #[schema(value_type = Object)]
    rules: Rules,
    /// The fields of `credentials`.
    credential_fields: Vec<CredentialFieldView>,
    /// The options of the tenant's targets there that name none.
    #[schema(value_type = Object)]
    default_options: Map<String, Value>,
}

/// One field of a connect form.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CredentialField)]
struct CredentialFieldView {
    /// The name in `credentials`.
    name: &'static str,
    /// What people see beside it.
    label: &'static str,
    /// Whether it should be hidden while typed.
    secret: bool,
    /// Whether it may be left out.
    optional: bool,
    /// An example, or the default.
    placeholder: &'static str,
}

/// Lists the networks.
#[utoipa::path(
    get,
    path = "/v1/networks",
    tag = "accounts",
    responses((status = OK, description = "All networks", body = NetworkList))
)]
pub(crate) async fn list_networks(
    State(ctx): State<Ctx>,
    caller: Can<ReadAccounts>,
) -> Json<NetworkList> {
    Json(NetworkList {
        items: ctx
            .networks
            .iter()
            .map(|network| NetworkView::of(&**network, &caller.tenant))
            .collect(),
    })
}

impl NetworkView {
    pub(crate) fn of(network: &dyn Network, tenant: &Tenant) -> Self {
        let fields = network.credential_fields();
        Self {
            id: network.id().into(),
            name: network.name(),
            connect: network.connect_method(),
            consent_page: network.consent().is_some(),
            rules: network.rules().clone(),
            credential_fields: fields.iter().map(CredentialFieldView::from).collect(),
            default_options: tenant
                .default_options
                .get(&network.id())
                .cloned()
                .unwrap_or_default(),
        }
    }
}

impl From<&CredentialField> for CredentialFieldView {
    fn from(field: &CredentialField) -> Self {
        let CredentialField {
            name,
            label,
            secret,
            optional,
            placeholder,
        } = field.clone();
        Self {
            name,
            label,
            secret,
            optional,
            placeholder,
        }
    }
}
