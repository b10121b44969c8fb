//! The variables that functions read and those that the template sets.

use std::collections::BTreeSet;

use cloud::config::Part;
use engine::BaseConfig;
use serde_yaml_ng::Value;

use crate::template::{application, functions};

fn variables_of(function: &str) -> Vec<&'static str> {
    let own = match function {
        "accounts" => accounts::Config::variables(),
        "auth" => auth::Config::variables(),
        "dispatch" => dispatch::Config::variables(),
        "media" => media::Config::variables(),
        "members" => members::Config::variables(),
        "publishing" => publishing::Config::variables(),
        "scheduling" => scheduling::Config::variables(),
        "tenants" => tenants::Config::variables(),
        "transfers" => transfers::Config::variables(),
        "upkeep" => upkeep::Config::variables(),
        other => panic!("{other} has no configuration here"),
    };
    [BaseConfig::variables(), own].concat()
}

fn set_by(function: &Value) -> BTreeSet<&str> {
    let variables = &function["Environment"]["Variables"];
    let Some(variables) = variables.as_mapping() else {
        return BTreeSet::new();
    };
    variables
        .keys()
        .map(|name| name.as_str().unwrap())
        .collect()
}

#[test]
fn template_sets_exactly_what_each_function_reads() {
    let template = application();
    let common = set_by(&template["Globals"]["Function"]);
    for (name, function) in functions(&template) {
        let set: BTreeSet<&str> = common.union(&set_by(function)).copied().collect();
        let read: BTreeSet<&str> = variables_of(&name).into_iter().collect();

        assert_eq!(set, read, "{name}");
    }
}
