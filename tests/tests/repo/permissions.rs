//! Who may call what.

use serde_json::Value;

use crate::openapi::snapshot;

/// Everything that needs no credential. A route that comes in here needs a reason.
const PUBLIC: [&str; 19] = [
    "get /.well-known/jwks.json",
    // By it servers of Bluesky know the product.
    "get /v1/networks/bluesky/client-metadata.json",
    "post /v1/auth/admit-browser",
    "post /v1/auth/confirm-email",
    "post /v1/auth/forgot-password",
    "post /v1/auth/login",
    "post /v1/auth/lost-second-factor",
    "post /v1/auth/new-browser",
    "post /v1/auth/passkey",
    "post /v1/auth/passkey/options",
    "post /v1/auth/refresh",
    "post /v1/auth/register",
    "post /v1/auth/resend-verification",
    "post /v1/auth/reset-password",
    "post /v1/auth/reset-second-factor",
    "post /v1/auth/revert-email",
    "post /v1/auth/stop-second-factor-reset",
    "post /v1/auth/verify-email",
    "post /v1/invitations/preview",
];

/// Everything that needs a recent proof of the person. A sensitive route that is not in here is a mistake.
const RECENT: [&str; 41] = [
    "delete /v1/account-groups/{id}",
    "delete /v1/api-keys/{id}",
    "delete /v1/me",
    "delete /v1/me/passkeys/{id}",
    "delete /v1/me/second-factor/authenticator",
    "delete /v1/me/sessions",
    "delete /v1/me/sessions/{id}",
    "delete /v1/members/me",
    "delete /v1/members/{id}",
    "delete /v1/roles/{id}",
    "delete /v1/tenants/{id}",
    "delete /v1/tenants/{id}/encryption-key",
    "get /v1/audit/export",
    "patch /v1/account-groups/{id}",
    "patch /v1/members/{id}",
    "patch /v1/roles/{id}",
    "patch /v1/tenants/{id}/security",
    "post /v1/accounts",
    "post /v1/accounts/authorizations",
    "post /v1/accounts/authorizations/complete",
    "post /v1/accounts/{id}/reconnect",
    "post /v1/api-keys",
    "post /v1/api-keys/{id}/rotate",
    "post /v1/exports",
    "post /v1/exports/{id}/links",
    "post /v1/imports",
    "post /v1/imports/{id}/apply",
    "post /v1/invitations",
    "post /v1/invitations/{id}/resend",
    "post /v1/me/email",
    "post /v1/me/passkeys",
    "post /v1/me/passkeys/options",
    "post /v1/me/second-factor/authenticator",
    "post /v1/me/second-factor/authenticator/confirm",
    "post /v1/me/second-factor/recovery-codes",
    "post /v1/members/{id}/second-factor/reset",
    "post /v1/roles",
    "post /v1/support-sessions",
    "post /v1/tenants/{id}/encryption-key",
    "post /v1/tenants/{id}/restore",
    "post /v1/tenants/{id}/support-consent",
];

/// `method path` of every operation, with what it declares.
fn operations() -> Vec<(String, Value)> {
    let document = snapshot();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let operations = item.as_object().unwrap();
            operations
                .iter()
                .map(move |(method, operation)| (format!("{method} {path}"), operation.clone()))
        })
        .collect()
}

#[test]
fn id_36_every_operation_declares_who_may_call_it() {
    for (operation, declared) in operations() {
        assert!(declared["x-permission"].is_string(), "{operation}");
    }
}

#[test]
fn id_36_only_the_listed_operations_need_no_credential() {
    let mut public: Vec<String> = operations()
        .into_iter()
        .filter(|(_, declared)| declared["x-permission"] == "public")
        .map(|(operation, _)| operation)
        .collect();
    public.sort();

    assert_eq!(public, PUBLIC);
}

#[test]
fn id_18_listed_operations_need_a_recent_proof() {
    let mut recent: Vec<String> = operations()
        .into_iter()
        .filter(|(_, declared)| declared["x-recent-authentication"] == true)
        .map(|(operation, declared)| {
            assert_ne!(declared["x-permission"], "public", "{operation}");
            operation
        })
        .collect();
    recent.sort();

    assert_eq!(recent, RECENT);
}
