//! What the HTTP functions share: who asks and what they may do, how requests are read, how refusals look.
//!
//! A function registers each route through [`route::public`], [`route::signed_in`], [`route::can`] or
//! [`route::can_in`] and takes the matching extractor ([`SignedIn`], [`Can`], [`CanIn`]); bodies, queries and ids come
//! through [`Json`], [`Command`], [`Query`] and [`Path`], so that every refusal is a [`Problem`]. [`route::gated`] goes
//! around all routes of a function, [`edge::finish`] around all of a host.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod actor;
mod allow;
mod avatar;
mod bootstrap;
mod can_in;
mod circumstances;
mod client;
mod credential;
mod device_name;
pub mod edge;
mod etag;
mod gate;
mod gateway;
mod headroom;
mod idempotency;
mod json;
pub mod openapi;
mod page;
mod path;
pub mod permission;
mod problem;
mod query;
mod rate_limit;
mod repeated;
pub mod route;
mod secret;
mod signing_keys;
mod witness;

pub use actor::{Can, SignedIn};
pub use allow::{allow, allow_support, may};
pub use avatar::{AvatarImage, AvatarQuery, member_avatar_url, own_avatar_url};
pub use bootstrap::bootstrap;
pub use can_in::CanIn;
pub use circumstances::Circumstances;
pub use client::{Client, ClientAddress};
pub use credential::api_key::ApiKeyText;
pub use credential::cookie::{CookieKind, SessionCookie};
pub use credential::device::DeviceCookie;
pub use credential::token;
pub use etag::{IfMatch, etag};
pub use gate::{Gate, PROOF_LIFETIME, Rebound, SESSION_IDLE, SESSION_LIFETIME};
pub use headroom::{Headroom, Quota};
pub use idempotency::Command;
pub use json::{BODY_MAX, Json, from_value};
pub use page::{ListQuery, Page, PageLimit, PageQuery};
pub use path::{Path, PathId, PathIds};
pub use problem::{Problem, ProblemDocument, Result};
pub use query::Query;
pub use rate_limit::ApiLimits;
pub use secret::Secret;
pub use signing_keys::{rotate_platform_key, rotate_signing_keys, signing_key_binding};
