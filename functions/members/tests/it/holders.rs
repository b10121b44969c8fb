//! Roles and account groups that somebody has: whoever changes one changes what its holders may do.

use domain::event::Actor;
use domain::membership::{AssignedRole, CustomRole, PermissionSet, Role};
use domain::{Clock, RoleId};
use serde_json::{Value, json};
use store::{Act, Defined, Part};
use testkit::{Answer, TestMember};

use crate::app::App;

impl App {
    async fn change_role(&self, by: &TestMember, role: &str, permissions: &[&str]) -> Answer {
        let path = format!("/v1/roles/{role}");
        let body = json!({ "permissions": permissions });
        self.patch(by, &path, &body).await
    }

    async fn change_group(&self, by: &TestMember, group: &str, accounts: &Value) -> Answer {
        let path = format!("/v1/account-groups/{group}");
        self.patch(by, &path, &json!({ "account_ids": accounts }))
            .await
    }

    async fn own(&self, who: &TestMember) -> Value {
        let own = self.get(who, "/v1/members/me").await.expect(200).body;
        json!([own["permissions"], own["account_ids"]])
    }
}

fn made(id: &str) -> AssignedRole {
    AssignedRole::Custom(id.parse::<RoleId>().unwrap())
}

const READ: [&str; 2] = ["read_tenant", "read_posts"];
const SCHEDULE: [&str; 3] = ["read_tenant", "read_posts", "schedule_posts"];

#[tokio::test]
async fn id_39_limited_admin_neither_raises_nor_lowers_whoever_has_a_role_at_more_accounts() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let group = app.group("Client", &[ada]).await;
    let desk = app.role("Desk", &READ).await;
    let holder = app.colleague(made(&desk)).await;
    let admin = app.limited(Role::Admin, &group).await;
    let before = app.own(&holder).await;

    for permissions in [&SCHEDULE[..], &READ[..1]] {
        let refused = app.change_role(&admin, &desk, permissions).await;
        refused.expect_problem(403, "outranked");
    }
    let path = format!("/v1/roles/{desk}");
    let renamed = app.patch(&admin, &path, &json!({ "name": "Front" })).await;
    renamed.expect_problem(403, "outranked");
    let deleted = app.delete(&admin, &path).await;
    deleted.expect_problem(403, "outranked");

    assert_eq!(app.own(&holder).await, before);
    app.change_role(&app.owner, &desk, &SCHEDULE)
        .await
        .expect(200);
}

#[tokio::test]
async fn id_39_limited_admin_changes_the_role_of_whoever_has_no_more_accounts() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let mine = app.group("Client", &[ada, bob]).await;
    let part = app.group("Ada", &[ada]).await;
    let desk = app.role("Desk", &READ).await;
    let holders = [
        app.limited(made(&desk), &mine).await,
        app.limited(made(&desk), &part).await,
    ];
    let admin = app.limited(Role::Admin, &mine).await;

    let changed = app.change_role(&admin, &desk, &SCHEDULE).await;

    changed.expect(200);
    for holder in &holders {
        assert_eq!(app.own(holder).await[0], json!(SCHEDULE));
    }
}

#[tokio::test]
async fn id_39_role_of_an_invitation_to_more_accounts_is_not_changed() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let group = app.group("Client", &[ada]).await;
    let desk = app.role("Desk", &READ).await;
    let admin = app.limited(Role::Admin, &group).await;
    let invite = json!({ "email": "grace@example.com", "role": desk });
    let made = app.post(&app.owner, "/v1/invitations", &invite).await;
    let invitation = made.expect(201).body["id"].as_str().unwrap().to_owned();

    let refused = app.change_role(&admin, &desk, &SCHEDULE).await;
    refused.expect_problem(403, "outranked");
    let path = format!("/v1/invitations/{invitation}");
    app.delete(&app.owner, &path).await.expect(204);
    app.change_role(&admin, &desk, &SCHEDULE).await.expect(200);
}

