//! A tenant with people who have all of it, parts that overlap, and nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::membership::{AccountLimit, Permission, Role};
use domain::{AccountId, UserId};
use testkit::TestMember;
use testkit::http::{colleague, register, session};

use super::choice::ROLES;
use super::model::{Lists, Model, Position};
use crate::app::App;

/// How many there are; the last two are no members at first.
pub(super) const PEOPLE: usize = 11;
const STRANGERS: usize = 2;

pub(super) struct World {
    pub(super) app: App,
    pub(super) people: Vec<TestMember>,
}

impl World {
    /// The tenant, and what everybody has there.
    pub(super) async fn new() -> (Self, Model) {
        let app = App::new().await;
        let mut accounts = Vec::new();
        for name in ["ada", "bob", "cyd"] {
            accounts.push(app.account(name).await);
        }
        let mut lists = Lists::default();
        let north = add_group(&app, &mut lists, "North", &accounts[..2]).await;
        let south = add_group(&app, &mut lists, "South", &accounts[1..]).await;
        for role in Role::ALL {
            let permissions = role.permissions().iter().collect();
            lists.roles.insert(role.name().to_owned(), permissions);
        }
        let lead = add_role(&app, &mut lists, "Lead", ROLES[1]).await;
        let keeper = add_role(&app, &mut lists, "Keeper", ROLES[3]).await;
        let cast: [(&str, &[&String]); PEOPLE - STRANGERS - 1] = [
            ("owner", &[]),
            ("admin", &[]),
            ("admin", &[&north]),
            ("editor", &[]),
            (&lead, &[]),
            (&lead, &[&north, &south]),
            (&keeper, &[]),
            ("editor", &[&south]),
        ];
        let mut world = Self {
            people: vec![app.owner.clone()],
            app,
        };
        lists.members.insert(0, position("owner", &[]));
        for (role, groups) in cast {
            let position = position(role, groups);
            let person = world.employ(&position).await;
            lists.members.insert(world.people.len(), position);
            world.people.push(person);
        }
        for _ in 0..STRANGERS {
            world.people.push(world.stranger().await);
        }
        for person in &world.people {
            register(&world.app.table, &world.app.clock, person).await;
        }
        let model = Model {
            accounts: accounts.into_iter().collect(),
            lists,
            keys: BTreeMap::new(),
        };
        (world, model)
    }

    pub(super) fn email(&self, person: usize) -> String {
        format!("{}@example.com", self.people[person].user)
    }

    async fn employ(&self, position: &Position) -> TestMember {
        let App {
            table,
            clock,
            owner,
            ..
        } = &self.app;
        let limit = match &position.groups {
            None => AccountLimit::Unlimited,
            Some(groups) => {
                let groups = groups.iter().map(|group| group.parse().unwrap());
                AccountLimit::Groups(groups.collect())
            }
        };
        let role = position.role.parse().unwrap();
        colleague(table, clock, owner, role, limit).await
    }

    /// Somebody who is signed in to a tenant where they are no member.
    async fn stranger(&self) -> TestMember {
        let App {
            table,
            clock,
            owner,
            ..
        } = &self.app;
        let user = UserId::generate(table.ids());
        TestMember {
            user,
            cookie: session(table, clock, user, Some(owner.tenant)).await,
            ..owner.clone()
        }
    }
}

fn position(role: &str, groups: &[&String]) -> Position {
    let groups: BTreeSet<String> = groups.iter().copied().cloned().collect();
    Position {
        role: role.to_owned(),
        groups: (!groups.is_empty()).then_some(groups),
    }
}

async fn add_group(app: &App, lists: &mut Lists, name: &str, accounts: &[AccountId]) -> String {
    let id = app.group(name, accounts).await;
    let accounts = accounts.iter().copied().collect();
    lists.groups.insert(id.clone(), accounts);
    id
}

async fn add_role(app: &App, lists: &mut Lists, name: &str, allows: &[Permission]) -> String {
    let names: Vec<&str> = allows.iter().copied().map(api::permission::name).collect();
    let id = app.role(name, &names).await;
    lists
        .roles
        .insert(id.clone(), allows.iter().copied().collect());
    id
}
