//! The same questions in the words of Cedar.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use domain::AccountId;
use domain::membership::{AccountReach, PermissionSet, Rights, Role};
use serde_json::{Value, json};

use crate::cases::{About, Actor, Case, Held, Key, Person, Wanted};

const OURS: &str = "ours";
const THEIRS: &str = "theirs";

/// Whether Cedar allows each.
pub(crate) fn decide(cases: &[Case]) -> Vec<bool> {
    let mut world = World::new();
    let requests: Vec<Value> = cases.iter().map(|case| world.request(case)).collect();
    let entities: Vec<&Value> = world.entities.values().collect();
    let asked = json!({ "entities": entities, "requests": requests });
    let signs = answer(&asked);
    assert_eq!(signs.len(), cases.len());
    signs.bytes().map(|sign| sign == b'+').collect()
}

/// What the program next to this file says; it needs `cedarpy`, which `make test` installs.
fn answer(asked: &Value) -> String {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/decide.py");
    let mut python = Command::new("python3")
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = asked.to_string();
    let written = python.stdin.take().unwrap().write_all(asked.as_bytes());
    let output = python.wait_with_output().unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}");
    written.unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Everything that acts or is acted on, once each.
struct World {
    entities: BTreeMap<String, Value>,
}

impl World {
    fn new() -> Self {
        let mut entities = BTreeMap::new();
        for pair in Role::ALL.windows(2) {
            let [below, role] = [pair[0].name(), pair[1].name()];
            let parents = json!([uid("Role", below)]);
            let entity = json!({ "uid": uid("Role", role), "attrs": {}, "parents": parents });
            entities.insert(role.to_owned(), entity);
        }
        Self { entities }
    }

    fn add(&mut self, kind: &str, attributes: &Value, parents: &Value) -> Value {
        let id = self.entities.len().to_string();
        let new = || json!({ "uid": uid(kind, &id), "attrs": attributes, "parents": parents });
        let known = self
            .entities
            .entry(format!("{kind} {attributes} {parents}"));
        known.or_insert_with(new)["uid"].clone()
    }

    /// Something that stands in no role.
    fn thing(&mut self, kind: &str, tenant: &str, facts: &Facts) -> Value {
        self.add(kind, &facts.attributes(tenant), &json!([]))
    }

    /// Something that may be a part of what somebody has.
    fn held_thing(&mut self, kind: &str, facts: &Facts, holder: Option<&Rights>) -> Value {
        let mut attributes = facts.attributes(OURS);
        if let Some(rights) = holder {
            let holder = self.thing("Member", OURS, &Facts::of(rights));
            attributes["holder"] = json!({ "__entity": holder });
        }
        self.add(kind, &attributes, &json!([]))
    }

    fn person(&mut self, person: &Person) -> Value {
        let attributes = Facts::of(&person.rights()).attributes(OURS);
        self.add("User", &attributes, &json!([role(&person.role)]))
    }

    fn key(&mut self, key: &Key) -> Value {
        let maker = self.person(&key.maker);
        let given = Facts::of(&key.given);
        let mut attributes = given.attributes(OURS);
        attributes["permissions"] = Facts::of(&key.maker.rights()).permissions;
        attributes["scopes"] = given.permissions;
        attributes["maker"] = json!({ "__entity": maker });
        self.add("Key", &attributes, &json!([role(&key.maker.role)]))
    }

    fn request(&mut self, case: &Case) -> Value {
        let principal = match &case.actor {
            Actor::Person(person) => self.person(person),
            Actor::Key(key) => self.key(key),
        };
        let mut given = |kind, facts: &Facts| {
            let given = self.thing(kind, OURS, facts);
            json!({ "given": { "__entity": given } })
        };
        let (verb, context) = match &case.wanted {
            Wanted::Use(permission) => ("use", json!({ "permission": permission })),
            Wanted::Revoke => ("revoke", json!({})),
            Wanted::Grant(rights) => ("grant", given("Member", &Facts::of(rights))),
            Wanted::DefineRole(permissions) => {
                let facts = Facts::of_permissions(permissions);
                ("define_role", given("Made", &facts))
            }
            Wanted::DefineGroup(accounts) => {
                let facts = Facts::of_accounts(accounts);
                ("define_group", given("Accounts", &facts))
            }
        };
        let resource = match &case.about {
            About::Oneself => principal.clone(),
            About::OwnTenant => self.thing("Tenant", OURS, &Facts::none()),
            About::OtherTenant => self.thing("Tenant", THEIRS, &Facts::none()),
            About::Supported => self.thing("Supported", THEIRS, &Facts::none()),
            About::OnAccounts(accounts) => {
                self.thing("Accounts", OURS, &Facts::of_accounts(accounts))
            }
            About::Holder(rights) => self.thing("Member", OURS, &Facts::of(rights)),
            About::Role(permissions, holder) => {
                let facts = Facts::of_permissions(permissions);
                self.held_thing("Made", &facts, holder.as_ref())
            }
            About::Group(accounts, holder) => {
                let facts = Facts::of_accounts(accounts);
                self.held_thing("Accounts", &facts, holder.as_ref())
            }
        };
        json!({
            "principal": principal,
            "action": uid("Action", verb),
            "resource": resource,
            "context": context,
        })
    }
}

/// Rights as the rules see them.
struct Facts {
    permissions: Value,
    all_accounts: bool,
    accounts: Value,
}

impl Facts {
    fn none() -> Self {
        Self {
            permissions: json!([]),
            all_accounts: false,
            accounts: json!([]),
        }
    }

    fn of(rights: &Rights) -> Self {
        let (all_accounts, accounts) = match &rights.accounts {
            AccountReach::All => (true, json!([])),
            AccountReach::Only(accounts) => (false, json!(accounts)),
        };
        Self {
            permissions: json!(rights.permissions),
            all_accounts,
            accounts,
        }
    }

    fn of_permissions(permissions: &PermissionSet) -> Self {
        Self {
            permissions: json!(permissions),
            ..Self::none()
        }
    }

    fn of_accounts(accounts: &[AccountId]) -> Self {
        Self {
            accounts: json!(accounts),
            ..Self::none()
        }
    }

    fn attributes(&self, tenant: &str) -> Value {
        json!({
            "tenant": tenant,
            "permissions": self.permissions,
            "all_accounts": self.all_accounts,
            "accounts": self.accounts,
        })
    }
}

fn uid(kind: &str, id: &str) -> Value {
    json!({ "type": kind, "id": id })
}

/// The role in the rules. Those that a tenant made are one there: their permissions say what they allow.
fn role(held: &Held) -> Value {
    match held {
        Held::BuiltIn(role) => uid("Role", role.name()),
        Held::Made(_) => uid("Role", "made"),
    }
}
