//! A post with one delivery, as tests need it.

use domain::delivery::{Delivery, DeliveryKey};
use store::Table;

pub(crate) use testkit::posts::{Draft, MAX_LATENESS, Owner, checked, owner, scheduled};

/// The delivery as it is stored.
pub(crate) async fn stored(table: &Table, delivery: &Delivery) -> Delivery {
    table
        .system()
        .delivery(&DeliveryKey::of(delivery))
        .await
        .unwrap()
        .unwrap()
}
