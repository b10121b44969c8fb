//! What happens in a history, and when.

use jiff::Timestamp;

use crate::table::Id;

/// Something that happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A process goes on.
    Wake(usize),
    /// A message becomes visible.
    Receive(usize),
    /// The timer of the dispatcher, and every fifth time that of the sweeper.
    Tick(u32),
    /// The post of a call appears.
    Appear(usize),
    /// A person does something.
    Act(usize),
    /// A person answers whether a delivery is out.
    Answer(Id),
    /// A person connects the account again.
    Reconnect,
    /// A delivery has to be final.
    Deadline(Id),
    /// Old messages come again.
    Redrive,
    /// The table is copied.
    Backup,
    /// The table is set back to the copy.
    Restore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timer {
    pub(crate) at: Timestamp,
    /// The order of what happens at one time.
    pub(crate) turn: u64,
    pub(crate) event: Event,
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.turn).cmp(&(other.at, other.turn))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
