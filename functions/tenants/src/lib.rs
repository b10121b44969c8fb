//! The tenants function.
