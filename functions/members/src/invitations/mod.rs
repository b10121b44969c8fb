//! Invitations.

pub(crate) mod accept;
pub(crate) mod create;
mod limits;
pub(crate) mod list;
mod mail;
pub(crate) mod preview;
pub(crate) mod resend;
mod view;
pub(crate) mod withdraw;

pub use limits::InvitationLimits;
