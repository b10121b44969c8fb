//! Any sequence of calls: each is judged by what its caller has right then, nobody gets a right that its caller lacks,
//! what is refused changes nothing, and the tenant keeps an owner.

use std::collections::{BTreeMap, BTreeSet};

use domain::membership::Role;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use testkit::TestMember;

use crate::app::App;

/// What somebody tries. Numbers choose among the people and roles that there are.
#[derive(Clone, Debug)]
enum Try {
    Assign {
        by: usize,
        to: usize,
        role: usize,
    },
    Limit {
        by: usize,
        to: usize,
        to_group: bool,
    },
    Remove {
        by: usize,
        who: usize,
    },
    Leave {
        who: usize,
    },
    MakeRole {
        by: usize,
        permissions: usize,
    },
    ChangeRole {
        by: usize,
        role: usize,
        permissions: usize,
    },
    DeleteRole {
        by: usize,
        role: usize,
        replacement: usize,
    },
}

impl Try {
    /// The permission without which it must not succeed. Everybody may leave.
    fn needs(&self) -> Option<&'static str> {
        match self {
            Self::Leave { .. } => None,
            Self::Assign { .. } | Self::Limit { .. } | Self::Remove { .. } => {
                Some("manage_members")
            }
            Self::MakeRole { .. } | Self::ChangeRole { .. } | Self::DeleteRole { .. } => {
                Some("manage_roles")
            }
        }
    }
}

/// Each can read the tenant: what somebody has is what they are answered, and is unknown without that.
const PERMISSIONS: [&[&str]; 5] = [
    &["read_tenant", "read_posts"],
    &[
        "read_tenant",
        "read_members",
        "manage_members",
        "manage_roles",
    ],
    &[
        "read_tenant",
        "read_members",
        "manage_members",
        "schedule_posts",
    ],
    &[
        "read_tenant",
        "manage_roles",
        "manage_tenant",
        "manage_accounts",
    ],
    &["read_tenant", "write_drafts"],
];

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let people = 0..5_usize;
    let one = prop_oneof![
        4 => (people.clone(), people.clone(), 0..8_usize)
            .prop_map(|(by, to, role)| Try::Assign { by, to, role }),
        2 => (people.clone(), people.clone(), any::<bool>())
            .prop_map(|(by, to, to_group)| Try::Limit { by, to, to_group }),
        1 => (people.clone(), people.clone()).prop_map(|(by, who)| Try::Remove { by, who }),
        1 => people.clone().prop_map(|who| Try::Leave { who }),
        2 => (people.clone(), 0..5_usize)
            .prop_map(|(by, permissions)| Try::MakeRole { by, permissions }),
        2 => (people.clone(), 0..3_usize, 0..5_usize)
            .prop_map(|(by, role, permissions)| Try::ChangeRole { by, role, permissions }),
        1 => (people, 0..3_usize, 0..8_usize)
            .prop_map(|(by, role, replacement)| Try::DeleteRole { by, role, replacement }),
    ];
    proptest::collection::vec(one, 8..24)
}

/// What everybody has by the calls that were allowed, and by nothing else.
struct Model {
    /// In the order of the people; nothing of who is no member any more.
    people: Vec<Option<Held>>,
    /// Permissions of the roles that were made, by their ids.
    roles: BTreeMap<String, BTreeSet<String>>,
}

/// The role of a member, and whether it is at some accounts only.
#[derive(Clone, Debug)]
struct Held {
    role: String,
    is_limited: bool,
}

impl Model {
    fn new(roles: &[String]) -> Self {
        let held = |role: Role, is_limited| {
            let role = role.name().to_owned();
            Some(Held { role, is_limited })
        };
        let made = [PERMISSIONS[1], PERMISSIONS[0]].map(named);
        Self {
            people: vec![
                held(Role::Owner, false),
                held(Role::Admin, false),
                held(Role::Editor, false),
                held(Role::Viewer, false),
                held(Role::Admin, true),
            ],
            roles: roles.iter().cloned().zip(made).collect(),
        }
    }

