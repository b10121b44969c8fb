//! Checks content against the rules of a network, before anything is scheduled and again before it is sent.

use serde::Serialize;

use crate::id::AccountId;
use crate::media::{MediaFacts, MediaKind};
use crate::network::Rules;
use crate::text::graphemes;

/// One medium as the rules see it.
#[derive(Clone, Debug)]
pub struct MediaToCheck {
    /// What the probe found.
    pub facts: MediaFacts,
    /// What people who cannot see it are told.
    pub alt_text: String,
}

/// One part of a target's content as the rules see it.
#[derive(Clone, Debug, Default)]
pub struct PartToCheck {
    /// The text.
    pub text: String,
    /// Its media, in order.
    pub media: Vec<MediaToCheck>,
}

/// A target's content with the rules that it must meet.
#[derive(Clone, Debug)]
pub struct TargetToCheck<'a> {
    /// Which account.
    pub account: AccountId,
    /// JSON pointer to where the first part stands in the request: `/base`, or `/targets/0/override`.
    pub pointer: String,
    /// The rules of its network.
    pub rules: &'a Rules,
    /// The first part and the further parts of a thread.
    pub parts: Vec<PartToCheck>,
}

/// A rule that content breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The account whose network has the rule.
    pub target: Option<AccountId>,
    /// JSON pointer to the field.
    pub pointer: String,
    /// Stable name of the rule.
    pub rule: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// What was measured.
    pub measured: u64,
    /// What is allowed.
    pub limit: u64,
    /// How to repair it, for people.
    pub fix: String,
}

/// Proof that content met the rules of all its networks: only [`validate`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Validated(());

/// Checks every target; all violations at once.
pub fn validate(targets: &[TargetToCheck<'_>]) -> Result<Validated, Vec<Violation>> {
    let violations: Vec<Violation> = targets.iter().flat_map(check).collect();
    if violations.is_empty() {
        Ok(Validated(()))
    } else {
        Err(violations)
    }
}

fn check(target: &TargetToCheck<'_>) -> Vec<Violation> {
    let mut found = Found {
        target,
        violations: Vec::new(),
    };
    let further = target.parts.len().saturating_sub(1);
    found.at_most(
        "thread_parts",
        "/thread",
        further,
        u64::from(target.rules.thread_parts_max),
        |limit| match limit {
            0 => (
                "this network takes no threads".to_owned(),
                "remove the further parts, or leave them out for this account".to_owned(),
            ),
            _ => (
                format!("a thread may have {limit} further parts"),
                "shorten the thread".to_owned(),
            ),
        },
    );
    for (index, part) in target.parts.iter().enumerate() {
        let place = if index == 0 {
            String::new()
        } else {
            format!("/thread/{}", index.saturating_sub(1))
        };
        check_text(&mut found, &place, part);
        check_media(&mut found, &place, part);
    }
    found.violations
}

fn check_text(found: &mut Found<'_>, place: &str, part: &PartToCheck) {
    let rules = &found.target.rules.text;
    let pointer = format!("{place}/text");
    let may_be_empty = rules.optional_with_media && !part.media.is_empty();
    if part.text.trim().is_empty() && !may_be_empty {
        found.add(
            "text_required",
            &pointer,
            0,
            1,
            "the text is empty".to_owned(),
            "write something".to_owned(),
        );
    }
    let too_long = |unit: &'static str| {
        move |limit: u64| {
            (
                format!("the text may have {limit} {unit}"),
                "shorten it, or write another text for this account".to_owned(),
            )
        }
    };
    found.at_most(
        "text_length",
        &pointer,
        graphemes(&part.text),
        u64::from(rules.graphemes_max),
        too_long("characters"),
    );
    found.at_most(
        "text_bytes",
        &pointer,
        part.text.len(),
        u64::from(rules.bytes_max),
        too_long("bytes"),
    );
}

fn check_media(found: &mut Found<'_>, place: &str, part: &PartToCheck) {
    let rules = &found.target.rules.media;
    let pointer = format!("{place}/media");
    let count = |kind| {
        part.media
            .iter()
            .filter(|media| media.facts.kind == kind)
            .count()
    };
    found.at_most(
        "image_count",
        &pointer,
        count(MediaKind::Image),
        u64::from(rules.images_max),
        |limit| {
            (
                format!("this network takes {limit} images"),
                "remove some, or choose others for this account".to_owned(),
            )
        },
    );
    found.at_most(
        "video_count",
        &pointer,
        count(MediaKind::Video),
        u64::from(rules.videos_max),
        |limit| {
            (
                format!("this network takes {limit} videos"),
                "remove it, or choose other media for this account".to_owned(),
            )
        },
    );
    for (index, media) in part.media.iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        if media.facts.kind == MediaKind::Image {
            if !rules
                .image_types
                .contains(&media.facts.content_type.as_str())
            {
                let message = format!("this network does not take {}", media.facts.content_type);
                let fix = format!("use one of {}", rules.image_types.join(", "));
                found.add("image_type", &pointer, 0, 0, message, fix);
            }
            found.at_most(
                "image_bytes",
                &pointer,
                media.facts.bytes,
                rules.image_bytes_max,
                |limit| {
                    (
                        format!("an image may have {limit} bytes"),
                        "upload a smaller version".to_owned(),
                    )
                },
            );
        }
        found.at_most(
            "alt_text_length",
            &pointer,
            graphemes(&media.alt_text),
            u64::from(rules.alt_text_max),
            |limit| {
                (
                    format!("an alternative text may have {limit} characters"),
                    "shorten it".to_owned(),
                )
            },
        );
    }
}

struct Found<'a> {
    target: &'a TargetToCheck<'a>,
    violations: Vec<Violation>,
}

impl Found<'_> {
    fn at_most(
        &mut self,
        rule: &'static str,
        pointer: &str,
        measured: impl TryInto<u64>,
        limit: u64,
        words: impl FnOnce(u64) -> (String, String),
    ) {
        let measured = measured.try_into().unwrap_or(u64::MAX);
        if measured > limit {
            let (message, fix) = words(limit);
            self.add(rule, pointer, measured, limit, message, fix);
        }
    }

    fn add(
        &mut self,
        rule: &'static str,
        pointer: &str,
        measured: u64,
        limit: u64,
        message: String,
        fix: String,
    ) {
        let pointer = format!("{}{pointer}", self.target.pointer);
        let target = Some(self.target.account);
        self.violations.push(Violation {
            target,
            pointer,
            rule,
            message,
            measured,
            limit,
            fix,
        });
    }
}
