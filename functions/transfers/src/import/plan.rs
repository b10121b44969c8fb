//! What becomes of the things of an export in another tenant. Pure: the same record is always the same plan.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use domain::delivery::{Delivery, State, Target, VisibleState};
use domain::import::{Import, TakenAccount, new_id};
use domain::post::{
    Body, Content, MEDIA_MAX, Override, Post, SNIPPET_MAX, TAG_MAX, TAGS_MAX, TARGETS_MAX,
    TEXT_BYTES_MAX, THREAD_MAX, TargetContent, ThreadPart,
};
use domain::text::{has_control_characters, has_more_graphemes_than, snippet};
use domain::{AccountId, DeliveryId, ImportId, MediaId, PostId};
use uuid::Uuid;

use super::limits;
use crate::bundle::{PostRecord, TargetRecord};

/// Ids of what an import makes.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewIds(pub(super) ImportId);

impl NewIds {
    /// The new id of what had this one.
    pub(super) fn of(self, old: Uuid) -> Uuid {
        let parts = [self.0.as_uuid().into_bytes(), old.into_bytes()].concat();
        let hash = digest(&SHA256, &parts);
        let half = hash.as_ref().first_chunk::<16>();
        new_id(old, half.map_or(0, |half| u128::from_be_bytes(*half)))
    }

    pub(super) fn media(self, old: MediaId) -> MediaId {
        MediaId::from_uuid(self.of(old.as_uuid()))
    }
}

/// A post as it is made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlannedPost {
    pub(super) post: Post,
    pub(super) body: Body,
    pub(super) deliveries: Vec<Delivery>,
}

/// How far a target is after an import. Nothing waits for its time, and nothing that may be out goes out again: what waited
/// is a draft, what nobody knows is asked, what was out stays out.
pub(super) fn state_after(state: VisibleState, has_evidence: bool) -> State {
    match state {
        VisibleState::Draft
        | VisibleState::InReview
        | VisibleState::Scheduled
        | VisibleState::Held
        | VisibleState::Queued => State::Draft,
        VisibleState::Published if has_evidence => State::Published,
        VisibleState::HandedOver => State::HandedOver,
        VisibleState::Published
        | VisibleState::Publishing
        | VisibleState::Processing
        | VisibleState::OutcomeUnknown => State::Asking,
        VisibleState::Failed => State::Failed,
        VisibleState::Missed => State::Missed,
        VisibleState::Cancelled | VisibleState::RemovedRemotely => State::Cancelled,
    }
}

/// The post of this record in the import's tenant, or why there is none.
pub(super) fn post(import: &Import, record: &PostRecord) -> Result<PlannedPost, &'static str> {
    check(record)?;
    limits::post(record)?;
    let ids = NewIds(import.id);
    let id = PostId::from_uuid(ids.of(record.id.as_uuid()));
    let mut deliveries = Vec::with_capacity(record.targets.len());
    let mut targets = Vec::with_capacity(record.targets.len());
    let mut seen = BTreeSet::new();
    for target in &record.targets {
        let account = account(&import.accounts, target)?;
        if !seen.insert(account) {
            return Err("duplicate_account");
        }
        let delivery = delivery(import, id, account, target);
        targets.push(TargetContent {
            delivery: delivery.id,
            account,
            network: target.network.clone(),
            overridden: overridden(ids, &target.overridden),
            options: target.options.clone(),
        });
        deliveries.push(delivery);
    }
    let body = Body {
        revision: 1,
        base: content(ids, &record.base),
        targets,
    };
    let is_draft = deliveries.iter().all(|one| one.state == State::Draft);
    let post = Post {
        id,
        tenant: import.tenant,
        version: 1,
        body: 1,
        schedule: record.when.clone().filter(|_| !is_draft),
        tags: record.tags.clone(),
        snippet: snippet(&body.base.text, SNIPPET_MAX),
        created_by: import.requested_by,
        created_at: record.created_at,
        updated_at: record.updated_at,
    };
    Ok(PlannedPost {
        post,
        body,
        deliveries,
    })
}

fn account(
    accounts: &BTreeMap<AccountId, TakenAccount>,
    target: &TargetRecord,
) -> Result<AccountId, &'static str> {
    let account = accounts.get(&target.account_id).ok_or("unknown_account")?;
    if account.network != target.network {
        return Err("wrong_network");
    }
    Ok(account.id)
}

fn delivery(import: &Import, post: PostId, account: AccountId, record: &TargetRecord) -> Delivery {
    let id = NewIds(import.id).of(record.id.as_uuid());
    let state = state_after(record.state, record.evidence.is_some());
    let planned = Delivery::draft(Target {
        id: DeliveryId::from_uuid(id),
        tenant: import.tenant,
        post,
        account,
        network: record.network.clone(),
    });
    if state == State::Draft {
        return planned;
    }
    Delivery {
        state,
        due: record.due_at,
        called_at: record.called_at,
        evidence: record.evidence.clone(),
        fault: record.error.clone(),
        ..planned
    }
}

fn content(ids: NewIds, content: &Content) -> Content {
    Content {
        text: content.text.clone(),
        media: media(ids, &content.media),
        thread: thread(ids, &content.thread),
    }
}

