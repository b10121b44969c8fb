//! The accounts function.
