//! Sealing of the audit log: all events of one owner that wait for it go into the log together.

use std::collections::BTreeMap;

use domain::Result;
use domain::event::Owner;
use futures::{StreamExt, stream};
use store::audit::EventPlace;
use store::{AttentionEntry, AttentionWork};

use crate::reconcile::Reconciler;

/// Owners whose events are sealed at once.
const AT_ONCE: usize = 16;

/// Events that wait to be sealed, by owner.
#[derive(Clone, Debug, Default)]
pub struct Seals(BTreeMap<Owner, Vec<EventPlace>>);

impl Seals {
    /// Takes the events out of what wants attention; the rest keeps its order.
    pub fn take_from(entries: Vec<AttentionEntry>) -> (Self, Vec<AttentionEntry>) {
        let mut seals: BTreeMap<Owner, Vec<EventPlace>> = BTreeMap::new();
        let mut rest = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry.work {
                AttentionWork::Seal { owner, event } => {
                    seals.entry(owner).or_default().push(event);
                }
                work => rest.push(AttentionEntry { work, ..entry }),
            }
        }
        (Self(seals), rest)
    }
}

impl Reconciler {
    /// Seals events; answers for each owner how many were sealed.
    pub async fn seal(&self, seals: Seals) -> Vec<Result<usize>> {
        let now = self.waker.clock.now();
        let system = self.waker.table.system();
        stream::iter(seals.0)
            .map(|(owner, events)| async move { system.seal(owner, &events, now).await })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }
}
