//! Lists in pages: how many, and where to go on.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Error, Result, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::gate::Gate;

/// How long a cursor works.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
const VERSION: u8 = 1;
/// Bytes before the position: version and expiry.
const HEAD: usize = 9;
/// Bytes of the authentication code: half of HMAC-SHA-256 is plenty (RFC 2104, 5).
const MAC: usize = 16;

/// How many items a page has: 1 to 200, else 50. For queries: `#[serde(default)] limit: PageLimit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct PageLimit(u32);

impl PageLimit {
    /// Most items of a page.
    pub const MAX: u32 = 200;

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for PageLimit {
    type Error = &'static str;

    fn try_from(limit: u32) -> std::result::Result<Self, Self::Error> {
        if (1..=Self::MAX).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err("use a limit from 1 to 200")
        }
    }
}

/// Which part of a list that has no filters.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Most items of the page: 1 to 200, else 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl PageQuery {
    /// Most items of the page.
    pub fn limit(&self) -> i32 {
        i32::try_from(self.limit.get()).unwrap_or(i32::MAX)
    }

    /// Where the page begins: `None` at the begin of the list.
    pub async fn start<T: DeserializeOwned>(
        &self,
        gate: &Gate,
        list: ListQuery<'_>,
    ) -> Result<Option<T>> {
        gate.start(list, self.cursor.as_deref()).await
    }
}

/// A list with a cursor to the rest of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items; there can be fewer than asked for while `next` is set.
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; `null` at the end.
    pub next: Option<String>,
}

/// The list that a cursor belongs to: it works for no other.
#[derive(Clone, Copy, Debug)]
pub struct ListQuery<'a> {
    /// Whose list.
    pub tenant: TenantId,
    /// Which list: `posts`, `media`, …
    pub kind: &'static str,
    /// All filters, in any fixed text form.
    pub filters: &'a str,
}

impl Gate {
    /// Where a page begins: `None` at the begin of the list.
    pub async fn start<T: DeserializeOwned>(
        &self,
        list: ListQuery<'_>,
        cursor: Option<&str>,
    ) -> Result<Option<T>> {
        match cursor {
            Some(cursor) => self.position(list, cursor).await.map(Some),
            None => Ok(None),
        }
    }

    /// A page of a list, which goes on after the position `last`, if anywhere.
    pub async fn page<T, P: Serialize>(
        &self,
        list: ListQuery<'_>,
        items: Vec<T>,
        last: Option<P>,
    ) -> Result<Page<T>> {
        let next = match last {
            Some(last) => Some(self.cursor(list, &last).await?),
            None => None,
        };
        Ok(Page { items, next })
    }

    /// The cursor to a position in a list. Callers can neither read nor change it meaningfully.
    pub async fn cursor<T: Serialize>(&self, list: ListQuery<'_>, position: &T) -> Result<String> {
        let keyring = self.keyring().await?;
        seal(&keyring.cursor_key, list, position, self.clock().now())
    }

    /// The position that a cursor stands for; [`Error::Malformed`] with `invalid_cursor` if it is not of this list, or
    /// too old.
    pub async fn position<T: DeserializeOwned>(
        &self,
        list: ListQuery<'_>,
        cursor: &str,
    ) -> Result<T> {
        let keyring = self.keyring().await?;
        open(&keyring.cursor_key, list, cursor, self.clock().now()).ok_or_else(|| {
            Error::Malformed {
                code: "invalid_cursor",
                detail: "the cursor is not of this list, or older than a day: start again without"
                    .to_owned(),
                errors: Vec::new(),
            }
        })
    }
}

fn seal<T: Serialize>(
    key: &[u8],
    list: ListQuery<'_>,
    position: &T,
    now: Timestamp,
) -> Result<String> {
    let expires_at = now.saturating_add(LIFETIME).unwrap_or(now);
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&expires_at.as_second().to_be_bytes());
    serde_json::to_writer(&mut bytes, position)
        .map_err(|error| Error::internal("a cursor cannot be written", error))?;
    let tag = mac(key, list, &bytes);
    bytes.extend_from_slice(tag.as_ref().get(..MAC).unwrap_or_default());
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn open<T: DeserializeOwned>(
    key: &[u8],
    list: ListQuery<'_>,
    cursor: &str,
    now: Timestamp,
) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (content, tag) = bytes.split_at_checked(bytes.len().checked_sub(MAC)?)?;
    let expected = mac(key, list, content);
    aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref().get(..MAC)?, tag).ok()?;
    let (head, position) = content.split_at_checked(HEAD)?;
    let (version, expiry) = head.split_first()?;
    let expires_at = i64::from_be_bytes(expiry.try_into().ok()?);
    let is_valid = *version == VERSION && expires_at > now.as_second();
    is_valid
        .then(|| serde_json::from_slice(position).ok())
        .flatten()
}

fn mac(key: &[u8], list: ListQuery<'_>, content: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    let tenant = list.tenant.to_string();
    for part in [
        tenant.as_bytes(),
        list.kind.as_bytes(),
        list.filters.as_bytes(),
        content,
    ] {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    context.sign()
}
