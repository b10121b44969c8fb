//! From written requests to checked types.

use std::collections::HashSet;
use std::str::FromStr;

use domain::post::{
    Content, MEDIA_MAX, Override, TAG_MAX, TAGS_MAX, TARGETS_MAX, TEXT_BYTES_MAX, THREAD_MAX,
    ThreadPart,
};
use domain::schedule::Schedule;
use domain::tenant::TimeZoneName;
use domain::text::{has_control_characters, has_more_graphemes_than};
use domain::{AccountId, DeliveryId, MediaId, Result};
use jiff::Timestamp;
use serde_json::Value;

use super::collector::Collector;
use super::input::{
    ContentInput, CreatePost, OverrideInput, TargetInput, ThreadPartInput, WhenInput,
};

/// A post as a person wants it. Sound by itself; what it names may not exist, and networks may refuse it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// `None` for a draft.
    pub(crate) schedule: Option<Schedule>,
    pub(crate) base: Content,
    pub(crate) targets: Vec<WantedTarget>,
    pub(crate) tags: Vec<String>,
}

impl Wanted {
    /// Every medium that any part of it uses, each once.
    pub(crate) fn media(&self) -> Vec<MediaId> {
        media_of(&self.base, &self.targets)
    }
}

/// One account that a person wants the post at.
#[derive(Clone, Debug)]
pub(crate) struct WantedTarget {
    pub(crate) account: AccountId,
    pub(crate) overridden: Override,
    /// `None` for those that the tenant has set for the network.
    pub(crate) options: Option<Value>,
}

/// Reads a whole post but for its time, which is given.
pub(crate) fn parse(
    input: CreatePost,
    schedule: Option<Schedule>,
    errors: &mut Collector,
) -> Wanted {
    let base = parse_content(input.base, errors);
    let targets = parse_targets(input.targets, errors);
    let tags = parse_tags(input.tags, errors);
    check_media_count(&base, &targets, errors);
    Wanted {
        schedule,
        base,
        targets,
        tags,
    }
}

/// Reads the ids of targets that an action is for.
pub(crate) fn target_ids(targets: Option<&[String]>) -> Result<Option<Vec<DeliveryId>>> {
    let Some(targets) = targets else {
        return Ok(None);
    };
    let mut errors = Collector::default();
    errors.require(
        !targets.is_empty(),
        "/targets",
        "required",
        "name at least one target, or leave `targets` out",
    );
    let ids = targets
        .iter()
        .enumerate()
        .filter_map(|(place, id)| parse_id(id, format!("/targets/{place}"), &mut errors))
        .collect();
    errors.finish()?;
    Ok(Some(ids))
}

/// Reads a time; `None` for a draft. `tenant_zone` is the one in which the tenant thinks.
pub(crate) fn parse_when(
    when: &WhenInput,
    now: Timestamp,
    tenant_zone: &TimeZoneName,
    errors: &mut Collector,
) -> Option<Schedule> {
    for (value, name) in [(when.draft, "draft"), (when.now, "now")] {
        errors.require(
            value != Some(false),
            format!("/when/{name}"),
            "invalid_value",
            format!("leave `{name}` out, or set it to true"),
        );
    }
    let zone = when.zone.as_ref().and_then(|zone| {
        let parsed = zone.parse::<TimeZoneName>();
        if let Err(error) = &parsed {
            errors.add("/when/zone", "unknown_time_zone", error.to_string());
        }
        parsed.ok()
    });
    match (when.draft.is_some(), when.now.is_some(), when.at.as_deref()) {
        (true, false, None) => {
            errors.require(
                when.zone.is_none(),
                "/when/zone",
                "not_with_draft",
                "a draft has no time: leave `zone` out",
            );
            check_no_fold(when, errors);
            None
        }
        (false, true, None) => {
            check_no_fold(when, errors);
            let zone = zone.unwrap_or_else(|| tenant_zone.clone());
            Some(Schedule::now(zone, now))
        }
        (false, false, Some(at)) => {
            if when.zone.is_some() && zone.is_none() {
                return None;
            }
            Schedule::parse(at, zone.as_ref(), when.fold.unwrap_or_default(), now)
                .map_err(|error| {
                    errors.add("/when/at", error.code(), error.to_string());
                })
                .ok()
        }
        _ => {
            errors.add(
                "/when",
                "exactly_one",
                "use exactly one of {\"draft\": true}, {\"now\": true} and {\"at\": …, \"zone\": …}",
            );
            None
        }
    }
}

fn check_no_fold(when: &WhenInput, errors: &mut Collector) {
    errors.require(
        when.fold.is_none(),
        "/when/fold",
        "only_with_at",
        "`fold` belongs to `at`",
    );
}

fn parse_content(content: ContentInput, errors: &mut Collector) -> Content {
    let ContentInput {
        text,
        media,
        thread,
    } = content;
    check_text(&text, "/base/text", errors);
    Content {
        media: parse_media(media, "/base/media", errors),
        thread: parse_thread(thread, "/base/thread", errors),
        text,
    }
}

