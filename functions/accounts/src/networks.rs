//! Which networks there are, what each accepts and how accounts are connected.

use api::permission::ReadAccounts;
use api::{Can, Json};
use axum::extract::State;
use domain::network::{ConnectMethod, CredentialField, Rules};
use networks::Network;
use serde::Serialize;
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
struct NetworkView {
    /// The short stable name.
    #[schema(example = "bluesky")]
    id: String,
    /// The name for people.
    name: &'static str,
    /// `credentials` that the person types, or `oauth`: the network's own consent page.
    #[schema(value_type = String, example = "credentials")]
    connect: ConnectMethod,
    /// What a post may have there.
    #[schema(value_type = Object)]
    rules: Rules,
    /// The fields of `credentials`.
    credential_fields: Vec<CredentialFieldView>,
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
    _: Can<ReadAccounts>,
) -> Json<NetworkList> {
    Json(NetworkList {
        items: ctx
            .networks
            .iter()
            .map(|network| NetworkView::of(&**network))
            .collect(),
    })
}

impl NetworkView {
    fn of(network: &dyn Network) -> Self {
        let fields = network.credential_fields();
        Self {
            id: network.id().into(),
            name: network.name(),
            connect: network.connect_method(),
            rules: network.rules().clone(),
            credential_fields: fields.iter().map(CredentialFieldView::from).collect(),
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
