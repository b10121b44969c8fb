//! Checks of what a post names and says: that accounts and media exist, and that each network takes its content.

use std::collections::{BTreeMap, HashMap};

use domain::account::{Account, AccountState};
use domain::media::Media;
use domain::network::NetworkId;
use domain::post::{Body, Content, Override, TargetContent, ThreadPart};
use domain::preflight::{MediaToCheck, PartToCheck, TargetToCheck, Validated, Violation, validate};
use domain::{AccountId, DeliveryId, Error, FieldError, MediaId, Result};
use networks::Network;
use serde_json::{Map, Value};

use crate::request::{Collector, Wanted};
use crate::{Asker, Ctx};

/// The accounts and media that a post names, as they are now.
#[derive(Debug)]
pub(crate) struct Known {
    accounts: HashMap<AccountId, Account>,
    media: HashMap<MediaId, Media>,
    default_options: BTreeMap<NetworkId, Map<String, Value>>,
}

impl Known {
    /// The account, if it exists.
    pub(crate) fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The options of a target at the network that names none.
    pub(crate) fn default_options(&self, network: &NetworkId) -> Value {
        let options = self.default_options.get(network).cloned();
        Value::Object(options.unwrap_or_default())
    }
}

impl Ctx {
    /// Reads what a post names.
    pub(crate) async fn known(
        &self,
        asker: &Asker,
        accounts: &[AccountId],
        media: &[MediaId],
    ) -> Result<Known> {
        let posts = self.posts(asker);
        let (accounts, media) =
            futures::try_join!(posts.accounts(accounts), posts.media_of_ids(media))?;
        Ok(Known {
            accounts: accounts
                .into_iter()
                .map(|account| (account.id, account))
                .collect(),
            media: media.into_iter().map(|media| (media.id, media)).collect(),
            default_options: asker.tenant.default_options.clone(),
        })
    }

    /// Checks targets of a body against the present rules of their networks: all violations at once. Only what passes
    /// can be planned.
    pub(crate) fn check_rules(
        &self,
        body: &Body,
        known: &Known,
        is_checked: impl Fn(&TargetContent) -> bool,
    ) -> std::result::Result<Validated, Vec<Violation>> {
        let mut violations = Vec::new();
        let mut checks = Vec::new();
        for (place, target) in body.targets.iter().enumerate() {
            if !is_checked(target) {
                continue;
            }
            let Some(network) = self.networks.get(&target.network) else {
                violations.push(at_account(
                    place,
                    target,
                    "network_not_offered",
                    "posts cannot be sent to this network now",
                    "remove this target",
                ));
                continue;
            };
            if is_disconnected(known.account(target.account)) {
                violations.push(at_account(
                    place,
                    target,
                    "account_disconnected",
                    "the account is not connected",
                    "connect it again, or remove this target",
                ));
            }
            violations.extend(option_violations(&**network, place, target));
            checks.push(TargetToCheck {
                account: target.account,
                pointer: format!("/targets/{place}/override"),
                rules: network.rules(),
                parts: parts(&body.content_of(target), known),
            });
        }
        let checked = validate(&checks);
        if let Err(found) = &checked {
            violations.extend(found.iter().cloned().map(|found| written_at(found, body)));
        }
        match checked {
            Ok(validated) if violations.is_empty() => Ok(validated),
            _ => Err(violations),
        }
    }
}

/// Everything that a person names must exist in the tenant; what does not is answered the same, whoever has it. Targets
/// that the post has already may have lost their account.
pub(crate) fn check_references(
    wanted: &Wanted,
    known: &Known,
    kept: &HashMap<AccountId, DeliveryId>,
) -> Result<()> {
    let mut missing = Vec::new();
    let mut errors = Collector::default();
    for (place, target) in wanted.targets.iter().enumerate() {
        let pointer = format!("/targets/{place}/account_id");
        match known.account(target.account).map(|account| account.state) {
            None => missing.push(FieldError::new(
                pointer,
                "not_found",
                "there is no such account",
            )),
            Some(AccountState::Disconnected) if !kept.contains_key(&target.account) => errors.add(
                pointer,
                "account_disconnected",
                "the account is not connected: connect it again",
            ),
            Some(
                AccountState::Connected
                | AccountState::ReconnectNeeded
                | AccountState::Disconnected,
            ) => {}
        }
    }
    for (pointer, id) in media_places(wanted) {
        match known.media.get(&id) {
            None => missing.push(FieldError::new(
                pointer,
                "not_found",
                "there is no such medium",
            )),
            Some(media) if media.facts().is_none() => errors.add(
                pointer,
                "media_not_ready",
                "its upload is not complete: POST /v1/media/{id}/complete first",
            ),
            Some(_) => {}
        }
    }
    if missing.is_empty() {
        errors.finish()
    } else {
        Err(Error::UnknownReference(missing))
    }
}

