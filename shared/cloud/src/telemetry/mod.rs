//! Logs and metrics of a function, as lines on its standard output.

mod logs;
mod metrics;

pub use logs::{init, invocation_span, lines};
pub use metrics::{Metric, Metrics, NAMESPACE};
