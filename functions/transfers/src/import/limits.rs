//! How long the texts of a record may be, whoever wrote it: what no route and no network gives would fit into no item.

use domain::account::RemoteIdentity;
use domain::delivery::{Evidence, Fault};
use domain::text::is_web_address;
use serde_json::Value;

use crate::bundle::{PostRecord, TargetRecord};

/// Longest id of something at a network, in bytes.
const REMOTE_ID_MAX: usize = 1_000;
/// Longest name that people type, in bytes.
const HANDLE_MAX: usize = 512;
/// Longest name that people see, in bytes.
const NAME_MAX: usize = 1_000;
/// Longest code of a fault, or name of a time zone database, in bytes.
const CODE_MAX: usize = 100;
/// Longest words of a fault, in bytes.
const WORDS_MAX: usize = 4_000;
/// Most bytes of a target's options.
const OPTIONS_BYTES_MAX: usize = 1_000;
/// How deep options may be nested; the table takes 32 levels, together with those around them.
const OPTIONS_DEPTH_MAX: usize = 8;
/// Most bytes of all that a post says: more than the body of a request has, and less than an item holds.
const CONTENT_BYTES_MAX: usize = 300 << 10;

/// Looks at who an account is at its network.
pub(super) fn identity(identity: &RemoteIdentity) -> Result<(), &'static str> {
    let RemoteIdentity {
        remote_id,
        handle,
        name,
        avatar_url,
    } = identity;
    text(remote_id, REMOTE_ID_MAX)?;
    text(handle, HANDLE_MAX)?;
    text(name, NAME_MAX)?;
    address(avatar_url.as_deref())
}

/// Looks at what a post says as a whole, and at each target.
pub(super) fn post(record: &PostRecord) -> Result<(), &'static str> {
    if let Some(when) = &record.when {
        text(&when.database, CODE_MAX)?;
    }
    let mut bytes = json_bytes(&record.base)?;
    bytes = bytes.saturating_add(json_bytes(&record.tags)?);
    for one in &record.targets {
        target(one)?;
        bytes = bytes.saturating_add(json_bytes(&one.overridden)?);
        bytes = bytes.saturating_add(json_bytes(&one.options)?);
    }
    if bytes > CONTENT_BYTES_MAX {
        return Err("too_long");
    }
    Ok(())
}

fn target(target: &TargetRecord) -> Result<(), &'static str> {
    if json_bytes(&target.options)? > OPTIONS_BYTES_MAX {
        return Err("too_long");
    }
    if !is_within(&target.options, OPTIONS_DEPTH_MAX) {
        return Err("invalid_value");
    }
    if let Some(Evidence {
        remote_id,
        permalink,
        proof: _,
        published_at: _,
    }) = &target.evidence
    {
        text(remote_id.as_deref().unwrap_or_default(), REMOTE_ID_MAX)?;
        address(permalink.as_deref())?;
    }
    if let Some(Fault {
        code,
        category: _,
        actor: _,
        message,
        remedy,
    }) = &target.error
    {
        text(code, CODE_MAX)?;
        text(message, WORDS_MAX)?;
        text(remedy, WORDS_MAX)?;
    }
    Ok(())
}

fn text(text: &str, most: usize) -> Result<(), &'static str> {
    if text.len() > most {
        return Err("too_long");
    }
    Ok(())
}

/// People follow it: it must lead to the web.
fn address(address: Option<&str>) -> Result<(), &'static str> {
    if address.is_none_or(is_web_address) {
        Ok(())
    } else {
        Err("invalid_value")
    }
}

fn json_bytes(value: &impl serde::Serialize) -> Result<usize, &'static str> {
    let bytes = serde_json::to_vec(value).map_err(|_| "invalid_value")?;
    Ok(bytes.len())
}

fn is_within(value: &Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else {
        return false;
    };
    match value {
        Value::Array(values) => values.iter().all(|value| is_within(value, below)),
        Value::Object(values) => values.values().all(|value| is_within(value, below)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use domain::delivery::{FaultActor, FaultCategory, ProofKind};
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    const POST: &str = r#"{
        "id": "post_01jd8mz0000000000000000000", "when": null, "tags": [],
        "base": { "text": "Hello" },
        "targets": [{
            "id": "dlv_01jd8mz0000000000000000000", "account_id": "acc_01jd8mz0000000000000000000",
            "network": "bluesky", "state": "published", "override": {}, "options": {},
            "due_at": null, "called_at": null, "evidence": null, "error": null
        }],
        "created_by": "usr_01jd8mz0000000000000000000",
        "created_at": "2026-12-01T08:00:00Z", "updated_at": "2026-12-01T08:00:00Z"
    }"#;

    fn after(change: impl FnOnce(&mut PostRecord)) -> Result<(), &'static str> {
        let mut record: PostRecord = serde_json::from_str(POST).unwrap();
        change(&mut record);
        post(&record)
    }

    fn evidence(permalink: &str) -> Evidence {
        Evidence {
            remote_id: None,
            permalink: Some(permalink.to_owned()),
            proof: ProofKind::Response,
            published_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn post_with_a_permalink_that_a_browser_would_run_is_refused() {
        let with = |link: &str| after(|post| post.targets[0].evidence = Some(evidence(link)));

        assert_eq!(with("https://bsky.app/profile/ada/post/3k"), Ok(()));
        assert_eq!(with("javascript:alert(1)"), Err("invalid_value"));
    }

    #[test]
    fn post_with_more_than_an_item_holds_is_refused() {
        let long = |bytes: usize| "x".repeat(bytes);
        let fault = |message: String| {
            let (category, actor) = (FaultCategory::Content, FaultActor::User);
            Fault::new("too_long", category, actor, message, "Shorten it.")
        };

        assert_eq!(after(|_| ()), Ok(()));
        let words = after(|post| post.targets[0].error = Some(fault(long(4_001))));
        assert_eq!(words, Err("too_long"));
        let options = after(|post| post.targets[0].options = json!({ "note": long(1_000) }));
        assert_eq!(options, Err("too_long"));
        let whole = after(|post| post.base.text = long(CONTENT_BYTES_MAX));
        assert_eq!(whole, Err("too_long"));
    }

    #[test]
    fn post_with_options_that_are_nested_too_deeply_is_refused() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!([inner]));

        assert_eq!(after(|post| post.targets[0].options = nested(8)), Ok(()));
        let deeper = after(|post| post.targets[0].options = nested(9));
        assert_eq!(deeper, Err("invalid_value"));
    }

    #[test]
    fn account_with_names_that_no_network_has_is_refused() {
        let ada = RemoteIdentity {
            remote_id: "did:plc:ada".to_owned(),
            handle: "ada.example".to_owned(),
            name: "Ada".to_owned(),
            avatar_url: Some("https://cdn.example/ada".to_owned()),
        };

        assert_eq!(identity(&ada), Ok(()));
        let with_handle = RemoteIdentity {
            handle: "x".repeat(513),
            ..ada.clone()
        };
        assert_eq!(identity(&with_handle), Err("too_long"));
        let with_picture = RemoteIdentity {
            avatar_url: Some("data:text/html,Hello".to_owned()),
            ..ada
        };
        assert_eq!(identity(&with_picture), Err("invalid_value"));
    }
}
