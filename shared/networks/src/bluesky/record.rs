//! The record of a post (`app.bsky.feed.post`).

use std::collections::BTreeMap;

use domain::FieldError;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::facets::{Meaning, Span};

pub(crate) const COLLECTION: &str = "app.bsky.feed.post";

/// Limit of the record's schema.
const LANGUAGES_MAX: usize = 3;

/// The labels that authors may put on their own posts.
const SELF_LABELS: [&str; 4] = ["sexual", "nudity", "porn", "graphic-media"];

/// Options of a target at this network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    /// Languages of the text, as BCP 47 tags.
    pub(crate) langs: Vec<String>,
    /// Content warnings.
    pub(crate) labels: Vec<String>,
}

impl Options {
    /// Reads options and names everything that is wrong with them.
    pub(crate) fn parse(options: &Value) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut parsed = Self::default();
        match options {
            Value::Null => {}
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "langs" => parsed.langs = texts("/langs", value, &mut errors),
                        "labels" => parsed.labels = texts("/labels", value, &mut errors),
                        other => errors.push(FieldError::new(
                            format!("/{}", other.replace('~', "~0").replace('/', "~1")),
                            "unknown_field",
                            "Bluesky has the options langs and labels",
                        )),
                    }
                }
            }
            _ => errors.push(FieldError::new(
                "",
                "wrong_type",
                "options must be an object",
            )),
        }
        if parsed.langs.len() > LANGUAGES_MAX {
            errors.push(FieldError::new(
                "/langs",
                "too_many",
                "name at most 3 languages",
            ));
        }
        for (position, language) in parsed.langs.iter().enumerate() {
            if !is_language(language) {
                errors.push(FieldError::new(
                    format!("/langs/{position}"),
                    "invalid_language",
                    "use language tags such as en or pt-BR",
                ));
            }
        }
        for (position, label) in parsed.labels.iter().enumerate() {
            if !SELF_LABELS.contains(&label.as_str()) {
                errors.push(FieldError::new(
                    format!("/labels/{position}"),
                    "invalid_label",
                    format!("use one of {}", SELF_LABELS.join(", ")),
                ));
            }
        }
        if errors.is_empty() {
            Ok(parsed)
        } else {
            Err(errors)
        }
    }
}

fn texts(pointer: &str, value: &Value, errors: &mut Vec<FieldError>) -> Vec<String> {
    if let Ok(texts) = Vec::<String>::deserialize(value) {
        texts
    } else {
        errors.push(FieldError::new(
            pointer,
            "wrong_type",
            "must be a list of texts",
        ));
        Vec::new()
    }
}

/// The shape of a BCP 47 tag: a language of 2 or 3 letters and subtags of 1 to 8 letters and digits.
fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len())
                && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// An uploaded image.
pub(crate) struct Image {
    /// The server's reference to the bytes, as it gave it.
    pub(crate) blob: Value,
    pub(crate) alt_text: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// What identifies one version of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StrongRef {
    pub(crate) uri: String,
    pub(crate) cid: String,
}

/// A span as the network keeps it; `None` for a mention whose DID is not known.
pub(crate) fn facet(span: &Span, dids: &BTreeMap<String, String>) -> Option<Value> {
    let feature = match &span.meaning {
        Meaning::Link { uri } => json!({"$type": "app.bsky.richtext.facet#link", "uri": uri}),
        Meaning::Mention { handle } => {
            json!({"$type": "app.bsky.richtext.facet#mention", "did": dids.get(handle)?})
        }
        Meaning::Tag { tag } => json!({"$type": "app.bsky.richtext.facet#tag", "tag": tag}),
    };
    Some(json!({
        "index": {"byteStart": span.start, "byteEnd": span.end},
        "features": [feature],
    }))
}

/// The record without its place in a thread. Depends only on its arguments: a repeat writes the same bytes.
pub(crate) fn post(
    text: &str,
    due: Timestamp,
    options: &Options,
    facets: Vec<Value>,
    images: &[Image],
) -> Value {
    let mut record = json!({
        "$type": COLLECTION,
        "text": text,
        "createdAt": due.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    });
    let mut put = |field: &str, value: Value| {
        if let Some(fields) = record.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
    };
    if !options.langs.is_empty() {
        put("langs", json!(options.langs));
    }
    if !facets.is_empty() {
        put("facets", Value::Array(facets));
    }
    if !images.is_empty() {
        let images: Vec<Value> = images.iter().map(image).collect();
        put(
            "embed",
            json!({"$type": "app.bsky.embed.images", "images": images}),
        );
    }
    if !options.labels.is_empty() {
        let values: Vec<Value> = options
            .labels
            .iter()
            .map(|label| json!({"val": label}))
            .collect();
        put(
            "labels",
            json!({"$type": "com.atproto.label.defs#selfLabels", "values": values}),
        );
    }
    record
}

fn image(image: &Image) -> Value {
    let mut value = json!({"alt": image.alt_text, "image": image.blob});
    // The schema wants both at least 1.
    if image.width > 0
        && image.height > 0
        && let Some(fields) = value.as_object_mut()
    {
        fields.insert(
            "aspectRatio".to_owned(),
            json!({"width": image.width, "height": image.height}),
        );
    }
    value
}

/// Makes the record a reply: a further part of a thread.
pub(crate) fn reply_to(record: &mut Value, root: &StrongRef, parent: &StrongRef) {
    if let Some(fields) = record.as_object_mut() {
        fields.insert("reply".to_owned(), json!({"root": root, "parent": parent}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(options: &Value) -> Vec<String> {
        Options::parse(options)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| error.pointer)
            .collect()
    }

    #[test]
    fn options_that_are_valid_are_taken() {
        assert_eq!(pointers(&Value::Null), Vec::<String>::new());
        assert_eq!(pointers(&json!({})), Vec::<String>::new());
        assert_eq!(
            pointers(&json!({"langs": ["en", "pt-BR", "zh-Hant"], "labels": ["graphic-media"]})),
            Vec::<String>::new()
        );
    }

    #[test]
    fn options_that_are_wrong_are_named_by_pointer() {
        assert_eq!(pointers(&json!([])), [""]);
        assert_eq!(pointers(&json!({"a/b": 1})), ["/a~1b"]);
        assert_eq!(pointers(&json!({"langs": "en"})), ["/langs"]);
        assert_eq!(
            pointers(&json!({"langs": ["en", "de", "fr", "it"]})),
            ["/langs"]
        );
        assert_eq!(
            pointers(&json!({"langs": ["en", "English!"]})),
            ["/langs/1"]
        );
        assert_eq!(pointers(&json!({"labels": ["spam"]})), ["/labels/0"]);
    }

    #[test]
    fn record_has_its_time_in_milliseconds_and_leaves_out_what_is_empty() {
        let due = "2026-12-01T09:00:00Z".parse().unwrap();

        assert_eq!(
            post("Hello", due, &Options::default(), Vec::new(), &[]),
            json!({"$type": "app.bsky.feed.post", "text": "Hello", "createdAt": "2026-12-01T09:00:00.000Z"})
        );
    }
}
