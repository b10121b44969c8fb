//! Reads the templates.

use std::collections::BTreeMap;

use serde_yaml_ng::Value;

use crate::files::{self, FUNCTIONS};

/// `infra/template.yaml`
pub(crate) fn application() -> Value {
    read("infra/template.yaml")
}

/// `infra/data.yaml`
pub(crate) fn stored() -> Value {
    read("infra/data.yaml")
}

fn read(path: &str) -> Value {
    serde_yaml_ng::from_str(&files::text(path)).unwrap()
}

/// The resources of a type, by their names in the template.
pub(crate) fn resources<'a>(template: &'a Value, kind: &str) -> BTreeMap<&'a str, &'a Value> {
    template["Resources"]
        .as_mapping()
        .unwrap()
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str().unwrap(), &resource["Properties"]))
        .collect()
}

/// The functions by the names of their folders.
pub(crate) fn functions(template: &Value) -> BTreeMap<String, &Value> {
    resources(template, "AWS::Serverless::Function")
        .into_iter()
        .map(|(name, function)| {
            let folder = name.strip_suffix("Function").unwrap().to_lowercase();
            (folder, function)
        })
        .collect()
}

/// What a short form such as `!Ref` or `!GetAtt` names.
pub(crate) fn named(value: &Value) -> &str {
    match value {
        Value::Tagged(tagged) => tagged.value.as_str().unwrap(),
        other => other.as_str().unwrap(),
    }
}

