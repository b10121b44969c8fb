//! Support: the consent of a tenant to be looked into, and the looks of those who do.

mod access;
mod begin;
mod binding;
mod consent;
mod visits;
mod watch;

pub use access::SupportAccess;
pub use begin::{SupportBeginning, SupportBegun};
pub(crate) use binding::BindingAttribute;
pub use consent::ConsentingTenant;
pub use watch::SupportVisitPlace;
