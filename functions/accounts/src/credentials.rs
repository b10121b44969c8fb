//! What a person types to connect an account.

use std::collections::BTreeMap;
use std::fmt;

use domain::FieldError;
use networks::Network;
use serde::Deserialize;
use utoipa::ToSchema;

/// Longest value of a field, in bytes: passwords and addresses are far shorter.
const VALUE_MAX: usize = 2_000;

/// The fields of a connect form; `Debug` shows no value.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = BTreeMap<String, String>)]
pub(crate) struct Credentials(BTreeMap<String, String>);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Credentials {
    /// The fields, if they are those of the network's form; else everything that is wrong with them.
    pub(crate) fn for_network(
        &self,
        network: &dyn Network,
    ) -> Result<&BTreeMap<String, String>, Vec<FieldError>> {
        let fields = network.credential_fields();
        let missing = fields
            .iter()
            .filter(|field| !field.optional && !self.0.contains_key(field.name))
            .map(|field| {
                wrong(
                    field.name,
                    "missing_field",
                    "this field is needed".to_owned(),
                )
            });
        let unknown = self
            .0
            .keys()
            .filter(|name| fields.iter().all(|field| field.name != name.as_str()))
            .map(|name| {
                let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
                let message = format!("{} takes: {}", network.name(), known.join(", "));
                wrong(name, "unknown_field", message)
            });
        let unfit = self.0.iter().filter_map(|(name, value)| {
            if value.trim().is_empty() {
                Some(wrong(
                    name,
                    "blank",
                    "this field must not be blank".to_owned(),
                ))
            } else if value.len() > VALUE_MAX {
                let message = format!("at most {VALUE_MAX} bytes");
                Some(wrong(name, "too_long", message))
            } else {
                None
            }
        });
        let errors: Vec<FieldError> = missing.chain(unknown).chain(unfit).collect();
        if errors.is_empty() {
            Ok(&self.0)
        } else {
            Err(errors)
        }
    }

    /// The fields that are no secrets, as one text: what an idempotency key may remember of the command.
    pub(crate) fn public_text(&self, network: &dyn Network) -> String {
        let public: BTreeMap<&str, &str> = network
            .credential_fields()
            .iter()
            .filter(|field| !field.secret)
            .filter_map(|field| Some((field.name, self.0.get(field.name)?.as_str())))
            .collect();
        format!("{} {public:?}", network.id())
    }
}

/// A field below `credentials`; the name is escaped as RFC 6901 asks for.
pub(crate) fn wrong(name: &str, code: &'static str, message: String) -> FieldError {
    let name = name.replace('~', "~0").replace('/', "~1");
    FieldError::new(format!("/credentials/{name}"), code, message)
}