#[tokio::test]
async fn id_39_expired_invitation_keeps_nobody_from_changing_its_role() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let group = app.group("Client", &[ada]).await;
    let desk = app.role("Desk", &READ).await;
    let invite = json!({ "email": "grace@example.com", "role": desk });
    let made = app.post(&app.owner, "/v1/invitations", &invite).await;
    made.expect(201);
    app.clock.advance(jiff::SignedDuration::from_hours(7 * 24));
    let admin = app.limited(Role::Admin, &group).await;

    let changed = app.change_role(&admin, &desk, &SCHEDULE).await;

    changed.expect(200);
}

#[tokio::test]
async fn id_39_group_of_somebody_with_more_permissions_neither_grows_nor_shrinks() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let group = app.group("Client", &[ada]).await;
    let keeper = app.role("Keeper", &["read_tenant", "manage_roles"]).await;
    let keeper = app.colleague(made(&keeper)).await;
    for role in [Role::Viewer, Role::Editor, Role::Admin] {
        let holder = app.limited(role, &group).await;
        let before = app.own(&holder).await;

        for accounts in [json!([ada, bob]), json!([])] {
            let refused = app.change_group(&keeper, &group, &accounts).await;
            refused.expect_problem(403, "outranked");
        }

        assert_eq!(app.own(&holder).await, before);
        let path = format!("/v1/members/{}", holder.user);
        app.delete(&app.owner, &path).await.expect(204);
    }
    let changed = app.change_group(&keeper, &group, &json!([ada, bob])).await;
    changed.expect(200);
}

#[tokio::test]
async fn id_39_group_of_whoever_has_no_more_is_changed() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let group = app.group("Client", &[ada]).await;
    let permissions = ["read_tenant", "manage_roles", "read_posts"];
    let keeper = app.role("Keeper", &permissions).await;
    let keeper = app.colleague(made(&keeper)).await;
    let reader = app.role("Reader", &READ).await;
    let reader = app.limited(made(&reader), &group).await;

    let changed = app.change_group(&keeper, &group, &json!([ada, bob])).await;

    changed.expect(200);
    assert_eq!(app.own(&reader).await[1], json!([ada, bob]));
}

/// Whoever has the key has what its maker meant it to have, and is perhaps the one who changes the group.
#[tokio::test]
async fn id_39_group_of_a_key_with_more_permissions_is_not_changed() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let group = app.group("Client", &[ada]).await;
    let permissions = ["read_tenant", "manage_roles", "read_posts"];
    let keeper = app.role("Keeper", &permissions).await;
    let keeper = app.colleague(made(&keeper)).await;
    let key =
        |scopes: &[&str]| json!({ "name": "Press", "scopes": scopes, "account_groups": [group] });
    app.api_key_of(&app.owner, &key(&READ)).await;
    let key = app.api_key_of(&app.owner, &key(&SCHEDULE)).await;
    let grown = json!([ada, bob]);

    let refused = app.change_group(&keeper, &group, &grown).await;
    refused.expect_problem(403, "outranked");
    let path = format!("/v1/account-groups/{group}");
    let refused = app.delete(&keeper, &path).await;
    refused.expect_problem(403, "outranked");
    assert_eq!(app.whoami(&key).await.body["account_ids"], json!([ada]));
    let path = format!("/v1/api-keys/{}", key.id);
    app.delete(&app.owner, &path).await.expect(204);
    app.change_group(&keeper, &group, &grown).await.expect(200);
}

