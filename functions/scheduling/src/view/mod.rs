//! What the API answers.

mod card;
mod dry_run;
mod post;
mod words;

pub(crate) use card::CardView;
pub(crate) use dry_run::DryRunView;
pub(crate) use post::PostView;
