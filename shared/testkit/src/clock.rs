//! Time and randomness that a test decides.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use domain::{Clock, Ids, Random};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// A clock that stands still until a test moves it. Whoever waits for a time is woken when the clock is moved there.
#[derive(Clone, Debug)]
pub struct TestClock {
    now: Arc<watch::Sender<Timestamp>>,
    /// Waiting moves the clock by itself: for tests in which nobody else does.
    is_eager: bool,
}

impl TestClock {
    /// Stands at `instant`, such as `2026-12-01T08:00:00Z`.
    pub fn at(instant: &str) -> Self {
        let instant = instant.parse().expect("an RFC 3339 instant");
        Self {
            now: Arc::new(watch::Sender::new(instant)),
            is_eager: false,
        }
    }

    /// The same clock, for somebody whose waiting moves it.
    #[must_use]
    pub fn eager(&self) -> Self {
        Self {
            now: Arc::clone(&self.now),
            is_eager: true,
        }
    }

    /// Moves the clock.
    pub fn advance(&self, by: SignedDuration) {
        self.now
            .send_modify(|now| *now = now.saturating_add(by).expect("a time that exists"));
    }

    /// Moves the clock to `instant`, also backwards.
    pub fn set(&self, instant: Timestamp) {
        self.now.send_modify(|now| *now = instant);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn wait_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if self.is_eager {
            self.now.send_if_modified(|now| {
                let is_later = instant > *now;
                if is_later {
                    *now = instant;
                }
                is_later
            });
        }
        let mut receiver = self.now.subscribe();
        Box::pin(async move {
            receiver
                .wait_for(|now| *now >= instant)
                .await
                .expect("the clock is alive");
        })
    }
}

/// Bytes that look random and are the same in every run.
#[derive(Debug)]
pub struct FixedRandom {
    state: Mutex<u64>,
}

impl FixedRandom {
    /// The bytes that belong to `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(seed),
        }
    }
}

impl Random for FixedRandom {
    /// SplitMix64 (Steele, Lea and Flood, 2014).
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock().expect("no panic while filling");
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            for (byte, random) in chunk.iter_mut().zip(mixed.to_le_bytes()) {
                *byte = random;
            }
        }
    }
}

/// Ids that are ordered by `clock` and the same in every run.
pub fn ids(clock: &TestClock) -> Ids {
    Ids::new(Arc::new(clock.clone()), Arc::new(FixedRandom::new(7)))
}
