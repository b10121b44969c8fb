//! The single table.
//!
//! [`Table::tenant`] with a [`TenantScope`] is the only door to a tenant's items; [`Table::system`] reaches what belongs
//! to no tenant. Only this crate knows keys and attribute names; items are private structs that become domain types when
//! they are read. One file per aggregate.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

mod attempts;
mod attention;
mod attribute;
mod condition;
mod deliveries;
mod events;
mod item;
mod key;
mod meter;
pub mod notices;
pub mod schema;
mod scope;
mod shard;
mod table;
mod transaction;

pub use attempts::Attempt;
pub use attention::{AttentionEntry, AttentionWork, Overdue};
pub use deliveries::Step;
pub use meter::{Consumed, Meter};
pub use scope::{SystemTable, TenantScope, TenantTable};
pub use table::{Settings, Table};
