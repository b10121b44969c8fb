//! Calls that the network has received and not yet decided: a read-back must know of them, for they may still end in a
//! post.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::wire::{OwnPost, PublishPart};

/// All undecided calls. They live in memory only: a network that dies forgets what it has not accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    calls: Vec<(u64, String, OwnPost)>,
}

/// Takes its call off the list when dropped.
#[derive(Debug)]
pub(crate) struct WaitingCall {
    list: Waiting,
    number: u64,
}

impl Waiting {
    /// Puts a call on the list.
    pub(crate) fn enter(
        &self,
        identifier: &str,
        first: &PublishPart,
        due: Timestamp,
    ) -> WaitingCall {
        let mut entries = self.lock();
        let number = entries.next;
        entries.next += 1;
        let post = OwnPost {
            id: None,
            text: first.text.clone(),
            media_count: first.media.len(),
            reply_to: None,
            posted_at: due,
            visible: false,
        };
        entries.calls.push((number, identifier.to_owned(), post));
        WaitingCall {
            list: self.clone(),
            number,
        }
    }

    /// The undecided calls of an account.
    pub(crate) fn of(&self, identifier: &str) -> Vec<OwnPost> {
        self.lock()
            .calls
            .iter()
            .filter(|(_, owner, _)| owner == identifier)
            .map(|(_, _, post)| post.clone())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WaitingCall {
    fn drop(&mut self) {
        self.list
            .lock()
            .calls
            .retain(|(number, _, _)| *number != self.number);
    }
}
