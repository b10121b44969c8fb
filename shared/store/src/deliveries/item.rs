//! The stored form of a delivery.

use domain::delivery::{
    Delivery, DeliveryKey, Evidence, Fault, Fence, HoldReason, RemoteJob, Revision, State,
    VisibleState,
};
use domain::network::NetworkId;
use domain::{AccountId, DeliveryId, Error, PostId, Result, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{Attributes, optional_millis, text_of};
use crate::item::Item;
use crate::key::{Key, account_partition, calendar_partition, time_text};
use crate::scope::TenantScope;
use crate::shard::{AttentionKind, attention_at, attention_shard, deadline_shard};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliveryItem {
    pub(crate) id: DeliveryId,
    ten: TenantId,
    pub(crate) post: PostId,
    pub(crate) acc: AccountId,
    pub(crate) net: NetworkId,
    pub(crate) st: State,
    /// What it waits for: tells the dispatcher what to do without reading the item.
    wait: Option<Wait>,
    /// What people see; on the calendar's index.
    pub(crate) vis: VisibleState,
    rev: Revision,
    body: u32,
    fence: Fence,
    tries: u32,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) due: Option<Timestamp>,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    nb: Option<Timestamp>,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    at: Option<Timestamp>,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    dl: Option<Timestamp>,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    lease: Option<Timestamp>,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    called: Option<Timestamp>,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    unsure: Option<Timestamp>,
    #[serde(default)]
    looks: u32,
    #[serde(default)]
    absent: u32,
    #[serde(default)]
    proof: Option<Evidence>,
    /// The permalink once more: indexes project top-level attributes only.
    #[serde(default)]
    pub(crate) link: Option<String>,
    #[serde(default)]
    fault: Option<Fault>,
    #[serde(default)]
    job: Option<RemoteJob>,
    #[serde(default)]
    hold: Option<HoldReason>,
    kind: AttentionKind,
    #[serde(default, skip_serializing)]
    shards: u32,
}

/// What a delivery waits for, as the dispatcher must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wait {
    /// For its time: send a message.
    Start,
    /// For its owner: the owner is dead when somebody sees this.
    Owner,
    /// For a look at the network.
    Look,
    /// For a person: missed when somebody sees this.
    Person,
}

/// What a delivery in this state waits for.
pub(crate) fn wait_of(state: State) -> Option<Wait> {
    match state {
        State::Scheduled | State::Queued | State::RetryWait => Some(Wait::Start),
        State::Claimed | State::Calling => Some(Wait::Owner),
        State::Processing | State::Uncertain => Some(Wait::Look),
        State::Held => Some(Wait::Person),
        State::Draft
        | State::Asking
        | State::Published
        | State::HandedOver
        | State::Failed
        | State::Cancelled
        | State::Missed => None,
    }
}

/// What the card of a delivery shows. Cards show what has settled: a delivery that is being sent still shows as
/// scheduled there, so that queueing and claiming do not write to the indexes of cards.
pub(crate) fn card_state(state: State) -> VisibleState {
    match state {
        State::Queued | State::Claimed | State::Calling | State::Scheduled | State::RetryWait => {
            VisibleState::Scheduled
        }
        State::Draft
        | State::Held
        | State::Processing
        | State::Uncertain
        | State::Asking
        | State::Published
        | State::HandedOver
        | State::Failed
        | State::Cancelled
        | State::Missed => state.visible(),
    }
}