    /// Follows a call that was allowed.
    fn follow(&mut self, wanted: &Try, world: &World) {
        let permissions = |number: usize| named(PERMISSIONS[number]);
        match wanted {
            Try::Assign { to, role, .. } => {
                self.member(*to).role = world.role(*role);
            }
            Try::Limit { to, to_group, .. } => self.member(*to).is_limited = *to_group,
            Try::Remove { who, .. } | Try::Leave { who } => self.people[*who] = None,
            Try::MakeRole {
                permissions: number,
                ..
            } => {
                let id = world.roles.last().unwrap().clone();
                self.roles.insert(id, permissions(*number));
            }
            Try::ChangeRole {
                role,
                permissions: number,
                ..
            } => {
                let id = world.made_role(*role);
                self.roles.insert(id, permissions(*number));
            }
            Try::DeleteRole {
                role, replacement, ..
            } => {
                let (id, next) = (world.made_role(*role), world.role(*replacement));
                self.roles.remove(&id);
                for held in self.people.iter_mut().flatten() {
                    if held.role == id {
                        held.role.clone_from(&next);
                    }
                }
            }
        }
    }

    fn member(&mut self, number: usize) -> &mut Held {
        self.people[number].as_mut().unwrap()
    }

    fn rights(&self) -> Vec<Option<Rights>> {
        let of = |held: &Held| {
            let built_in = Role::ALL.into_iter().find(|role| role.name() == held.role);
            let permissions = match built_in {
                Some(role) => {
                    let permissions = role.permissions();
                    let names = permissions.iter().map(api::permission::name);
                    names.map(str::to_owned).collect()
                }
                None => self.roles[&held.role].clone(),
            };
            (permissions, !held.is_limited)
        };
        let people = self.people.iter();
        people.map(|held| held.as_ref().map(of)).collect()
    }
}

fn named(permissions: &[&str]) -> BTreeSet<String> {
    permissions.iter().map(|name| (*name).to_owned()).collect()
}

/// A tenant with one of each role.
struct World {
    app: App,
    people: Vec<TestMember>,
    roles: Vec<String>,
    group: String,
}

/// What somebody has: permissions, and whether at all accounts.
type Rights = (BTreeSet<String>, bool);

impl World {
    async fn new() -> Self {
        let app = App::new().await;
        let ada = app.account("ada").await;
        let group = app.group("Client", &[ada]).await;
        let mut people = vec![app.owner.clone()];
        for role in [Role::Admin, Role::Editor, Role::Viewer] {
            people.push(app.colleague(role).await);
        }
        people.push(app.limited(Role::Admin, &group).await);
        let roles = vec![
            app.role("Lead", PERMISSIONS[1]).await,
            app.role("Reader", PERMISSIONS[0]).await,
        ];
        Self {
            app,
            people,
            roles,
            group,
        }
    }

    /// A role by its number: those of every tenant, then those that were made.
    fn role(&self, number: usize) -> String {
        let built_in = Role::ALL.map(Role::name);
        built_in.get(number).map_or_else(
            || self.made_role(number - built_in.len()),
            |name| (*name).to_owned(),
        )
    }

    fn made_role(&self, number: usize) -> String {
        self.roles[number % self.roles.len()].clone()
    }

    async fn rights(&self) -> Vec<Option<Rights>> {
        let mut all = Vec::new();
        for person in &self.people {
            let answer = self.app.get(person, "/v1/members/me").await;
            all.push((answer.status == 200).then(|| rights_of(&answer.body)));
        }
        all
    }

