//! The calls by which people do things.

use domain::Clock as _;
use serde_json::json;
use testkit::Answer;

use super::model::Model;
use super::steps::Deed;
use super::world::World;

impl World {
    /// Does it, a second after what was done before.
    pub(super) async fn perform(&self, by: usize, deed: &Deed, model: &Model) -> Answer {
        let app = &self.app;
        app.clock.advance(jiff::SignedDuration::from_secs(1));
        // No two things of a kind have the same name.
        let name = app.clock.now().to_string();
        let by = &self.people[by];
        let member = |whom: usize| format!("/v1/members/{}", self.people[whom].user);
        let invitation = |whom: usize| format!("/v1/invitations/{}", invitation(model, whom));
        match deed {
            Deed::Assign { whom, role } => {
                let body = json!({ "role": role });
                app.patch(by, &member(*whom), &body).await
            }
            Deed::Limit { whom, groups } => {
                let body = json!({ "account_groups": groups });
                app.patch(by, &member(*whom), &body).await
            }
            Deed::Remove { whom } => app.delete(by, &member(*whom)).await,
            Deed::Leave => app.delete(by, "/v1/members/me").await,
            Deed::MakeRole { permissions } => {
                let body = json!({ "name": name, "permissions": permissions });
                app.post(by, "/v1/roles", &body).await
            }
            Deed::ChangeRole { role, permissions } => {
                let body = json!({ "permissions": permissions });
                app.patch(by, &format!("/v1/roles/{role}"), &body).await
            }
            Deed::DeleteRole { role, replacement } => {
                let replacement = replacement.as_ref();
                let query = replacement.map_or_else(String::new, |id| format!("?replacement={id}"));
                app.delete(by, &format!("/v1/roles/{role}{query}")).await
            }
            Deed::MakeGroup { accounts } => {
                let body = json!({ "name": name, "account_ids": accounts });
                app.post(by, "/v1/account-groups", &body).await
            }
            Deed::ChangeGroup { group, accounts } => {
                let path = format!("/v1/account-groups/{group}");
                app.patch(by, &path, &json!({ "account_ids": accounts }))
                    .await
            }
            Deed::DeleteGroup { group } => {
                let path = format!("/v1/account-groups/{group}");
                app.delete(by, &path).await
            }
            Deed::Invite { whom, position } => {
                let body = json!({
                    "email": self.email(*whom),
                    "role": position.role,
                    "account_groups": position.groups,
                });
                app.post(by, "/v1/invitations", &body).await
            }
            Deed::Resend { whom } => {
                let path = format!("{}/resend", invitation(*whom));
                app.post(by, &path, &json!({})).await
            }
            Deed::Withdraw { whom } => app.delete(by, &invitation(*whom)).await,
            Deed::Accept { whom } => {
                let token = app.token(&self.email(*whom));
                app.accept(&self.people[*whom].cookie, &token).await
            }
            Deed::MakeKey { scopes, groups } => {
                let body = json!({ "name": name, "scopes": scopes, "account_groups": groups });
                app.post(by, "/v1/api-keys", &body).await
            }
            Deed::RotateKey { key } => {
                let path = format!("/v1/api-keys/{key}/rotate");
                app.post(by, &path, &json!({ "overlap_hours": 0 })).await
            }
            Deed::RevokeKey { key } => app.delete(by, &format!("/v1/api-keys/{key}")).await,
        }
    }
}

fn invitation(model: &Model, whom: usize) -> &str {
    &model.lists.invitations[&whom].id
}
