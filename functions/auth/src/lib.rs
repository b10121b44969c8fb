//! Registration, sign-in, sessions and tokens.
//!
//! * **Trigger**: the HTTP API, `/v1/auth/*`, `/v1/me` and `/.well-known/jwks.json`.
//! * **Permissions**: reads and writes people, sessions, refresh families, one-time tokens, limits and owed mails; reads
//!   memberships, tenants and the product's keys; ends memberships of whoever ends their account; opens and seals under
//!   the root tenant's key; sends mail.
//! * **Failure**: without the table or the key service nobody signs in (503); a mail that cannot be sent stays owed and
//!   is sent by the sweeper. Nothing tells whether an address is registered.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

use std::sync::Arc;

use api::Gate;
use api::route::{gated, public, recent, signed_in, supported};
use axum::extract::FromRef;
use cloud::envelope::Envelope;
use domain::{Clock, Random};
use engine::Outbox;
use store::Table;
use url::Url;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

mod access;
mod address;
mod admit_browser;
mod answer;
mod authenticate;
mod authenticator;
mod catalogue;
mod change_email;
mod change_password;
mod delete_me;
mod deployed;
mod edit_me;
mod factor_reset;
mod forgot_password;
mod jwks;
mod limits;
mod login;
mod logout;
mod lost_factor;
mod mail_limits;
mod mailed_links;
mod mails;
mod me;
mod new_browser;
mod passkey_login;
mod passkeys;
mod password;
mod reauthenticate;
mod recovery_code;
mod refresh;
mod register;
mod resend_verification;
mod reset_password;
mod second_factor;
mod sessions;
mod sign_in;
mod sign_in_notices;
mod sign_in_tries;
mod stored_password;
mod strangers;
mod switch;
mod totp;
mod verify_email;
mod webauthn;

pub use access::Issuer;
pub use deployed::Config;
pub use limits::SignInLimits;
pub use password::{HashCost, Hasher};
pub use strangers::Strangers;

/// What the function needs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Finds out who asks.
    pub gate: Gate,
    /// The table.
    pub table: Table,
    /// Seals password hashes.
    pub envelope: Arc<Envelope>,
    /// Sends mails, and keeps those that are owed.
    pub outbox: Outbox,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes secrets and salts.
    pub random: Arc<dyn Random>,
    /// Where people reach the product: links in mails begin with it, never with what a request says.
    pub public_url: Arc<Url>,
    /// Hashes passwords.
    pub hasher: Arc<Hasher>,
    /// Signs access tokens.
    pub issuer: Arc<Issuer>,
    /// How often things may be tried.
    pub limits: SignInLimits,
    /// What this instance knows of sign-ins that fail over all accounts.
    pub strangers: Arc<Strangers>,
}

impl FromRef<Ctx> for Gate {
    fn from_ref(ctx: &Ctx) -> Self {
        ctx.gate.clone()
    }
}

/// The function's routes.
pub fn router(ctx: Ctx) -> OpenApiRouter {
    let gate = ctx.gate.clone();
    let routes = OpenApiRouter::default()
        .routes(public(routes!(register::register)))
        .routes(public(routes!(verify_email::verify_email)))
        .routes(public(routes!(resend_verification::resend_verification)))
        .routes(public(routes!(forgot_password::forgot_password)))
        .routes(public(routes!(reset_password::reset_password)))
        .routes(public(routes!(new_browser::new_browser)))
        .routes(public(routes!(admit_browser::admit_browser)))
        .routes(public(routes!(lost_factor::lose_second_factor)))
        .routes(public(routes!(factor_reset::reset_second_factor)))
        .routes(public(routes!(factor_reset::stop_second_factor_reset)))
        .routes(public(routes!(login::login)))
        .routes(public(routes!(passkey_login::passkey_login_options)))
        .routes(public(routes!(passkey_login::passkey_login)))
        .routes(public(routes!(refresh::refresh)))
        .routes(signed_in(routes!(reauthenticate::reauthenticate)))
        .routes(signed_in(routes!(reauthenticate::reauthenticate_options)))
        .routes(signed_in(routes!(switch::switch)))
        .routes(supported(signed_in(routes!(logout::logout))))
        .routes(supported(signed_in(routes!(me::get_me))))
        .routes(signed_in(routes!(edit_me::edit_me)))
        .routes(recent(signed_in(routes!(delete_me::delete_me))))
        .routes(recent(signed_in(routes!(change_email::change_email))))
        .routes(public(routes!(change_email::confirm_email)))
        .routes(public(routes!(change_email::revert_email)))
        .routes(signed_in(routes!(change_password::change_password)))
        .routes(signed_in(routes!(authenticator::get_second_factor)))
        .routes(recent(signed_in(routes!(
            authenticator::offer_authenticator,
            authenticator::remove_authenticator
        ))))
        .routes(recent(signed_in(routes!(
            authenticator::confirm_authenticator
        ))))
        .routes(recent(signed_in(routes!(
            authenticator::renew_recovery_codes
        ))))
        .routes(signed_in(routes!(passkeys::list_passkeys)))
        .routes(recent(signed_in(routes!(passkeys::passkey_options))))
        .routes(recent(signed_in(routes!(passkeys::add_passkey))))
        .routes(signed_in(routes!(passkeys::rename_passkey)))
        .routes(recent(signed_in(routes!(passkeys::remove_passkey))))
        .routes(signed_in(routes!(sessions::list_sessions)))
        .routes(recent(signed_in(routes!(sessions::end_other_sessions))))
        .routes(recent(signed_in(routes!(sessions::end_session))))
        .routes(public(routes!(jwks::list_keys)))
        .with_state(ctx);
    gated(routes, gate)
}
