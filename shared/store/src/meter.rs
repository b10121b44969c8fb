//! Counts what the table charges, and how often it is called, so that a careless index or a needless read shows up in a
//! test.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Capacity units as DynamoDB charges them, table and indexes together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Consumed {
    /// Write request units.
    pub writes: f64,
    /// Read request units.
    pub reads: f64,
}

/// Calls of the table, however many items each is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Those that read.
    pub reads: u64,
    /// Those that write.
    pub writes: u64,
}

/// Adds up consumed units, and calls.
#[derive(Debug, Default)]
pub struct Meter(Mutex<(Consumed, Calls)>);

/// Whether an operation reads or writes: DynamoDB's answer does not say.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Meter {
    /// What was consumed since the last call.
    pub fn take(&self) -> Consumed {
        std::mem::take(&mut self.total().0)
    }

    /// How often the table was called since the last call.
    pub fn take_calls(&self) -> Calls {
        std::mem::take(&mut self.total().1)
    }

    pub(crate) fn add(&self, direction: Direction, consumed: &ConsumedCapacity) {
        let units = consumed.capacity_units().unwrap_or(0.0);
        let (total, calls) = &mut *self.total();
        match direction {
            Direction::Read => {
                total.reads += units;
                calls.reads = calls.reads.saturating_add(1);
            }
            Direction::Write => {
                total.writes += units;
                calls.writes = calls.writes.saturating_add(1);
            }
        }
    }

    fn total(&self) -> MutexGuard<'_, (Consumed, Calls)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
