//! Support: a tenant lets itself be looked into, and people of the platform look.

pub(crate) mod consent;
pub(crate) mod session;
