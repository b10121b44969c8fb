//! Types of secrets: what would write one into an answer, an item, a page or a log does not compile.

use std::fmt::Display;

use serde::Serialize;
use testkit::implements;

/// That a type is neither written as part of something else nor shown as text.
macro_rules! is_kept {
    ($($secret:ty),+ $(,)?) => {$(
        assert!(!implements!($secret, Serialize), stringify!($secret));
        assert!(!implements!($secret, Display), stringify!($secret));
    )+};
}

#[test]
fn types_of_secrets_are_neither_serialized_nor_displayed() {
    is_kept!(
        api::ApiKeyText,
        api::DeviceCookie,
        api::Secret,
        api::SessionCookie,
        cloud::config::Secret,
        cloud::keys::DataKey,
        cloud::keys::PlainKey,
        networks::Credential,
        networks::PendingConsent,
    );
}
