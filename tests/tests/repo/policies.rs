//! What roles may do with which family of keys, whatever their functions do today.

use std::sync::LazyLock;

use store::schema::INDEXES;
use tests::policy::{Roles, TableCall, like};

use crate::files;
use crate::template::application;

const TENANT: &str = "ten_01jd8mz0000000000000000000";
const NOBODY: [&str; 0] = [];
/// What reaches items by their keys only.
const WITH_KEY: [&str; 8] = [
    "GetItem",
    "BatchGetItem",
    "Query",
    "ConditionCheckItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
];
/// What reaches items without naming a key.
const WITHOUT_KEY: [&str; 5] = [
    "Scan",
    "PartiQLSelect",
    "PartiQLInsert",
    "PartiQLUpdate",
    "PartiQLDelete",
];

fn roles() -> &'static Roles {
    static ROLES: LazyLock<Roles> =
        LazyLock::new(|| Roles::of_template(&files::text("infra/template.yaml")));
    &ROLES
}

/// The functions that may do something with a key.
fn who_may(action: &str, key: &str) -> Vec<&'static str> {
    let call = TableCall {
        action: format!("dynamodb:{action}"),
        index: None,
        keys: vec![key.to_owned()],
        ..TableCall::default()
    };
    allowed(&call)
}

fn allowed(call: &TableCall) -> Vec<&'static str> {
    let functions = files::FUNCTIONS.into_iter();
    functions
        .filter(|function| roles().allow(function, call))
        .collect()
}

/// A key of each row of the data model, with an id in the place of each prefix.
fn documented_keys() -> Vec<String> {
    let model = files::text("docs/data-model.md");
    let (_, items) = model.split_once("## Items").unwrap();
    let (items, _) = items.split_once("\n## ").unwrap();
    let rows = items.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut keys: Vec<String> = rows
        .map(|row| {
            let key = row.split('`').next().unwrap();
            ["ten", "usr", "post", "acc", "ntc"]
                .into_iter()
                .fold(key.to_owned(), |key, prefix| {
                    key.replace(&format!("{prefix}_"), &TENANT.replacen("ten", prefix, 1))
                })
        })
        .collect();
    keys.dedup();
    keys
}

#[test]
fn every_documented_partition_is_of_exactly_one_family() {
    let template = application();
    let families = template["Mappings"]["Keys"].as_mapping().unwrap();
    // Two families are single partitions of the families above them.
    let families: Vec<(&str, &str)> = families
        .iter()
        .map(|(name, family)| (name.as_str().unwrap(), family["Pattern"].as_str().unwrap()))
        .filter(|(name, _)| !name.starts_with("Root"))
        .collect();
    let keys = documented_keys();
    assert!(keys.len() > 15, "{keys:?}");

    for key in keys {
        let fitting: Vec<&str> = families
            .iter()
            .filter(|(_, pattern)| like(pattern, &key))
            .map(|(name, _)| *name)
            .collect();

        assert_eq!(fitting.len(), 1, "{key}: {fitting:?}");
    }
}

#[test]
fn every_statement_about_the_table_names_families_of_keys() {
    for (function, statement) in roles().statements() {
        if statement.allows && statement.on_table {
            let keys = statement.keys.as_deref().unwrap_or_default();
            assert!(!keys.is_empty(), "{function}: {} has no keys", statement.id);
            for key in keys {
                let begin = key.split('*').next().unwrap();
                assert!(begin.len() > 2, "{function}: {} has {key}", statement.id);
            }
        }
        if statement.allows && !statement.indexes.is_empty() {
            assert_eq!(statement.actions, ["dynamodb:Query"], "{function}");
            assert!(!statement.on_table, "{function}: {}", statement.id);
        }
    }
}

#[test]
fn batch_over_families_is_allowed_by_one_statement_or_not_at_all() {
    let call = |keys: [&str; 2]| TableCall {
        action: "dynamodb:BatchGetItem".to_owned(),
        index: None,
        keys: keys.map(str::to_owned).to_vec(),
        ..TableCall::default()
    };
    let (tenant, user) = (
        format!("T#{TENANT}"),
        format!("U#{}", TENANT.replacen("ten", "usr", 1)),
    );
    let credentials = format!("T#{TENANT}#CRED");

    assert!(roles().allow("scheduling", &call([&tenant, &user])));
    assert!(!roles().allow("scheduling", &call([&tenant, &credentials])));
    assert!(!roles().allow("scheduling", &call([&tenant, "X#KEYS"])));
}

