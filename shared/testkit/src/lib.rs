//! Test application, fakes with fault injection, crash harness. Only a dev-dependency.
