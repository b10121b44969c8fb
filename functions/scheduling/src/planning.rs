//! From what a person wants to a body and deliveries.

use std::collections::HashMap;

use domain::delivery::acts::Plan;
use domain::delivery::{Delivery, Target};
use domain::post::{Body, Post, SNIPPET_MAX, TargetContent};
use domain::text::snippet;
use domain::{AccountId, DeliveryId, Ids, PostId, TenantId};

use crate::request::Wanted;
use crate::rules::Known;

/// The content of a post at a revision. Targets that stay keep their delivery; the others get a new one.
pub(crate) fn body_of(
    wanted: &Wanted,
    revision: u32,
    known: &Known,
    kept: &HashMap<AccountId, DeliveryId>,
    ids: &Ids,
) -> Body {
    let targets = wanted
        .targets
        .iter()
        .filter_map(|target| {
            let network = &known.account(target.account)?.network;
            Some(TargetContent {
                delivery: kept
                    .get(&target.account)
                    .copied()
                    .unwrap_or_else(|| DeliveryId::generate(ids)),
                account: target.account,
                network: network.clone(),
                overridden: target.overridden.clone(),
                options: target
                    .options
                    .clone()
                    .unwrap_or_else(|| known.default_options(network)),
            })
        })
        .collect();
    Body {
        revision,
        base: wanted.base.clone(),
        targets,
    }
}

/// A new delivery for a target: planned, or a draft.
pub(crate) fn new_delivery(
    tenant: TenantId,
    post: PostId,
    revision: u32,
    target: &TargetContent,
    plan: Option<Plan>,
) -> Delivery {
    let place = Target {
        id: target.delivery,
        tenant,
        post,
        account: target.account,
        network: target.network.clone(),
    };
    let delivery = match plan {
        Some(plan) => Delivery::scheduled(place, plan),
        None => Delivery::draft(place),
    };
    Delivery {
        body: revision,
        ..delivery
    }
}

/// The begin of the text, for lists: of the base, or of the first target that says something.
pub(crate) fn snippet_of(body: &Body) -> String {
    let own = body
        .targets
        .iter()
        .filter_map(|target| target.overridden.text.as_deref());
    let text = std::iter::once(body.base.text.as_str())
        .chain(own)
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default();
    snippet(text, SNIPPET_MAX)
}

/// The head after an act at this time.
pub(crate) fn acted_on(post: &Post, now: jiff::Timestamp) -> Post {
    Post {
        version: post.version.saturating_add(1),
        updated_at: now,
        ..post.clone()
    }
}
