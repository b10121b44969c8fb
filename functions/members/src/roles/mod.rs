//! Roles: those that every tenant has, and those that this one made.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod read;
mod view;