#[test]
fn function_reaches_no_secrets_but_those_that_it_uses() {
    let of = |family: &str| format!("T#{TENANT}#{family}");
    // The publisher reads credentials beside what it publishes.
    assert_eq!(who_may("GetItem", &of("CRED")), ["accounts"]);
    assert_eq!(who_may("BatchGetItem", &of("CRED")), ["publishing"]);
    // What another key of the tenant has to seal anew; what is left of a deleted tenant, sealed.
    assert_eq!(who_may("Query", &of("CRED")), ["publishing", "upkeep"]);
    assert_eq!(who_may("GetItem", "X#OTT#hash"), ["auth"]);
    for read in ["BatchGetItem", "Query"] {
        assert_eq!(who_may(read, "X#OTT#hash"), NOBODY, "{read}");
    }
    assert_eq!(who_may("PutItem", &of("CRED")), ["accounts", "publishing"]);
    assert_eq!(who_may("PutItem", &of("TK")), ["accounts", "publishing"]);
    // Whoever disconnects an account leaves its credential to the publisher, which tells the network first.
    assert_eq!(who_may("DeleteItem", &of("CRED")), ["publishing"]);
    // Managers of members have a link sent to whoever lost their second factor, which auth alone can read.
    assert_eq!(who_may("PutItem", "X#OTT#hash"), ["auth", "members"]);
    for key in ["X#MAIL#hash", "X#KEYS"] {
        assert_eq!(who_may("PutItem", key), ["auth"], "{key}");
    }
    // An operator retires signing keys, and auth alone makes them.
    assert_eq!(who_may("UpdateItem", "X#KEYS"), ["auth", "upkeep"]);
}

/// Whoever wrote a wrapped key could put one that they know in its place.
#[test]
fn tenants_changes_nothing_of_a_wrapped_key_but_when_somebody_looks_after_it() {
    let call = |attributes: &[&str], returns: Option<&str>| TableCall {
        action: "dynamodb:UpdateItem".to_owned(),
        index: None,
        keys: vec![format!("T#{TENANT}#TK")],
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        returns: returns.map(str::to_owned),
    };
    let place = ["PK", "SK", "kind", "att_shard", "att_at", "op"];
    let may = |call: &TableCall| roles().allow("tenants", call);

    assert!(may(&call(&place, None)));
    assert!(may(&call(&place, Some("NONE"))));
    for told in ["ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"] {
        assert!(!may(&call(&place, Some(told))), "{told}");
    }
    for other in ["wrapped", "kms", "ver", "ten", "made", "left", "ty", "exp"] {
        let attributes = [&place[..], &[other]].concat();
        assert!(!may(&call(&attributes, None)), "{other}");
    }
    let key = format!("T#{TENANT}#TK");
    for action in ["PutItem", "DeleteItem", "BatchWriteItem"] {
        let functions = who_may(action, &key);
        assert!(!functions.contains(&"tenants"), "{action}: {functions:?}");
    }
}

/// Auth takes people out of their tenants. Whoever wrote a membership or a role there could give themselves rights.
#[test]
fn auth_changes_nothing_of_a_tenant_but_how_many_are_left() {
    let key = format!("T#{TENANT}");
    let may = |attributes: &[&str]| {
        let call = TableCall {
            action: "dynamodb:UpdateItem".to_owned(),
            keys: vec![key.clone()],
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
            ..TableCall::default()
        };
        roles().allow("auth", &call)
    };

    assert!(may(&["PK", "SK", "ty", "v", "used", "owners", "ver", "op"]));
    assert!(may(&["PK", "SK", "mems", "op"]));
    for other in ["role", "grp", "perms", "state", "kind", "exp"] {
        assert!(!may(&["PK", "SK", "ver", other]), "{other}");
    }
    assert!(!who_may("PutItem", &key).contains(&"auth"));
}

#[test]
fn nobody_changes_or_removes_an_event_of_a_tenant() {
    for action in ["UpdateItem", "DeleteItem"] {
        assert_eq!(who_may(action, &format!("T#{TENANT}#EVT")), NOBODY);
    }
}

#[test]
fn nobody_reaches_the_table_without_a_key() {
    for action in WITHOUT_KEY {
        let indexes = INDEXES.iter().map(|index| Some(index.name.to_owned()));
        for index in [None].into_iter().chain(indexes) {
            let call = TableCall {
                action: format!("dynamodb:{action}"),
                index,
                // A condition for all values holds for a call without any.
                ..TableCall::default()
            };
            assert_eq!(allowed(&call), NOBODY, "{call:?}");
        }
    }
}

/// What the table learns to do without a key, a list of what is forbidden would not have.
#[test]
fn every_action_that_is_allowed_on_the_table_names_keys() {
    for (function, statement) in roles().statements() {
        if statement.allows {
            for action in &statement.actions {
                let name = action.strip_prefix("dynamodb:").unwrap_or(action);
                assert!(
                    WITH_KEY.contains(&name),
                    "{function}: {} has {action}",
                    statement.id
                );
            }
        }
    }
}

/// A condition on keys would not hold these back: where one is allowed by mistake, it is denied all the same.
#[test]
fn every_role_denies_what_reaches_items_without_a_key() {
    for function in files::FUNCTIONS {
        let denied: Vec<&str> = roles()
            .statements()
            .filter(|(of, _)| *of == function)
            .map(|(_, statement)| statement)
            .filter(|statement| !statement.allows && statement.keys.is_none())
            .filter(|statement| statement.on_table && statement.indexes == ["*"])
            .flat_map(|statement| &statement.actions)
            .filter_map(|action| action.strip_prefix("dynamodb:"))
            .collect();

        assert_eq!(denied, WITHOUT_KEY, "{function}");
    }
}
