//! Members.

pub(crate) mod avatar;
pub(crate) mod change;
pub(crate) mod factor_reset;
mod factor_reset_mails;
pub(crate) mod list;
pub(crate) mod own;
pub(crate) mod remove;
mod view;
