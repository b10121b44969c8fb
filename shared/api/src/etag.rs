//! Versions of what people edit, as entity tags (RFC 9110, 8.8.3 and 13.1.1).

use axum::extract::FromRequestParts;
use domain::Error;
use http::header::IF_MATCH;
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};

use crate::problem::Problem;

/// The `ETag` header of a version.
pub fn etag(version: u64) -> [(HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{version}\""))
        .unwrap_or(HeaderValue::from_static("\"\""));
    [(header::ETAG, value)]
}

/// What a caller says it has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// No header.
    Absent,
    /// `*`: any version that exists.
    Any,
    /// One of these versions; empty where no tag is one of ours.
    OneOf(Vec<u64>),
}

impl IfMatch {
    /// For routes that cannot do without: absent is [`Error::VersionRequired`].
    pub fn required(self) -> Result<Self, Error> {
        match self {
            Self::Absent => Err(Error::VersionRequired),
            Self::Any | Self::OneOf(_) => Ok(self),
        }
    }

    /// Whether the caller has read the version `current`: if not, [`Error::StaleVersion`].
    pub fn check(&self, current: u64) -> Result<(), Error> {
        match self {
            Self::Absent | Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(&current) => Ok(()),
            Self::OneOf(_) => Err(Error::StaleVersion),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Ok(Self::Absent);
        }
        let mut versions = Vec::new();
        for value in values {
            let text = value.to_str().unwrap_or_default().trim();
            if text == "*" {
                return Ok(Self::Any);
            }
            versions.extend(text.split(',').filter_map(version));
        }
        Ok(Self::OneOf(versions))
    }
}

/// A weak tag never matches here: the comparison is the strong one.
fn version(tag: &str) -> Option<u64> {
    let digits = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    digits.parse().ok()
}
