//! A delivery: one post at one account, the unit of publishing.

mod evidence;

pub use evidence::{Evidence, Fault, FaultActor, FaultCategory, ProofKind, RemoteJob};
