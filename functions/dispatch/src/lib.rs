//! The dispatch function.