/// All texts below a value, those in short forms too.
pub(crate) fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Sequence(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Mapping(values) => values.values().for_each(|value| texts(value, found)),
        Value::Tagged(tagged) => texts(&tagged.value, found),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn statements(document: &Value) -> Vec<&Value> {
    document["Statement"]
        .as_sequence()
        .unwrap()
        .iter()
        .collect()
}

pub(crate) fn role_statements(template: &Value) -> Vec<(&str, &Value)> {
    resources(template, "AWS::IAM::Role")
        .into_iter()
        .flat_map(|(name, role)| {
            let policies = role["Policies"].as_sequence().unwrap();
            policies
                .iter()
                .flat_map(|policy| statements(&policy["PolicyDocument"]))
                .map(move |statement| (name, statement))
        })
        .collect()
}

#[test]
fn every_function_is_in_the_template() {
    let template = application();
    let declared: Vec<String> = functions(&template).into_keys().collect();

    assert_eq!(declared, FUNCTIONS);
}

#[test]
fn every_function_has_its_own_role_logs_and_limits() {
    let template = application();
    let usual = &template["Globals"]["Function"];
    let log_groups = resources(&template, "AWS::Logs::LogGroup");
    let mut roles = Vec::new();
    for (folder, function) in functions(&template) {
        let setting = |name: &str| match &function[name] {
            Value::Null => usual[name].clone(),
            own => own.clone(),
        };
        assert!(setting("MemorySize").is_u64(), "{folder}: memory");
        assert!(setting("Timeout").is_u64(), "{folder}: time-out");
        assert_eq!(named(&setting("Tracing")), "Tracing", "{folder}");
        assert_eq!(function["LoggingConfig"]["LogFormat"], "JSON", "{folder}");
        let logs = named(&function["LoggingConfig"]["LogGroup"]);
        assert!(
            log_groups[logs].get("RetentionInDays").is_some(),
            "{folder}: how long logs are kept"
        );
        assert_eq!(
            function["CodeUri"],
            format!("../target/lambda/{folder}.zip"),
            "where `make package` puts it"
        );
        roles.push(named(&function["Role"]).to_owned());
    }
    let count = roles.len();
    roles.sort();
    roles.dedup();

    assert_eq!(roles.len(), count, "two functions share a role");
    assert_eq!(count, resources(&template, "AWS::IAM::Role").len());
}

#[test]
fn no_role_has_a_wildcard_action_or_resource() {
    // Actions that take no resource.
    let without_resource = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
    let template = application();
    for (role, statement) in role_statements(&template) {
        let (mut actions, mut targets) = (Vec::new(), Vec::new());
        texts(&statement["Action"], &mut actions);
        texts(&statement["Resource"], &mut targets);
        for action in &actions {
            assert!(!action.contains('*'), "{role} may do {action}");
        }
        let is_bare = targets.iter().any(|target| target == "*");
        let may_be_bare = actions
            .iter()
            .all(|action| without_resource.contains(&action.as_str()));
        assert!(!is_bare || may_be_bare, "{role}: {actions:?} on everything");
    }
}

#[test]
fn every_role_reaches_items_by_named_keys_only() {
    let template = application();
    for (role, statement) in role_statements(&template) {
        let (mut actions, mut targets) = (Vec::new(), Vec::new());
        texts(&statement["Action"], &mut actions);
        texts(&statement["Resource"], &mut targets);
        let is_table = actions.iter().any(|action| action.starts_with("dynamodb:"));
        if !is_table || statement["Effect"] == "Deny" {
            continue;
        }
        let is_index = targets.iter().all(|target| target.contains("/index/"));
        let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        assert!(is_index || keys.is_sequence(), "{role}: {actions:?}");
    }
}

#[test]
fn only_functions_that_use_credentials_open_tenant_keys() {
    let template = application();
    let mut openers = Vec::new();
    for (role, statement) in role_statements(&template) {
        let mut actions = Vec::new();
        texts(&statement["Action"], &mut actions);
        if !actions.contains(&"kms:Decrypt".to_owned()) {
            continue;
        }
        let context = &statement["Condition"]["StringEquals"];
        assert_eq!(context["kms:EncryptionContext:purpose"], "tenant-key");
        match &context["kms:EncryptionContext:tenant"] {
            // Keys of tenants have versions from 1 on.
            Value::Null if context["kms:EncryptionContext:v"] == "0" => {}
            Value::Null => openers.push(role),
            root => assert_eq!(*root, domain::tenant::ROOT_TENANT.to_string(), "{role}"),
        }
    }
    openers.dedup();

    assert_eq!(openers, ["AccountsRole", "PublishingRole"]);
}

#[test]
fn keys_of_customers_are_used_by_name_only() {
    let template = application();
    assert_eq!(template["Parameters"]["CustomerKeys"]["Default"], "");
    let mut users = Vec::new();
    for (role, statement) in role_statements(&template) {
        let mut targets = Vec::new();
        texts(&statement["Resource"], &mut targets);
        if !targets.contains(&"CustomerKeys".to_owned()) {
            continue;
        }
        let mut actions = Vec::new();
        texts(&statement["Action"], &mut actions);
        assert_eq!(actions, ["kms:GenerateDataKey", "kms:Decrypt"], "{role}");
        let context = &statement["Condition"]["StringEquals"];
        assert_eq!(context["kms:EncryptionContext:purpose"], "tenant-key");
        users.push((role, context["kms:EncryptionContext:v"].as_str()));
    }

    let expected = [
        ("AccountsRole", None),
        ("PublishingRole", None),
        ("TenantsRole", Some("0")),
    ];
    assert_eq!(users, expected);
}

#[test]
fn root_tenant_of_the_template_is_that_of_the_code() {
    let root = domain::tenant::ROOT_TENANT;
    let template = application();
    let keys = &template["Mappings"]["Keys"];

    assert_eq!(keys["RootTenant"]["Pattern"], format!("T#{root}"));
    assert_eq!(keys["RootKeys"]["Pattern"], format!("T#{root}#TK"));
}

#[test]
fn stack_that_is_deleted_keeps_what_must_not_be_lost() {
    let template = stored();
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        if resource["Type"] == "AWS::KMS::Alias" {
            continue;
        }
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(resource[policy], "Retain", "{policy} of {name:?}");
        }
    }
}

/// What is cut off the audit log before a checkpoint has seen it, nobody can miss: this is how long that may be.
#[test]
fn checkpoint_of_the_audit_log_is_made_every_hour() {
    let template = application();
    let functions = functions(&template);
    let events = functions["upkeep"]["Events"].as_mapping().unwrap();
    let checkpoint = &events["Checkpoint"]["Properties"];

    assert_eq!(checkpoint["Schedule"], "rate(1 hour)");
    let sample: serde_json::Value =
        serde_json::from_str(&files::text("events/timer/checkpoint.json")).unwrap();
    let input = checkpoint["Input"].as_str().unwrap();
    let input: serde_json::Value = serde_json::from_str(input).unwrap();
    assert_eq!(input, sample, "what the function takes for it");
}
