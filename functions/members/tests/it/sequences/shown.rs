//! What the tenant shows of who has what.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;
use testkit::TestMember;

use super::model::{Invitation, Lists, Model, Position};
use super::pairs::{Holder, Pairs, pairs};
use super::world::World;
use crate::app::Key;

impl World {
    /// Its lists, as an owner sees them.
    pub(super) async fn lists(&self, owner: &TestMember) -> Lists {
        let list = async |path: &str| -> Vec<Value> {
            let shown = self.app.get(owner, path).await.expect(200);
            shown.body["items"].as_array().unwrap().clone()
        };
        let members = list("/v1/members").await;
        let roles = list("/v1/roles").await;
        let groups = list("/v1/account-groups").await;
        let invitations = list("/v1/invitations").await;
        Lists {
            members: by(&members, |member| {
                (self.numbered(&member["user_id"]), position(member))
            }),
            roles: by(&roles, |role| {
                (read(&role["id"]), read(&role["permissions"]))
            }),
            groups: by(&groups, |group| {
                (read(&group["id"]), read(&group["account_ids"]))
            }),
            invitations: by(&invitations, |invitation| {
                let email: String = read(&invitation["email"]);
                let invited = (0..self.people.len()).find(|person| self.email(*person) == email);
                let shown = Invitation {
                    id: read(&invitation["id"]),
                    by: self.numbered(&invitation["invited_by"]),
                    position: position(invitation),
                };
                (invited.unwrap(), shown)
            }),
        }
    }

    /// What a person, or a key, is told that it may do; nothing where it is turned away. What an invitation gives is seen
    /// when it is accepted.
    pub(super) async fn told(&self, holder: &Holder, model: &Model) -> Option<Pairs> {
        let answer = match holder {
            Holder::Person(person) => {
                let person = &self.people[*person];
                self.app.get(person, "/v1/members/me").await
            }
            Holder::Key(id) => {
                let secret = model.keys[id].secret.clone();
                let id = id.clone();
                self.app.whoami(&Key { id, secret }).await
            }
            Holder::Invitation(_) => return None,
        };
        if answer.status != 200 {
            assert!([401, 403].contains(&answer.status.as_u16()), "{answer:?}");
            return Some(Pairs::new());
        }
        let permissions = read(&answer.body["permissions"]);
        let reach: Option<BTreeSet<_>> = read(&answer.body["account_ids"]);
        Some(pairs(&permissions, reach.as_ref(), &model.accounts))
    }

    fn numbered(&self, user: &Value) -> usize {
        let user: domain::UserId = read(user);
        let mut people = self.people.iter();
        people.position(|person| person.user == user).unwrap()
    }
}

fn by<K: Ord, T, C: FromIterator<(K, T)>>(items: &[Value], one: impl Fn(&Value) -> (K, T)) -> C {
    items.iter().map(one).collect()
}

fn position(shown: &Value) -> Position {
    Position {
        role: read(&shown["role"]),
        groups: read(&shown["account_groups"]),
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}
