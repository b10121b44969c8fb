//! Changes as merge patches (RFC 7396): the post as it would be written, with the patch applied.

use api::Result;
use domain::post::{Body, Content, Override, TargetContent, ThreadPart};
use domain::schedule::Schedule;
use serde_json::{Map, Value, json};
use store::StoredPost;

use crate::request::CreatePost;

/// A patched post.
#[derive(Debug)]
pub(crate) struct Merged {
    /// The post as it would be written.
    pub(crate) input: CreatePost,
    /// Whether its time is another one.
    pub(crate) has_new_time: bool,
}

/// Applies a patch; what results must be a post again.
pub(crate) fn merge(stored: &StoredPost, mut patch: Map<String, Value>) -> Result<Merged> {
    let when = written_when(stored.post.schedule.as_ref());
    let patched_when = match patch.remove("when") {
        None => Some(when.clone()),
        Some(patch) => merge_when(when.clone(), patch),
    };
    let mut written = written(stored);
    let has_new_time = patched_when.as_ref() != Some(&when);
    if let Some(when) = patched_when {
        written.insert("when".to_owned(), when);
    }
    let mut written = Value::Object(written);
    merge_value(&mut written, Value::Object(patch));
    Ok(Merged {
        input: api::from_value(&written)?,
        has_new_time,
    })
}

/// A patch that names another way to say when replaces the present one: nobody must null what `draft`, `now` and `at`
/// exclude of each other. `None` where the patch removes it.
fn merge_when(mut when: Value, patch: Value) -> Option<Value> {
    if patch.is_null() {
        return None;
    }
    let names = |name| patch.get(name).is_some_and(|value| !value.is_null());
    if let Some(when) = when.as_object_mut() {
        if names("draft") || names("now") {
            when.clear();
        } else if names("at") {
            when.remove("draft");
        }
    }
    merge_value(&mut when, patch);
    Some(when)
}

/// RFC 7396, 2.
fn merge_value(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge_value(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

fn written(stored: &StoredPost) -> Map<String, Value> {
    let Body {
        revision: _,
        base,
        targets,
    } = &stored.body;
    let targets: Vec<Value> = targets.iter().map(written_target).collect();
    Map::from_iter([
        ("base".to_owned(), written_content(base)),
        ("targets".to_owned(), targets.into()),
        ("tags".to_owned(), json!(stored.post.tags)),
    ])
}

fn written_when(schedule: Option<&Schedule>) -> Value {
    match schedule {
        None => json!({ "draft": true }),
        Some(schedule) => json!({ "at": schedule.local, "zone": schedule.zone }),
    }
}

fn written_content(content: &Content) -> Value {
    json!({
        "text": content.text,
        "media": content.media,
        "thread": written_thread(&content.thread),
    })
}

fn written_target(target: &TargetContent) -> Value {
    let Override {
        text,
        media,
        thread,
    } = &target.overridden;
    let mut overridden = Map::new();
    if let Some(text) = text {
        overridden.insert("text".to_owned(), json!(text));
    }
    if let Some(media) = media {
        overridden.insert("media".to_owned(), json!(media));
    }
    if let Some(thread) = thread {
        overridden.insert("thread".to_owned(), written_thread(thread));
    }
    json!({
        "account_id": target.account,
        "override": overridden,
        "options": target.options,
    })
}

fn written_thread(thread: &[ThreadPart]) -> Value {
    thread
        .iter()
        .map(|part| json!({ "text": part.text, "media": part.media }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_removes_replaces_and_keeps_as_the_rfc_says() {
        // RFC 7396, appendix A.
        let cases = [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (
                json!({"a":{"b":"c"}}),
                json!({"a":{"b":"d","c":null}}),
                json!({"a":{"b":"d"}}),
            ),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (
                json!({"a":"foo"}),
                json!({"a":{"b":{"c":null}}}),
                json!({"a":{"b":{}}}),
            ),
        ];
        for (mut target, patch, expected) in cases {
            merge_value(&mut target, patch);
            assert_eq!(target, expected);
        }
    }

    #[test]
    fn merge_of_another_way_to_say_when_replaces_the_present_one() {
        let at = json!({ "at": "2026-12-01T09:00:00", "zone": "Europe/Berlin" });
        let draft = json!({ "draft": true });

        assert_eq!(merge_when(at.clone(), draft.clone()), Some(draft.clone()));
        assert_eq!(merge_when(draft, at.clone()), Some(at.clone()));
        assert_eq!(
            merge_when(at.clone(), json!({ "at": "2026-12-01T10:00:00" })),
            Some(json!({ "at": "2026-12-01T10:00:00", "zone": "Europe/Berlin" }))
        );
        assert_eq!(merge_when(at, Value::Null), None);
    }
}
