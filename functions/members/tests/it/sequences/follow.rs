//! How the model follows what was allowed.

use serde_json::Value;

use super::model::{Invitation, MadeKey, Model};
use super::steps::Deed;

impl Model {
    /// Follows a deed that was allowed, and answered with `body`.
    pub(super) fn follow(&mut self, by: usize, deed: &Deed, body: &Value) {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let lists = &mut self.lists;
        match deed.clone() {
            Deed::Assign { whom, role } => lists.members.get_mut(&whom).unwrap().role = role,
            Deed::Limit { whom, groups } => lists.members.get_mut(&whom).unwrap().groups = groups,
            Deed::Remove { whom } => self.part_with(whom),
            Deed::Leave => self.part_with(by),
            Deed::MakeRole { permissions } => {
                lists.roles.insert(text("id"), permissions);
            }
            Deed::ChangeRole { role, permissions } => {
                lists.roles.insert(role, permissions);
            }
            Deed::DeleteRole { role, replacement } => {
                lists.roles.remove(&role);
                let members = lists.members.values_mut();
                for position in members.filter(|position| position.role == role) {
                    position.role = replacement.clone().unwrap();
                }
            }
            Deed::MakeGroup { accounts } => {
                lists.groups.insert(text("id"), accounts);
            }
            Deed::ChangeGroup { group, accounts } => {
                lists.groups.insert(group, accounts);
            }
            Deed::DeleteGroup { group } => {
                lists.groups.remove(&group);
            }
            Deed::Invite { whom, position } => {
                let id = text("id");
                let invitation = Invitation { id, by, position };
                lists.invitations.insert(whom, invitation);
            }
            Deed::Resend { whom } => lists.invitations.get_mut(&whom).unwrap().by = by,
            Deed::Withdraw { whom } => {
                lists.invitations.remove(&whom);
            }
            Deed::Accept { whom } => {
                let invitation = lists.invitations.remove(&whom).unwrap();
                lists.members.insert(whom, invitation.position);
            }
            Deed::MakeKey { scopes, groups } => {
                let key = MadeKey {
                    secret: text("secret"),
                    maker: by,
                    scopes,
                    groups,
                    has_ended: false,
                };
                self.keys.insert(text("id"), key);
            }
            Deed::RotateKey { key } => {
                let old = self.keys.get_mut(&key).unwrap();
                let new = MadeKey {
                    secret: text("secret"),
                    maker: by,
                    ..old.clone()
                };
                old.has_ended = true;
                self.keys.insert(text("id"), new);
            }
            Deed::RevokeKey { key } => self.keys.get_mut(&key).unwrap().has_ended = true,
        }
    }

    /// Whoever is no member any more has no keys any more either, also when they come back.
    fn part_with(&mut self, whom: usize) {
        self.lists.members.remove(&whom);
        for key in self.keys.values_mut().filter(|key| key.maker == whom) {
            key.has_ended = true;
        }
    }
}
