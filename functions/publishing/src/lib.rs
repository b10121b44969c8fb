//! The publishing function.
