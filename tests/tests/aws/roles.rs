//! What the stories' functions asked of AWS, and what their roles said to it. Runs after all stories.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_yaml_ng::Value;

use crate::deployment::Deployment;

/// A decision about a call, as `tests/aws/emulator.py` notes it.
#[derive(Deserialize)]
struct Decision {
    function: String,
    #[serde(rename = "decision")]
    outcome: String,
    action: String,
    resource: String,
    keys: Option<Vec<String>>,
    /// The statements that allow it.
    statements: Vec<String>,
}

fn decisions() -> Vec<Decision> {
    let text = std::fs::read_to_string(Deployment::of_this_run().decisions).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The statements that allow something, by function.
fn granted() -> BTreeMap<String, BTreeSet<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/template.yaml");
    let template: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let resources = template["Resources"].as_mapping().unwrap();
    resources
        .iter()
        .filter_map(|(name, resource)| {
            let function = name.as_str()?.strip_suffix("Role")?.to_lowercase();
            let policy = &resource["Properties"]["Policies"][0]["PolicyDocument"];
            let statements = policy["Statement"].as_sequence()?.iter();
            let allowing = statements.filter(|statement| statement["Effect"] == "Allow");
            let ids = allowing.map(|statement| statement["Sid"].as_str().unwrap().to_owned());
            Some((function, ids.collect()))
        })
        .collect()
}

#[test]
fn no_role_refused_a_call_of_its_function() {
    let refused: Vec<String> = decisions()
        .iter()
        .filter(|decision| decision.outcome != "Allow")
        .map(|decision| {
            let Decision {
                function,
                action,
                resource,
                keys,
                ..
            } = decision;
            format!("{function}: {action} on {resource}, keys {keys:?}")
        })
        .collect();

    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn every_statement_was_needed_by_some_story_or_is_named_here() {
    /// In AWS the platform itself writes logs and traces under the function's role, and takes messages; the emulator
    /// does all that by itself. It tells a missing object from a forbidden one without asking.
    const OF_THE_PLATFORM: [&str; 4] = ["Logs", "Traces", "TakeMessages", "TellMissingBytes"];
    /// Dispatcher and sweeper do what others left undone, which no story leaves.
    const OF_WHAT_IS_LEFT: [&str; 15] = [
        "AccountsDisconnected",
        "AccountsFollow",
        "AccountsOfDeleted",
        "Deliveries",
        "Events",
        "HandOverShards",
        "Mails",
        "Notices",
        "Opening",
        "RootKeysOpened",
        "SendMails",
        "SignOutsOwed",
        "Uploads",
        "WakePublisher",
        "Writers",
    ];
    let is_named = |function: &str, statement: &str| match (function, statement) {
        // For posts that resume with their account and are due at once; for messages that come early.
        ("accounts" | "publishing", "WakePublisher") => true,
        // For networks that choose the keys of posts themselves, and accounts that are lost while a post is published.
        ("publishing", "RemotePosts" | "Events") => true,
        // For deliveries past their deadline that left evidence.
        ("upkeep", "RemotePosts") => true,
        // For sessions that a network renews, which takes hours to be due.
        ("publishing", "Credentials") => true,
        // For posts of tenants with a key of their own.
        ("publishing", "OwnKeysOpened") => true,
        // For owners of a tenant whose own key is refused while a post of it is published.
        ("publishing", "Owners") => true,
        // For keys that are a year old.
        ("publishing", "Rotating" | "SealedAnew") | ("upkeep", "KeysToRotate") => true,
        // For keys of access tokens that somebody else may have.
        ("upkeep", "SigningKeysRetired") => true,
        // For sessions of browsers, whose use is noted after five minutes.
        ("members", "NoteSessionUse") => true,
        // For tenants that were deleted two weeks ago, and media that were an hour ago.
        (
            "upkeep",
            "Erasing" | "Tombstones" | "TenantsMade" | "Certificates" | "MediaErased"
            | "VolumesErased",
        ) => true,
        // For the same tenants, and for people whose accounts ended a minute ago and whom a sweep finds.
        ("upkeep", "PeopleLetGo" | "Departed") => true,
        // For erasures that died right after the certificate was kept, and tables that were restored.
        ("upkeep", "KeptCertificates" | "TellKeptCertificates") => true,
        // For events that no tick has sealed, and for the checkpoint of every hour.
        ("upkeep", "SealedEvents" | "AuditLogs" | "Checkpoints" | "CheckpointsSigned") => true,
        // For tenants that are deleted with accounts.
        ("tenants", "AccountsDisconnected" | "AccountsOfDeleted" | "SignOutsOwed") => true,
        // For looks into a tenant for support, which no story begins.
        ("dispatch" | "upkeep", "SupportWatched") => true,
        ("dispatch" | "upkeep", left) if OF_WHAT_IS_LEFT.contains(&left) => true,
        (_, other) => OF_THE_PLATFORM.contains(&other),
    };
    let mut unused = granted();
    for decision in decisions() {
        let function = decision.function.rsplit('-').next().unwrap();
        let statements = unused.get_mut(function).unwrap();
        for statement in &decision.statements {
            statements.remove(statement);
        }
    }

    let unused: Vec<String> = unused
        .iter()
        .flat_map(|(function, statements)| {
            let left = statements
                .iter()
                .filter(|statement| !is_named(function, statement));
            left.map(move |statement| format!("{function}: {statement}"))
        })
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
