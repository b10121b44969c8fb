//! One API key in the place of another: ID-43.

use domain::api_key::ApiKey;
use domain::event::Actor;
use domain::membership::{AccountReach, Role};
use domain::{ApiKeyId, Clock};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Act, SecretHash};

use crate::api_keys::listed;
use crate::app::{App, Key};

#[tokio::test]
async fn id_43_rotated_key_works_beside_its_successor_for_a_while() {
    let app = App::new().await;
    let old = app.api_key(&app.owner, &["read_tenant"]).await;
    app.clock.advance(SignedDuration::from_mins(1));
    let rotate = format!("/v1/api-keys/{}/rotate", old.id);
    let overlap = json!({ "overlap_hours": 2 });

    let made = app.post(&app.owner, &rotate, &overlap).await.expect(201);

    let new = Key::of(&made);
    assert_eq!(made.body["scopes"], json!(["read_tenant"]));
    assert_eq!(made.body["expires_at"], "2027-03-01T08:01:00Z");
    assert_ne!(new.secret, old.secret);
    let again = app.post(&app.owner, &rotate, &overlap).await;
    again.expect_problem(409, "key_not_in_use");
    app.clock.advance(SignedDuration::from_mins(119));
    app.whoami(&old).await.expect(200);
    app.whoami(&new).await.expect(200);
    app.clock.advance(SignedDuration::from_mins(1));
    let over = app.whoami(&old).await;
    over.expect_problem(401, "api_key_expired");
    app.whoami(&new).await.expect(200);
}

#[tokio::test]
async fn id_43_replaced_key_is_revoked_before_its_time() {
    let app = App::new().await;
    let old = app.api_key(&app.owner, &["read_tenant"]).await;
    let rotate = format!("/v1/api-keys/{}/rotate", old.id);
    app.post(&app.owner, &rotate, &json!({})).await.expect(201);

    let path = format!("/v1/api-keys/{}", old.id);
    app.delete(&app.owner, &path).await.expect(204);

    let refused = app.whoami(&old).await;
    refused.expect_problem(401, "unauthenticated");
    let replaced = &listed(&app, &app.owner).await[1];
    assert_eq!(replaced["state"], "revoked");
    assert!(replaced["replaced_by"].is_string());
}

#[tokio::test]
async fn id_43_key_with_accounts_out_of_reach_is_not_rotated_but_revoked() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let mine = app.group("Mine", &[ada]).await;
    let others = app.group("Others", &[bob]).await;
    let limited = app.limited(Role::Admin, &mine).await;
    let of = |groups: Value| json!({ "name": "Newsroom", "scopes": ["read_tenant"], "account_groups": groups });
    let open = app.api_key_of(&app.owner, &of(json!(null))).await;
    let theirs = app.api_key_of(&app.owner, &of(json!([others]))).await;
    let shared = app.api_key_of(&app.owner, &of(json!([mine]))).await;
    let own = app.api_key_of(&limited, &of(json!(null))).await;
    let rotate = async |key: &Key| {
        let path = format!("/v1/api-keys/{}/rotate", key.id);
        app.post(&limited, &path, &json!({})).await
    };

    for key in [&open, &theirs] {
        let refused = rotate(key).await;
        refused.expect_problem(403, "beyond_own_rights");
    }
    for key in [&shared, &own] {
        let successor = Key::of(&rotate(key).await.expect(201));
        let told = app.whoami(&successor).await.expect(200);
        assert_eq!(told.body["account_ids"], json!([ada]));
    }

    assert_eq!(listed(&app, &app.owner).await.len(), 6);
    for key in [&open, &theirs] {
        app.whoami(key).await.expect(200);
        let path = format!("/v1/api-keys/{}", key.id);
        app.delete(&limited, &path).await.expect(204);
    }
}

#[tokio::test]
async fn id_43_twenty_rotations_at_once_make_one_key() {
    let app = App::new().await;
    let key = app.api_key(&app.owner, &["read_tenant"]).await;
    let rotate = format!("/v1/api-keys/{}/rotate", key.id);
    let body = json!({});
    let rotations = (0..20).map(|_| app.post(&app.owner, &rotate, &body));

    let answers = futures::future::join_all(rotations).await;

    let made = answers.iter().filter(|answer| answer.status == 201);
    assert_eq!(made.count(), 1);
    assert_eq!(listed(&app, &app.owner).await.len(), 2);
}

/// Those of its groups, or of its maker where it has none.
#[tokio::test]
async fn id_43_key_whose_accounts_change_meanwhile_is_not_rotated() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let group = app.group("Client A", &[ada]).await;
    let maker = app.colleague(Role::Admin).await;
    let body = json!({ "name": "Newsroom", "scopes": ["read_tenant"], "account_groups": [group] });
    let tenant = app.table.tenant(&app.owner.scope);
    let mut seen = Vec::new();
    for key in [
        app.api_key_of(&maker, &body).await,
        app.api_key(&maker, &["read_tenant"]).await,
    ] {
        let key = tenant.api_key(key.id.parse().unwrap()).await;
        let key = key.unwrap().unwrap();
        let needed = tenant.standing_of_api_key(&key).await.unwrap();
        seen.push((key, needed));
    }
    assert_eq!(seen[0].1.rights.accounts, AccountReach::only([ada]));
    assert_eq!(seen[1].1.rights.accounts, AccountReach::All);

    let path = format!("/v1/account-groups/{group}");
    let body = json!({ "account_ids": [] });
    app.patch(&app.owner, &path, &body).await.expect(200);
    app.assign(&app.owner, &maker, "editor").await.expect(200);

    let act = Act {
        actor: Actor::User(app.owner.user),
        at: app.clock.now(),
    };
    for (old, needed) in &seen {
        let new = ApiKey {
            id: ApiKeyId::generate(app.table.ids()),
            ..old.clone()
        };
        let new = (&new, SecretHash::of("a secret"));
        let held = [needed];
        let replaced = tenant.replace_api_key(old, new, old.ends_at, &held, &act);
        assert!(!replaced.await.unwrap());
    }
    assert_eq!(listed(&app, &app.owner).await.len(), 2);
}