    /// Tries it; who tried, and how it was answered.
    async fn perform(&mut self, wanted: &Try) -> (usize, u16) {
        let app = &self.app;
        let member = |number: usize| format!("/v1/members/{}", self.people[number].user);
        let (by, answer) = match wanted {
            Try::Assign { by, to, role } => {
                let body = json!({ "role": self.role(*role) });
                (by, app.patch(&self.people[*by], &member(*to), &body).await)
            }
            Try::Limit { by, to, to_group } => {
                let groups = to_group.then(|| [self.group.clone()]);
                let body = json!({ "account_groups": groups });
                (by, app.patch(&self.people[*by], &member(*to), &body).await)
            }
            Try::Remove { by, who } => (by, app.delete(&self.people[*by], &member(*who)).await),
            Try::Leave { who } => (who, app.delete(&self.people[*who], "/v1/members/me").await),
            Try::MakeRole { by, permissions } => {
                let name = format!("Role {}", self.roles.len());
                let body = json!({ "name": name, "permissions": PERMISSIONS[*permissions] });
                let answer = app.post(&self.people[*by], "/v1/roles", &body).await;
                if answer.status == 201 {
                    let id = answer.body["id"].as_str().unwrap().to_owned();
                    self.roles.push(id);
                }
                (by, answer)
            }
            Try::ChangeRole {
                by,
                role,
                permissions,
            } => {
                let path = format!("/v1/roles/{}", self.made_role(*role));
                let body = json!({ "permissions": PERMISSIONS[*permissions] });
                (by, app.patch(&self.people[*by], &path, &body).await)
            }
            Try::DeleteRole {
                by,
                role,
                replacement,
            } => {
                let replacement = self.role(*replacement);
                let path = format!(
                    "/v1/roles/{}?replacement={replacement}",
                    self.made_role(*role)
                );
                (by, app.delete(&self.people[*by], &path).await)
            }
        };
        (*by, answer.status.as_u16())
    }
}

fn rights_of(body: &Value) -> Rights {
    let permissions = body["permissions"].as_array().unwrap().iter();
    let names = permissions.map(|name| name.as_str().unwrap().to_owned());
    (names.collect(), body["account_ids"].is_null())
}

/// Permissions and accounts that the one has and the other has not.
fn gained(before: Option<&Rights>, after: &Rights) -> Rights {
    let nothing = (BTreeSet::new(), false);
    let (permissions, all_accounts) = before.unwrap_or(&nothing);
    let more = after.0.difference(permissions).cloned().collect();
    (more, after.1 && !all_accounts)
}

async fn holds(tries: Vec<Try>) {
    let mut world = World::new().await;
    let mut model = Model::new(&world.roles);
    let mut before = world.rights().await;
    assert_eq!(before, model.rights());
    for wanted in &tries {
        let (by, status) = world.perform(wanted).await;
        assert!(status < 500, "{wanted:?}: {status}");
        let is_refused = status >= 400;
        if !is_refused {
            model.follow(wanted, &world);
        }
        let after = world.rights().await;
        assert_eq!(after, model.rights(), "{wanted:?}: {status}");
        if is_refused {
            continue;
        }
        let nothing = (BTreeSet::new(), false);
        let actor = before[by].as_ref().unwrap_or(&nothing);
        // What the act before took from them acts at once.
        let is_entitled = wanted.needs().is_none_or(|needed| actor.0.contains(needed));
        assert!(is_entitled, "{wanted:?} by somebody with {actor:?}");
        for (person, now) in after.iter().enumerate() {
            let Some(now) = now else { continue };
            let (permissions, accounts) = gained(before[person].as_ref(), now);
            assert!(
                permissions.is_subset(&actor.0),
                "{wanted:?} gave {permissions:?}"
            );
            assert!(!accounts || actor.1, "{wanted:?} gave all accounts");
        }
        let owners = after
            .iter()
            .flatten()
            .filter(|rights| rights.0.contains("delete_tenant"));
        assert!(owners.count() >= 1, "{wanted:?} left no owner");
        before = after;
    }
}

#[test]
fn id_39_no_sequence_of_calls_gives_a_right_that_its_caller_lacks_or_that_was_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 12,
        max_shrink_iters: 50,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&tries(), |tries| {
            runtime.block_on(holds(tries));
            Ok(())
        })
        .unwrap();
}
