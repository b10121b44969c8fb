//! Checks a chain that somebody hands in, without the table.

use domain::event::Owner;

use super::chain::{AuditRecord, ChainHash};

/// The check of one owner's chain, event by event in the order of their places.
#[derive(Clone, Debug)]
pub struct ChainCheck {
    owner: Option<Owner>,
    next: u64,
    head: ChainHash,
}

/// Where a chain is broken, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq}: {fault}")]
pub struct Broken {
    /// The first place at which the chain is not what was sealed.
    pub seq: u64,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with an event of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Another event is where this one must be.
    #[error("it is missing, or events are in another order")]
    Missing,
    /// It is of another owner's chain.
    #[error("it is of another chain")]
    Foreign,
    /// It does not follow the event before it.
    #[error("it does not follow the event before it")]
    Detached,
    /// Its content is not what was sealed.
    #[error("it was changed after it was sealed")]
    Changed,
}

impl Default for ChainCheck {
    fn default() -> Self {
        Self {
            owner: None,
            next: 1,
            head: ChainHash::GENESIS,
        }
    }
}

impl ChainCheck {
    /// Whose chain it is, once it has an event.
    pub fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// The place of the last event that was checked; 0 before the first.
    pub fn seq(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// The link of that event.
    pub fn head(&self) -> ChainHash {
        self.head
    }

    /// Checks the next event.
    pub fn follow(&mut self, record: &AuditRecord) -> Result<(), Broken> {
        let AuditRecord { event, prev, hash } = record;
        let broken = |fault| Broken {
            seq: self.next,
            fault,
        };
        if event.seq != self.next {
            return Err(broken(Fault::Missing));
        }
        if self.owner.is_some_and(|owner| owner != event.owner) {
            return Err(broken(Fault::Foreign));
        }
        if *prev != self.head {
            return Err(broken(Fault::Detached));
        }
        let canonical = event.canonical().map_err(|_| broken(Fault::Changed))?;
        if self.head.followed_by(&canonical) != *hash {
            return Err(broken(Fault::Changed));
        }
        self.owner = Some(event.owner);
        self.next = self.next.saturating_add(1);
        self.head = *hash;
        Ok(())
    }
}
