//! Account groups: named sets of accounts, which memberships can be limited to.

mod accounts;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod read;
mod view;
