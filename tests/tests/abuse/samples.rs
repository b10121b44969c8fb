//! Values that routes take. A schema says what is required; here is what it cannot say. A failing test names what is
//! missing here.

use serde_json::{Value, json};
use testkit::FakeNetwork;

/// Whole values of schemas whose members depend on each other, by the schema's name.
pub(crate) fn of_schema(name: &str) -> Option<Value> {
    Some(match name {
        "CreateApiKey" => json!({ "name": "Looms", "scopes": ["read_posts"] }),
        "CreateRole" => json!({ "name": "Looms", "permissions": ["read_posts"] }),
        "When" => json!({ "at": "2026-12-02T09:00:00Z" }),
        "Content" => json!({ "text": "Walk" }),
        "PasskeyRegistration" => json!({
            "credential": "AAAA",
            "client_data": "AAAA",
            "attestation": "AAAA",
        }),
        "PasskeyAssertion" => json!({
            "credential": "AAAA",
            "client_data": "AAAA",
            "authenticator_data": "AAAA",
            "signature": "AAAA",
        }),
        "Credentials" => json!({ "identifier": "somebody" }),
        _ => return None,
    })
}

/// Values of members by their names.
pub(crate) fn of_member(name: &str) -> Option<Value> {
    Some(match name {
        "bytes" => json!(70),
        "days" => json!(1),
        "content_type" => json!("image/png"),
        "email" => json!("somebody@example.com"),
        "file_name" => json!("loom.png"),
        "from" => json!("2026-12-01T00:00:00Z"),
        "to" => json!("2026-12-08T00:00:00Z"),
        "name" => json!("Looms"),
        "network" => json!(FakeNetwork::ID),
        "kms_key_arn" => json!(testkit::OWN_KEY),
        "locale" => json!("en"),
        "max_lateness_hours" => json!(6),
        "permissions" => json!(["read_posts"]),
        "role" => json!("viewer"),
        "scopes" => json!(["read_posts"]),
        "week_start" => json!("monday"),
        "password" => json!("correct horse battery staple"),
        "reason" => json!("Ticket 1843: a post did not go out"),
        "text" => json!("Walk"),
        "time_zone" | "zone" => json!("Europe/London"),
        _ => return None,
    })
}

/// The kind of id that a member takes, where its schema shows no example of one.
pub(crate) fn id_kind(name: &str) -> Option<&'static str> {
    Some(match name {
        "account_groups" => "grp",
        "account_id" | "account_ids" => "acc",
        "media" | "media_id" => "med",
        "post_id" => "post",
        "target_id" => "dlv",
        "tenant_id" => "ten",
        "user_id" => "usr",
        _ => return None,
    })
}