impl DeliveryItem {
    pub(crate) fn new(delivery: &Delivery, shards: u32) -> Result<Self> {
        let Delivery {
            id,
            tenant,
            post,
            account,
            network,
            state,
            revision,
            body,
            fence,
            tries,
            due,
            not_before,
            attention,
            deadline,
            lease,
            called_at,
            uncertain_since,
            looks,
            absences,
            evidence,
            fault,
            job,
            hold,
        } = delivery.clone();
        if shards == 0 {
            return Err(Error::internal(
                "the table has no shards",
                "settings.shards is 0",
            ));
        }
        Ok(Self {
            id,
            ten: tenant,
            post,
            acc: account,
            net: network,
            st: state,
            wait: wait_of(state),
            vis: card_state(state),
            rev: revision,
            body,
            fence,
            tries,
            due,
            nb: not_before,
            at: attention,
            dl: deadline,
            lease,
            called: called_at,
            unsure: uncertain_since,
            looks,
            absent: absences,
            link: evidence
                .as_ref()
                .and_then(|evidence| evidence.permalink.clone()),
            proof: evidence,
            fault,
            job,
            hold,
            kind: AttentionKind::Delivery,
            shards,
        })
    }
}

impl Item for DeliveryItem {
    const TYPE: &'static str = "delivery";

    fn key(&self) -> Key {
        Key::delivery(&TenantScope::of_own_item(self.ten), self.post, self.acc)
    }

    fn index_keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![
            ("cr_ten", crate::key::tenant_partition(self.ten)),
            ("cr_post", created_sort(self.post, self.acc)),
        ];
        if let Some(at) = self.at {
            keys.push(("att_shard", attention_shard(self.id.as_uuid(), self.shards)));
            keys.push(("att_at", attention_at(at, self.id)));
        }
        if let Some(deadline) = self.dl {
            keys.push(("dl_shard", deadline_shard(self.id.as_uuid(), self.shards)));
            keys.push(("dl_at", attention_at(deadline, self.id)));
        }
        if let Some(due) = self.due {
            keys.push(("cal_month", calendar_partition(self.ten, due)));
            keys.push(("cal_at", calendar_sort(due, self.post, self.acc)));
            if !self.st.is_settled() {
                keys.push(("ac_acc", account_partition(self.ten, self.acc)));
                keys.push(("ac_due", account_sort(due, self.post)));
            }
        }
        keys
    }
}

impl TryFrom<DeliveryItem> for Delivery {
    type Error = Error;

    fn try_from(item: DeliveryItem) -> Result<Self> {
        let DeliveryItem {
            id,
            ten,
            post,
            acc,
            net,
            st,
            wait: _,
            vis: _,
            rev,
            body,
            fence,
            tries,
            due,
            nb,
            at,
            dl,
            lease,
            called,
            unsure,
            looks,
            absent,
            proof,
            link: _,
            fault,
            job,
            hold,
            kind: _,
            shards: _,
        } = item;
        Ok(Self {
            id,
            tenant: ten,
            post,
            account: acc,
            network: net,
            state: st,
            revision: rev,
            body,
            fence,
            tries,
            due,
            not_before: nb,
            attention: at,
            deadline: dl,
            lease,
            called_at: called,
            uncertain_since: unsure,
            looks,
            absences: absent,
            evidence: proof,
            fault,
            job,
            hold,
        })
    }
}

/// Sorts the deliveries of a post behind its head.
pub(crate) fn created_sort(post: PostId, account: AccountId) -> String {
    format!("{post}#{account}")
}

pub(crate) fn calendar_sort(due: Timestamp, post: PostId, account: AccountId) -> String {
    format!("{}#{post}#{account}", time_text(due))
}

pub(crate) fn account_sort(due: Timestamp, post: PostId) -> String {
    format!("{}#{post}", time_text(due))
}

/// The key of a delivery out of an entry of the account's index.
pub(crate) fn key_in_entry(
    tenant: TenantId,
    account: AccountId,
    entry: &Attributes,
) -> Result<DeliveryKey> {
    let id = |name| text_of(entry, name).ok_or_else(|| Error::corrupt("index entry", name));
    Ok(DeliveryKey {
        tenant,
        account,
        post: id("post")?
            .parse()
            .map_err(|error| Error::corrupt("index entry", error))?,
        delivery: id("id")?
            .parse()
            .map_err(|error| Error::corrupt("index entry", error))?,
    })
}
