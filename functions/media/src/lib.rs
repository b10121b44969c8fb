//! The media function.
