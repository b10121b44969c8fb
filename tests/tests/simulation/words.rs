//! Messages, deliveries and moments in the words of a history.

use domain::delivery::{Delivery, DeliveryKey, DeliveryMessage};
use jiff::Timestamp;

use crate::table::Id;

/// A message in words.
pub(crate) fn words(message: &DeliveryMessage) -> String {
    match message {
        DeliveryMessage::Work { key, rev, nb, look } => {
            let look = look.map_or(String::new(), |look| format!(", look {}", look.looks + 1));
            let (id, at) = (number(key), moment(*nb));
            format!("work on delivery {id} (revision {rev}, not before {at}{look})")
        }
        DeliveryMessage::Reap { key, fence } => {
            format!("reap delivery {} (fence {fence})", number(key))
        }
    }
}

/// Day and time of day of a moment.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%d %H:%M:%S%.3f").to_string()
}

/// The number of a delivery in a simulation.
pub(crate) fn number(key: &DeliveryKey) -> Id {
    usize::try_from(key.delivery.as_uuid().as_u128()).unwrap()
}

pub(crate) fn number_of(delivery: &Delivery) -> Id {
    number(&DeliveryKey::of(delivery))
}
