//! Waiting for others that write the same item, and for a table that has too much to do.

use domain::{Error, Ids, Result};
use jiff::SignedDuration;

/// The pauses between the tries of one call. Each is drawn anew between nothing and a ceiling that doubles: whoever lost
/// to the same one would otherwise come back together, and lose together.
#[derive(Debug)]
pub(crate) struct Patience<'a> {
    ids: &'a Ids,
    left: u32,
    ceiling: SignedDuration,
    ceiling_max: SignedDuration,
}

impl<'a> Patience<'a> {
    /// For a write that met a transaction at an item, such as the count of a month that all creations of a tenant write.
    ///
    /// The table lets one through and cancels the others at once, so 64 that come together and take 15 ms each need 1 s
    /// at best. In `tests/it/at_once.rs` they need 11 tries and 1.9 s at most. Played 200 times with other draws it was 13
    /// tries and 2.4 s; with 25 ms each one write of them all found no room in 16 tries, and the others took up to 3.4 s.
    /// After five tries with fixed pauses 59 of the 64 had failed. The pauses of one call are 3.5 s together on average
    /// and 7 s at most, within the 15 s that a function of the API has.
    pub(crate) fn with_others(ids: &'a Ids) -> Self {
        Self {
            ids,
            left: 15,
            ceiling: SignedDuration::from_millis(20),
            ceiling_max: SignedDuration::from_millis(640),
        }
    }

    /// For a table that did nothing of what it was asked for: 0.3 s together on average. Whoever waits longer keeps it
    /// busy.
    pub(crate) fn with_table(ids: &'a Ids) -> Self {
        Self {
            ids,
            left: 4,
            ceiling: SignedDuration::from_millis(40),
            ceiling_max: SignedDuration::from_millis(320),
        }
    }

    /// Whether the next [`wait`](Self::wait) fails.
    pub(crate) fn is_at_end(&self) -> bool {
        self.left == 0
    }

    /// Waits before the next try; [`Error::Unavailable`] where there is none.
    pub(crate) async fn wait(&mut self) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or(Error::Unavailable {
            dependency: "the table",
            cause: None,
        })?;
        let pause = self.ceiling.mul_f64(self.draw());
        self.ceiling = self.ceiling.saturating_mul(2).min(self.ceiling_max);
        let clock = self.ids.clock();
        let now = clock.now();
        clock
            .wait_until(now.saturating_add(pause).unwrap_or(now))
            .await;
        Ok(())
    }

    /// A random share, from nothing to all.
    fn draw(&self) -> f64 {
        let mut bytes = [0; 4];
        self.ids.random().fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}