/// Whatever gives somebody the role, or more beside it, between the look at who has it and the change of it.
#[tokio::test]
async fn id_39_change_of_a_role_that_somebody_gets_meanwhile_is_decided_anew() {
    let app = App::new().await;
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let mine = app.group("Client", &[ada]).await;
    let others = app.group("Other", &[bob]).await;
    let desk = app.role("Desk", &READ).await;
    let admin = app.limited(Role::Admin, &mine).await;
    let holder = app.limited(made(&desk), &mine).await;
    let path = format!("/v1/members/{}", holder.user);
    let limit = |groups: Value| json!({ "account_groups": groups });

    for meanwhile in 0..5 {
        let tenant = app.table.tenant(&admin.scope);
        let part = Part::Role(desk.parse().unwrap());
        let now = app.clock.now();
        let holders = tenant.holders(part, admin.user, now).await.unwrap();
        let system = app.table.system();
        let member = system.member(admin.user, admin.tenant).await.unwrap();
        let held = member.unwrap().standing.beside(&holders);
        let found = tenant.role(desk.parse().unwrap()).await.unwrap().unwrap();
        match meanwhile {
            0 => drop(app.colleague(made(&desk)).await),
            1 => {
                let body = json!({ "email": "grace@example.com", "role": desk });
                app.post(&app.owner, "/v1/invitations", &body)
                    .await
                    .expect(201);
            }
            2 => {
                let body = limit(json!([mine, others]));
                app.patch(&app.owner, &path, &body).await.expect(200);
            }
            3 => {
                let grown = json!([ada, bob]);
                let grown = app.change_group(&app.owner, &mine, &grown).await;
                grown.expect(200);
            }
            _ => {
                let body = json!({ "name": "Press", "scopes": READ, "account_groups": [mine] });
                app.api_key_of(&app.owner, &body).await;
            }
        }

        let changed = CustomRole {
            permissions: PermissionSet::default(),
            version: found.version + 1,
            ..found.clone()
        };
        let act = Act {
            actor: Actor::User(admin.user),
            at: now,
        };
        let defined = tenant.change_role(&found, &changed, &held, &act).await;

        assert_eq!(defined.unwrap(), Defined::Stale, "{meanwhile}");
    }
}

#[tokio::test]
async fn id_39_change_of_a_role_while_nobody_gets_anything_holds() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let mine = app.group("Client", &[ada]).await;
    let desk = app.role("Desk", &READ).await;
    let admin = app.limited(Role::Admin, &mine).await;
    let tenant = app.table.tenant(&admin.scope);
    let part = Part::Role(desk.parse().unwrap());
    let now = app.clock.now();
    let holders = tenant.holders(part, admin.user, now).await.unwrap();
    let system = app.table.system();
    let member = system.member(admin.user, admin.tenant).await.unwrap();
    let held = member.unwrap().standing.beside(&holders);
    let found = tenant.role(desk.parse().unwrap()).await.unwrap().unwrap();
    // What gives nobody anything.
    app.role("Another", &READ).await;

    let changed = CustomRole {
        version: found.version + 1,
        name: "Front".to_owned(),
        ..found.clone()
    };
    let act = Act {
        actor: Actor::User(admin.user),
        at: now,
    };
    let defined = tenant.change_role(&found, &changed, &held, &act).await;

    assert_eq!(defined.unwrap(), Defined::Done);
}

/// Of somebody who could raise a role for whoever is about to get it: whichever comes first, the other is judged by it.
#[tokio::test(flavor = "multi_thread")]
async fn id_39_role_raised_and_given_to_more_accounts_at_once_gives_nothing_that_nobody_had() {
    let app = App::new().await;
    let ada = app.account("ada").await;
    let mine = app.group("Client", &[ada]).await;
    let admin = app.limited(Role::Admin, &mine).await;
    for round in 0..4 {
        let desk = app.role(&format!("Desk {round}"), &READ).await;
        let holder = app.colleague(Role::Viewer).await;

        let (raised, given) = futures::future::join(
            app.change_role(&admin, &desk, &SCHEDULE),
            app.assign(&app.owner, &holder, &desk),
        )
        .await;

        given.expect(200);
        assert!(
            [200, 403].contains(&raised.status.as_u16()),
            "{}",
            raised.body
        );
    }
}
