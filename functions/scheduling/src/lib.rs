//! The scheduling function.