fn parse_thread(
    thread: Vec<ThreadPartInput>,
    pointer: &str,
    errors: &mut Collector,
) -> Vec<ThreadPart> {
    errors.require(
        thread.len() <= THREAD_MAX,
        pointer,
        "too_many",
        format!("a thread may have {THREAD_MAX} further parts"),
    );
    thread
        .into_iter()
        .enumerate()
        .map(|(place, part)| {
            let ThreadPartInput { text, media } = part;
            check_text(&text, &format!("{pointer}/{place}/text"), errors);
            ThreadPart {
                media: parse_media(media, &format!("{pointer}/{place}/media"), errors),
                text,
            }
        })
        .collect()
}

fn parse_media(media: Vec<String>, pointer: &str, errors: &mut Collector) -> Vec<MediaId> {
    let mut seen = HashSet::new();
    media
        .into_iter()
        .enumerate()
        .filter_map(|(place, id)| {
            let pointer = format!("{pointer}/{place}");
            let id: MediaId = parse_id(&id, pointer.clone(), errors)?;
            errors.require(
                seen.insert(id),
                pointer,
                "duplicate",
                "the same medium stands here already",
            );
            Some(id)
        })
        .collect()
}

fn parse_targets(targets: Vec<TargetInput>, errors: &mut Collector) -> Vec<WantedTarget> {
    errors.require(
        (1..=TARGETS_MAX).contains(&targets.len()),
        "/targets",
        "count",
        format!("name 1 to {TARGETS_MAX} targets"),
    );
    let mut seen = HashSet::new();
    targets
        .into_iter()
        .enumerate()
        .filter_map(|(place, target)| {
            let pointer = format!("/targets/{place}");
            let overridden = parse_override(
                target.overridden.unwrap_or_default(),
                &format!("{pointer}/override"),
                errors,
            );
            let pointer = format!("{pointer}/account_id");
            let account: AccountId = parse_id(&target.account_id, pointer.clone(), errors)?;
            errors.require(
                seen.insert(account),
                pointer,
                "duplicate",
                "the same account is named twice",
            );
            Some(WantedTarget {
                account,
                overridden,
                options: target.options.map(Value::Object),
            })
        })
        .collect()
}

fn parse_override(overridden: OverrideInput, pointer: &str, errors: &mut Collector) -> Override {
    let OverrideInput {
        text,
        media,
        thread,
    } = overridden;
    if let Some(text) = &text {
        check_text(text, &format!("{pointer}/text"), errors);
    }
    Override {
        media: media.map(|media| parse_media(media, &format!("{pointer}/media"), errors)),
        thread: thread.map(|thread| parse_thread(thread, &format!("{pointer}/thread"), errors)),
        text,
    }
}

fn parse_tags(tags: Vec<String>, errors: &mut Collector) -> Vec<String> {
    errors.require(
        tags.len() <= TAGS_MAX,
        "/tags",
        "too_many",
        format!("a post may have {TAGS_MAX} tags"),
    );
    let mut kept: Vec<String> = Vec::new();
    for (place, tag) in tags.into_iter().enumerate() {
        let tag = tag.trim();
        let fits = !tag.is_empty()
            && !has_more_graphemes_than(tag, TAG_MAX)
            && !tag.chars().any(char::is_control);
        errors.require(
            fits,
            format!("/tags/{place}"),
            "invalid_value",
            format!("a tag has 1 to {TAG_MAX} characters on one line"),
        );
        if !kept.iter().any(|known| known == tag) {
            kept.push(tag.to_owned());
        }
    }
    kept
}

fn check_text(text: &str, pointer: &str, errors: &mut Collector) {
    errors.require(
        text.len() <= TEXT_BYTES_MAX,
        pointer,
        "too_long",
        format!("a text may have {TEXT_BYTES_MAX} bytes"),
    );
    errors.require(
        !has_control_characters(text),
        pointer,
        "control_characters",
        "remove the control characters; line breaks and tabs are fine",
    );
}

fn check_media_count(base: &Content, targets: &[WantedTarget], errors: &mut Collector) {
    errors.require(
        media_of(base, targets).len() <= MEDIA_MAX,
        "/base/media",
        "too_many",
        format!("a post may use {MEDIA_MAX} media altogether"),
    );
}

/// Every medium once.
fn media_of(base: &Content, targets: &[WantedTarget]) -> Vec<MediaId> {
    let parts_of = |media: &[MediaId], thread: &[ThreadPart]| {
        media
            .iter()
            .chain(thread.iter().flat_map(|part| &part.media))
            .copied()
            .collect::<Vec<_>>()
    };
    let mut media = parts_of(&base.media, &base.thread);
    for WantedTarget { overridden, .. } in targets {
        media.extend(parts_of(
            overridden.media.as_deref().unwrap_or_default(),
            overridden.thread.as_deref().unwrap_or_default(),
        ));
    }
    media.sort_unstable();
    media.dedup();
    media
}

fn parse_id<T: FromStr<Err: std::fmt::Display>>(
    id: &str,
    pointer: String,
    errors: &mut Collector,
) -> Option<T> {
    id.parse()
        .map_err(|error: T::Err| errors.add(pointer, "invalid_id", error.to_string()))
        .ok()
}
