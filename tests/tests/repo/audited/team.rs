//! What somebody does in a tenant of several people.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::FakeNetwork;
use tests::people;

use super::story::{Story, id};

/// After which an approved reset can be used.
const WAIT: SignedDuration = SignedDuration::from_hours(3 * 24);

pub(super) async fn team(story: &mut Story) {
    story.cookie = people::enter(&story.product, "charles").await;
    let own = json!({ "name": "Looms", "time_zone": "UTC" });
    let tenant = id(&story.act("POST /v1/tenants", &[], &own).await);
    let passkey = people::add_passkey(&story.product, &story.cookie, "charles").await;
    story.cookie = passkey.cookie();
    for required in [true, false] {
        let security = json!({ "requires_second_factor": required });
        let operation = "PATCH /v1/tenants/{id}/security";
        story.act(operation, &[&tenant], &security).await;
    }
    let key = "/v1/tenants/{id}/encryption-key";
    let own = json!({ "kms_key_arn": testkit::OWN_KEY });
    story.act(&format!("POST {key}"), &[&tenant], &own).await;
    story
        .act(&format!("DELETE {key}"), &[&tenant], &Value::Null)
        .await;
    rights(story).await;
    let none = Value::Null;
    let owner = story.cookie.clone();
    let grace = guest(story, &tenant, "grace").await;
    story.cookie.clone_from(&owner);
    let editor = json!({ "role": "editor" });
    story
        .act("PATCH /v1/members/{id}", &[&grace], &editor)
        .await;
    story.act("DELETE /v1/members/{id}", &[&grace], &none).await;
    guest(story, &tenant, "alan").await;
    story.act("DELETE /v1/members/me", &[], &none).await;
    story.cookie = owner;
    let withdrawn = json!({ "email": "mary@example.com", "role": "viewer" });
    let withdrawn = id(&story.act("POST /v1/invitations", &[], &withdrawn).await);
    story
        .act("DELETE /v1/invitations/{id}", &[&withdrawn], &none)
        .await;
    lost_factor(story, &tenant).await;
}

/// Roles, groups and keys.
async fn rights(story: &mut Story) {
    let named = json!({ "network": FakeNetwork::ID, "credentials": { "identifier": "charles" } });
    let account = id(&story.act("POST /v1/accounts", &[], &named).await);
    let role = json!({ "name": "Client", "permissions": ["read_posts"] });
    let role = id(&story.act("POST /v1/roles", &[], &role).await);
    let name = json!({ "name": "Clients" });
    story.act("PATCH /v1/roles/{id}", &[&role], &name).await;
    let none = Value::Null;
    story.act("DELETE /v1/roles/{id}", &[&role], &none).await;
    let group = json!({ "name": "Client", "account_ids": [account] });
    let group = id(&story.act("POST /v1/account-groups", &[], &group).await);
    let group = [group.as_str()];
    story
        .act("PATCH /v1/account-groups/{id}", &group, &name)
        .await;
    story
        .act("DELETE /v1/account-groups/{id}", &group, &none)
        .await;
    let key = json!({ "name": "Loom", "scopes": ["read_posts"] });
    let key = id(&story.act("POST /v1/api-keys", &[], &key).await);
    let next = story
        .act("POST /v1/api-keys/{id}/rotate", &[&key], &json!({}))
        .await;
    story
        .act("DELETE /v1/api-keys/{id}", &[&id(&next)], &none)
        .await;
}

/// Invites somebody, who accepts and acts from then on; their id.
async fn guest(story: &mut Story, tenant: &str, name: &str) -> String {
    let email = people::address(name);
    let invitation = json!({ "email": email, "role": "viewer" });
    let invitation = id(&story.act("POST /v1/invitations", &[], &invitation).await);
    let resend = "POST /v1/invitations/{id}/resend";
    story.act(resend, &[&invitation], &json!({})).await;
    let token = json!({ "token": people::newest_token(&story.product, name) });
    story.prepare("POST /v1/invitations/preview", &token).await;
    story.cookie = people::enter(&story.product, name).await;
    story.act("POST /v1/invitations/accept", &[], &token).await;
    let switch = json!({ "tenant_id": tenant });
    story.act("POST /v1/auth/switch", &[], &switch).await;
    id(&story.read("/v1/me").await["user"])
}

/// How somebody starts over who lost their second factor.
async fn lost_factor(story: &mut Story, tenant: &str) {
    let owner = story.cookie.clone();
    let ida = guest(story, tenant, "ida").await;
    people::add_passkey(&story.product, &story.cookie, "ida").await;
    // What is approved in the moment of a change is void like what was before.
    let clock = story.product.clock.clone();
    let next = || clock.advance(SignedDuration::from_secs(1));
    next();
    story.cookie = String::new();
    let lost = json!({ "email": people::address("ida"), "password": people::PASSWORD });
    story
        .act("POST /v1/auth/lost-second-factor", &[], &lost)
        .await;
    let reset = "/v1/members/{id}/second-factor/reset";
    let (approve, withdraw) = (format!("POST {reset}"), format!("DELETE {reset}"));
    let empty = json!({});
    story.cookie.clone_from(&owner);
    story.act(&approve, &[&ida], &empty).await;
    story.act(&withdraw, &[&ida], &empty).await;
    next();
    story.act(&approve, &[&ida], &empty).await;
    let token = json!({ "token": people::newest_token(&story.product, "ida") });
    next();
    story.cookie = String::new();
    story
        .act("POST /v1/auth/stop-second-factor-reset", &[], &token)
        .await;
    next();
    story.cookie = owner;
    story.act(&approve, &[&ida], &empty).await;
    let token = json!({ "token": people::newest_token(&story.product, "ida") });
    clock.advance(WAIT);
    story.cookie = String::new();
    story
        .act("POST /v1/auth/reset-second-factor", &[], &token)
        .await;
}

/// How a tenant is looked into.
pub(super) async fn support(story: &mut Story) {
    story.cookie = people::enter(&story.product, "helper").await;
    let own = json!({ "name": "Looms", "time_zone": "UTC" });
    let tenant = id(&story.act("POST /v1/tenants", &[], &own).await);
    let consent = "/v1/tenants/{id}/support-consent";
    let tenant = [tenant.as_str()];
    story
        .act(&format!("POST {consent}"), &tenant, &json!({}))
        .await;
    let owner = story.cookie.clone();
    story.cookie = people::supporter(&story.product, "mary").await;
    let why = json!({ "tenant_id": tenant[0], "reason": "Ticket 1843: no post" });
    story.act("POST /v1/support-sessions", &[], &why).await;
    let current = "DELETE /v1/support-sessions/current";
    story.act(current, &[], &Value::Null).await;
    story.cookie = owner;
    story
        .act(&format!("DELETE {consent}"), &tenant, &Value::Null)
        .await;
}
