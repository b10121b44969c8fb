//! Counts what the table charges, so that a careless index or a needless read shows up in a test.

use std::sync::Mutex;

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Capacity units as DynamoDB charges them, table and indexes together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Consumed {
    /// Write request units.
    pub writes: f64,
    /// Read request units.
    pub reads: f64,
}

/// Adds up consumed units.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Consumed>);

/// Whether an operation reads or writes: DynamoDB's answer does not say.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Meter {
    /// What was consumed since the last call.
    pub fn take(&self) -> Consumed {
        std::mem::take(
            &mut *self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    pub(crate) fn add(&self, direction: Direction, consumed: &ConsumedCapacity) {
        let units = consumed.capacity_units().unwrap_or(0.0);
        let mut total = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match direction {
            Direction::Read => total.reads += units,
            Direction::Write => total.writes += units,
        }
    }
}
