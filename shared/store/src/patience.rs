//! Waiting for a table that has too much to do.

use std::time::Duration;

use domain::{Error, Result};

/// Tries altogether.
const TRIES: u32 = 5;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The pauses between the tries of one call.
#[derive(Debug)]
pub(crate) struct Patience {
    left: u32,
    pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            left: TRIES - 1,
            pause: FIRST_PAUSE,
        }
    }
}

impl Patience {
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
        tokio::time::sleep(self.pause).await;
        self.pause = self.pause.saturating_mul(2);
        Ok(())
    }
}
