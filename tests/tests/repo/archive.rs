//! What is kept of the audit log cannot be changed or removed before its time: not by a function, and not by the account.

use bytes::Bytes;
use cloud::archive::Archive as _;
use domain::Error;
use serde_yaml_ng::Value;
use testkit::MemoryArchive;

use crate::files;
use crate::template::{application, named, resources, role_statements, stored, texts};

/// What would shorten a retention, go around it, or take a bucket's lock, versions or objects away.
const NOBODYS: [&str; 11] = [
    "s3:bypassgovernanceretention",
    "s3:deletebucket",
    "s3:deletebucketpolicy",
    "s3:deleteobjectversion",
    "s3:putbucketobjectlockconfiguration",
    "s3:putbucketpolicy",
    "s3:putbucketversioning",
    "s3:putlifecycleconfiguration",
    "s3:putobjectlegalhold",
    "s3:putobjectretention",
    "s3:replicateobject",
];

#[test]
fn archive_of_the_audit_log_is_locked_in_compliance_mode_for_a_year_at_least() {
    let template = stored();
    let archive = resources(&template, "AWS::S3::Bucket")["AuditBucket"];
    let lock = &archive["ObjectLockConfiguration"];
    let retention = &lock["Rule"]["DefaultRetention"];

    assert_eq!(archive["ObjectLockEnabled"], true);
    assert_eq!(lock["ObjectLockEnabled"], "Enabled");
    // The mode that the root user of the account cannot lift either.
    assert_eq!(retention["Mode"], "COMPLIANCE");
    assert_eq!(retention["Days"], Value::Null);
    assert_eq!(archive["VersioningConfiguration"]["Status"], "Enabled");
    assert_eq!(archive["LifecycleConfiguration"], Value::Null);
    let years = &template["Parameters"][named(&retention["Years"])];
    for least in ["Default", "MinValue"] {
        assert!(years[least].as_u64().unwrap() >= 1, "{least}");
    }
    for statement in resources(&template, "AWS::S3::BucketPolicy")
        .values()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence().unwrap())
    {
        assert_eq!(statement["Effect"], "Deny", "{statement:?}");
    }
}

#[test]
fn no_role_removes_or_unlocks_what_the_archive_keeps() {
    let template = application();
    let mut keepers = Vec::new();
    for (role, statement) in role_statements(&template) {
        let (mut actions, mut targets) = (Vec::new(), Vec::new());
        texts(&statement["Action"], &mut actions);
        texts(&statement["Resource"], &mut targets);
        if statement["Effect"] == "Deny" {
            continue;
        }
        for other in ["NotAction", "NotResource"] {
            assert_eq!(statement[other], Value::Null, "{role}");
        }
        for action in actions.iter().map(|action| action.to_lowercase()) {
            assert!(!NOBODYS.contains(&action.as_str()), "{role}: {action}");
            if action.starts_with("s3:delete") {
                let of_media = |target: &String| target.contains(":::${MediaBucketName}/");
                assert!(targets.iter().all(of_media), "{role}: {targets:?}");
            }
        }
        if targets
            .iter()
            .any(|target| target.contains("Audit") && target.contains(":s3:"))
        {
            let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
            let places: &[&str] = match *actions {
                ["s3:PutObject"] => &["/checkpoints/*", "/erasures/*"],
                ["s3:GetObject"] => &["/erasures/*"],
                ["s3:ListBucket"] => &[""],
                _ => panic!("{role}: {actions:?}"),
            };
            for target in &targets {
                let (_, place) = target.split_once(":::${AuditBucketName}").unwrap();
                assert!(places.contains(&place), "{target}");
            }
            keepers.push(role);
        }
    }
    for (name, role) in resources(&template, "AWS::IAM::Role") {
        for elsewhere in ["ManagedPolicyArns", "PermissionsBoundary"] {
            assert_eq!(role[elsewhere], Value::Null, "{name}");
        }
    }

    keepers.dedup();
    assert_eq!(keepers, ["UpkeepRole"]);
}

#[tokio::test]
async fn archive_in_memory_never_overwrites_what_it_keeps() {
    let archive = MemoryArchive::default();
    let keep = |text: &'static str| archive.keep("a/b.json", "application/json", text.into());
    keep("first").await.unwrap();

    let refusal = keep("second").await.unwrap_err();

    assert!(matches!(refusal, Error::Conflict { .. }), "{refusal:?}");
    let kept = archive.kept();
    assert_eq!(kept.get("a/b.json"), Some(&Bytes::from("first")));
    assert_eq!(kept.len(), 1);
}

/// Whoever has an archive can keep something in it and read what is kept, and nothing else.
#[test]
fn archive_has_no_way_to_remove_or_change() {
    let archive = files::text("shared/cloud/src/archive/mod.rs");
    let (_, methods) = archive.split_once("pub trait Archive").unwrap();
    let methods: Vec<&str> = methods.matches("async fn ").collect();
    assert_eq!(methods.len(), 3);
    for method in ["keep", "read", "names"] {
        assert!(archive.contains(&format!("async fn {method}(")), "{method}");
    }

    let bucket = files::text("shared/cloud/src/archive/s3.rs");
    let calls = ["put_object()", "if_none_match(\"*\")"];
    assert!(calls.iter().all(|call| bucket.contains(call)));
    // What was not written to its end is no document yet.
    let folder = files::text("infra/local/src/archive.rs");
    let folder = folder.replacen("fs::remove_file(part)", "", 1);
    for source in [bucket, folder] {
        let (code, _) = source.split_once("mod tests").unwrap_or((&source, ""));
        for removal in ["delete_object", "remove_file", "remove_dir", "retention"] {
            assert!(!code.contains(&format!(".{removal}")), "{removal}");
            assert!(!code.contains(&format!("::{removal}")), "{removal}");
        }
    }
}
