//! The audit log: each owner's audited events, sealed into a chain.
//!
//! An audited event wants attention until it is sealed. The sealer puts the events that it finds into the next *block*
//! of their owner's log, under the condition that there is none yet: its key is the place of its first event in the
//! chain, so two sealers that build on the same end cannot both succeed, and no place is left out or given twice.
//! A block is *open* until all its events know their place; the next one is written only after that, so that an event
//! which was sealed by somebody who died is never sealed again.
//! The log of a tenant that is erased is closed first: the place of its next block is taken.

mod block;
mod chain;
mod checkpoint;
mod close;
mod part;
mod read;
mod seal;
mod verify;
mod witness;

pub use chain::{AuditEvent, AuditRecord, ChainHash, InvalidHash, canonical_json};
pub use checkpoint::{Checkpoint, CheckpointHeader, Leaf, Sibling, SignedHeader, Witness};
pub use part::AuditPart;
pub use read::AuditPage;
pub use seal::EventPlace;
pub use verify::{Broken, ChainCheck, Fault};
pub use witness::GrownChain;
