//! Members.

pub(crate) mod change;
pub(crate) mod list;
pub(crate) mod own;
pub(crate) mod remove;
mod view;
