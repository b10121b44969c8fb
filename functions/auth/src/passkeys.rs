//! Passkeys: adding them, what they are called, and what they prove.

mod add;
mod manage;
mod proof;

pub(crate) use add::{__path_add_passkey, __path_passkey_options, add_passkey, passkey_options};
pub(crate) use manage::{
    __path_list_passkeys, __path_remove_passkey, __path_rename_passkey, list_passkeys,
    remove_passkey, rename_passkey,
};
pub(crate) use proof::{Proof, refused_at};

use domain::{FieldError, PasskeyId};
use jiff::Timestamp;
use serde::Serialize;
use store::Passkey;
use utoipa::ToSchema;

/// Longest name, in characters.
const NAME_MAX: usize = 100;
/// How many somebody may have: more than anybody has devices.
const MOST: usize = 20;

/// A passkey of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyView {
    #[schema(value_type = String, example = "psk_01jd8mz0000000000000000000")]
    id: PasskeyId,
    name: String,
    /// Whether it is copied to other devices of the person, as their password manager says.
    is_backed_up: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// `null` until it is used.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<&Passkey> for PasskeyView {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name.clone(),
            is_backed_up: passkey.is_backed_up,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

/// What somebody calls a passkey.
fn name(text: &str) -> Result<String, FieldError> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_MAX || name.chars().any(char::is_control) {
        return Err(FieldError::new(
            "/name",
            "invalid_name",
            "enter a name of 1 to 100 characters on one line",
        ));
    }
    Ok(name.to_owned())
}
