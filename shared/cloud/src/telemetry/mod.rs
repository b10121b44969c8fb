//! Logs and metrics of a function, as lines on its standard output.

mod logs;
mod metrics;

pub use logs::{init, invocation_span};
pub use metrics::{Metric, Metrics};
