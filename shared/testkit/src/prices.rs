//! What each step of a publication writes, in units of the table: one per KB of an item or of its part in an index, two
//! where the key of an index changes. The tests of the store hold the sums to what the table charges.

/// Units that one step writes.
#[derive(Clone, Copy, Debug)]
pub struct Price {
    /// The step.
    pub step: &'static str,
    /// To the item.
    pub item: f64,
    /// To the index by attention.
    pub by_attention: f64,
    /// To the index by deadline.
    pub by_deadline: f64,
    /// To the calendar, the list by creation and the index by account, which are all cut by tenant or account.
    pub by_tenant: f64,
}

impl Price {
    /// The mark of a sent message moves the entry.
    pub const QUEUED: Self = Self::moving("queued");
    /// A claim moves it to the end of its lease.
    pub const CLAIM: Self = Self::moving("claim");
    /// A turn of the account's pace, beside the delivery; of networks that have one.
    pub const TURN: Self = Self::item("turn");
    /// An intent changes nothing that an index shows.
    pub const INTENT: Self = Self::item("intent");
    /// How the call ended, beside the delivery.
    pub const ATTEMPT: Self = Self::item("attempt");
    /// A settlement leaves attention, deadline and account, and changes calendar and list.
    pub const PUBLISHED: Self = Self {
        step: "published",
        item: 1.0,
        by_attention: 1.0,
        by_deadline: 1.0,
        by_tenant: 3.0,
    };
    /// All that a publication writes after creation, in order, on a network without a pace.
    pub const PUBLICATION: [Self; 5] = [
        Self::QUEUED,
        Self::CLAIM,
        Self::INTENT,
        Self::ATTEMPT,
        Self::PUBLISHED,
    ];

    const fn item(step: &'static str) -> Self {
        Self {
            step,
            item: 1.0,
            by_attention: 0.0,
            by_deadline: 0.0,
            by_tenant: 0.0,
        }
    }

    const fn moving(step: &'static str) -> Self {
        Self {
            by_attention: 2.0,
            ..Self::item(step)
        }
    }

    /// Altogether.
    pub const fn total(&self) -> f64 {
        self.item + self.by_attention + self.by_deadline + self.by_tenant
    }
}
