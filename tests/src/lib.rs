//! End-to-end tests and repository checks.
