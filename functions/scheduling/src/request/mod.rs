//! What people want, read into checked types. Every field that is wrong is named, with a JSON pointer.

mod collector;
mod input;
mod parse;

pub(crate) use collector::Collector;
pub(crate) use input::{
    ActOnPost, ContentInput, CreatePost, FoundOutcome, OverrideInput, ResolveTarget, ScheduleInput,
    TargetInput, WhenInput,
};
pub(crate) use parse::{Wanted, WantedTarget, parse, parse_when, target_ids};
