//! A number of units in each second.

use crate::quotas::Ms;

/// Something that takes so many units a second.
#[derive(Clone, Debug)]
pub(crate) struct Limiter {
    rate: f64,
    used: Vec<f32>,
    throttled: u64,
    throttled_in: usize,
}

impl Limiter {
    pub(crate) fn new(rate: f64) -> Self {
        Self {
            rate,
            used: Vec::new(),
            throttled: 0,
            throttled_in: usize::MAX,
        }
    }

    pub(crate) fn has_room(&self, at: Ms, units: f64) -> bool {
        let used = self.used.get((at / 1_000) as usize).copied();
        f64::from(used.unwrap_or(0.0)) + units <= self.rate
    }

    pub(crate) fn take(&mut self, at: Ms, units: f64) {
        let second = (at / 1_000) as usize;
        if self.used.len() <= second {
            self.used.resize(second + 1, 0.0);
        }
        self.used[second] += units as f32;
    }

    /// Takes the units if there is room.
    pub(crate) fn try_take(&mut self, at: Ms, units: f64) -> bool {
        let has_room = self.has_room(at, units);
        if has_room {
            self.take(at, units);
        }
        has_room
    }

    /// Notes that it had no room. After `split_after` seconds in which that happened it takes twice as much.
    pub(crate) fn throttle(&mut self, at: Ms, split_after: u64) {
        let second = (at / 1_000) as usize;
        if self.throttled_in != second {
            self.throttled_in = second;
            self.throttled += 1;
            if self.throttled.is_multiple_of(split_after) {
                self.rate *= 2.0;
            }
        }
    }
}