fn overridden(ids: NewIds, one: &Override) -> Override {
    Override {
        text: one.text.clone(),
        media: one.media.as_deref().map(|list| media(ids, list)),
        thread: one.thread.as_deref().map(|parts| thread(ids, parts)),
    }
}

fn thread(ids: NewIds, parts: &[ThreadPart]) -> Vec<ThreadPart> {
    let part = |part: &ThreadPart| ThreadPart {
        text: part.text.clone(),
        media: media(ids, &part.media),
    };
    parts.iter().map(part).collect()
}

fn media(ids: NewIds, old: &[MediaId]) -> Vec<MediaId> {
    old.iter().map(|media| ids.media(*media)).collect()
}

/// What a post of this product can be, whoever wrote the record.
fn check(record: &PostRecord) -> Result<(), &'static str> {
    let contents = record.targets.iter().map(|target| &target.overridden);
    let mut texts: Vec<&str> = vec![&record.base.text];
    let mut threads = vec![&record.base.thread];
    let mut media: BTreeSet<MediaId> = record.base.media.iter().copied().collect();
    for one in contents {
        texts.extend(one.text.as_deref());
        threads.extend(one.thread.as_ref());
        media.extend(one.media.iter().flatten());
    }
    for part in threads.iter().flat_map(|parts| parts.iter()) {
        texts.push(&part.text);
        media.extend(&part.media);
    }
    let is_text = |text: &str| text.len() <= TEXT_BYTES_MAX && !has_control_characters(text);
    let is_tag = |tag: &String| {
        !tag.trim().is_empty()
            && !has_more_graphemes_than(tag, TAG_MAX)
            && !tag.chars().any(char::is_control)
    };
    if !(1..=TARGETS_MAX).contains(&record.targets.len()) {
        return Err("too_many_targets");
    }
    if threads.iter().any(|parts| parts.len() > THREAD_MAX) || !texts.into_iter().all(is_text) {
        return Err("too_long");
    }
    if media.len() > MEDIA_MAX {
        return Err("too_many_media");
    }
    if record.tags.len() > TAGS_MAX || !record.tags.iter().all(is_tag) {
        return Err("invalid_tags");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::network::NetworkId;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const VISIBLE: [VisibleState; 14] = [
        VisibleState::Draft,
        VisibleState::InReview,
        VisibleState::Scheduled,
        VisibleState::Held,
        VisibleState::Queued,
        VisibleState::Publishing,
        VisibleState::Processing,
        VisibleState::Published,
        VisibleState::HandedOver,
        VisibleState::Failed,
        VisibleState::OutcomeUnknown,
        VisibleState::Cancelled,
        VisibleState::Missed,
        VisibleState::RemovedRemotely,
    ];

    #[test]
    fn target_for_another_network_than_that_of_its_account_is_refused() {
        let target = |network: &str| -> TargetRecord {
            serde_json::from_value(json!({
                "id": "dlv_01jd8mz0000000000000000000",
                "account_id": "acc_01jd8mz0000000000000000000",
                "network": network, "state": "draft", "override": {}, "options": {},
                "due_at": null, "called_at": null, "evidence": null, "error": null,
            }))
            .unwrap()
        };
        let own = TakenAccount {
            id: AccountId::from_uuid(Uuid::from_u128(7)),
            network: NetworkId::BLUESKY,
        };
        let accounts = BTreeMap::from([(target("bluesky").account_id, own.clone())]);

        assert_eq!(account(&accounts, &target("bluesky")), Ok(own.id));
        assert_eq!(
            account(&accounts, &target("playground")),
            Err("wrong_network")
        );
    }

    #[test]
    fn target_of_an_import_waits_for_nothing() {
        for state in VISIBLE {
            for has_evidence in [false, true] {
                let after = state_after(state, has_evidence);

                assert!(after.is_settled(), "{state:?} becomes {after:?}");
            }
        }
    }

    #[test]
    fn target_that_may_be_out_is_no_draft_after_an_import() {
        for state in [
            VisibleState::Published,
            VisibleState::HandedOver,
            VisibleState::Publishing,
            VisibleState::Processing,
            VisibleState::OutcomeUnknown,
        ] {
            for has_evidence in [false, true] {
                let after = state_after(state, has_evidence);

                assert!(domain::post::is_past_intent(after), "{state:?}");
            }
        }
        assert_eq!(state_after(VisibleState::Published, true), State::Published);
        assert_eq!(state_after(VisibleState::Published, false), State::Asking);
    }

    proptest! {
        #[test]
        fn new_ids_of_two_imports_or_two_things_differ(import: u128, old: u128, other: u128) {
            let ids = NewIds(ImportId::from_uuid(Uuid::from_u128(import)));
            let others = NewIds(ImportId::from_uuid(Uuid::from_u128(import ^ 1)));
            let (old, other) = (Uuid::from_u128(old), Uuid::from_u128(other));

            prop_assert_eq!(ids.of(old), ids.of(old));
            prop_assert_ne!(ids.of(old), others.of(old));
            prop_assume!(old != other);
            prop_assert_ne!(ids.of(old), ids.of(other));
        }
    }
}