/// Violations as a refusal.
pub(crate) fn refusal(violations: Vec<Violation>) -> Error {
    Error::Invalid(
        violations
            .into_iter()
            .map(|violation| {
                let message = format!("{}: {}", violation.message, violation.fix);
                FieldError::new(violation.pointer, violation.rule, message)
            })
            .collect(),
    )
}

fn is_disconnected(account: Option<&Account>) -> bool {
    account.is_none_or(|account| account.state == AccountState::Disconnected)
}

fn at_account(
    place: usize,
    target: &TargetContent,
    rule: &'static str,
    message: &str,
    fix: &str,
) -> Violation {
    Violation {
        target: Some(target.account),
        pointer: format!("/targets/{place}/account_id"),
        rule,
        message: message.to_owned(),
        measured: 0,
        limit: 0,
        fix: fix.to_owned(),
    }
}

fn option_violations(
    network: &dyn Network,
    place: usize,
    target: &TargetContent,
) -> Vec<Violation> {
    let Err(errors) = network.check_options(&target.options) else {
        return Vec::new();
    };
    errors
        .into_iter()
        .map(|error| Violation {
            target: Some(target.account),
            pointer: format!("/targets/{place}/options{}", error.pointer),
            rule: error.code,
            message: error.message,
            measured: 0,
            limit: 0,
            fix: "change or remove the option".to_owned(),
        })
        .collect()
}

fn parts(content: &Content, known: &Known) -> Vec<PartToCheck> {
    let part = |text: &str, media: &[MediaId]| PartToCheck {
        text: text.to_owned(),
        media: media
            .iter()
            .filter_map(|id| known.media.get(id))
            .filter_map(|media| {
                Some(MediaToCheck {
                    facts: media.facts()?.clone(),
                    alt_text: media.alt_text.clone(),
                })
            })
            .collect(),
    };
    let further = content
        .thread
        .iter()
        .map(|further| part(&further.text, &further.media));
    std::iter::once(part(&content.text, &content.media))
        .chain(further)
        .collect()
}

/// What a target inherits stands in the base: the pointer names the place where it was written.
fn written_at(mut violation: Violation, body: &Body) -> Violation {
    let inherited = body.targets.iter().enumerate().find_map(|(place, target)| {
        let field = violation
            .pointer
            .strip_prefix(&format!("/targets/{place}/override/"))?;
        let Override {
            text,
            media,
            thread,
        } = &target.overridden;
        let is_own = match field.split('/').next() {
            Some("text") => text.is_some(),
            Some("media") => media.is_some(),
            _ => thread.is_some(),
        };
        (!is_own).then(|| format!("/base/{field}"))
    });
    if let Some(pointer) = inherited {
        violation.pointer = pointer;
    }
    violation
}

fn media_places(wanted: &Wanted) -> Vec<(String, MediaId)> {
    let mut places = Vec::new();
    push_places(&mut places, "/base/media", &wanted.base.media);
    push_thread_places(&mut places, "/base/thread", &wanted.base.thread);
    for (place, target) in wanted.targets.iter().enumerate() {
        let pointer = format!("/targets/{place}/override");
        if let Some(media) = &target.overridden.media {
            push_places(&mut places, &format!("{pointer}/media"), media);
        }
        if let Some(thread) = &target.overridden.thread {
            push_thread_places(&mut places, &format!("{pointer}/thread"), thread);
        }
    }
    places
}

fn push_places(places: &mut Vec<(String, MediaId)>, pointer: &str, media: &[MediaId]) {
    for (place, id) in media.iter().enumerate() {
        places.push((format!("{pointer}/{place}"), *id));
    }
}

fn push_thread_places(places: &mut Vec<(String, MediaId)>, pointer: &str, thread: &[ThreadPart]) {
    for (place, part) in thread.iter().enumerate() {
        push_places(places, &format!("{pointer}/{place}/media"), &part.media);
    }
}
