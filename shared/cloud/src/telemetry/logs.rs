//! JSON logs: one line per event, flat, without colours; the platform stamps the time.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::level_filters::LevelFilter;
use tracing::{Span, Subscriber, field, info_span};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogConfig;

/// Libraries that log every request at `info`, or bodies at `debug`: those may hold secrets.
const QUIET: &str = "dynoxide=warn,aws_config=warn,aws_runtime=warn,aws_sdk=warn,aws_smithy=warn,aws_smithy_runtime=warn,h2=warn,hyper=warn,hyper_util=warn,rustls=warn,lambda_runtime=warn,lambda_http=warn";

/// Starts logging; once per process, first thing in `main`. A second call changes nothing.
pub fn init(config: &LogConfig) {
    let subscriber = lines(config.level, std::io::stdout);
    // Only a second call fails; logging then goes on as it was.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The span around one invocation. `tenant.id` and `route` are recorded once they are known.
pub fn invocation_span(request_id: &str) -> Span {
    static WARM: AtomicBool = AtomicBool::new(false);
    let cold = !WARM.swap(true, Ordering::Relaxed);
    info_span!(
        "invocation",
        request_id,
        function.cold = cold,
        tenant.id = field::Empty,
        route = field::Empty,
    )
}

/// Writes the lines of a function's log to `writer`.
pub fn lines<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse_lossy(QUIET)
        .add_directive(level.into());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .without_time()
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json as value};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = super::lines(LevelFilter::INFO, move || writer.clone());
        tracing::subscriber::with_default(subscriber, work);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn log_line_is_one_flat_json_object_with_its_invocation() {
        let lines = logged(|| {
            let span = invocation_span("r-1");
            span.record("tenant.id", "ten_1");
            span.in_scope(|| tracing::warn!(code = "unavailable", "it failed"));
        });

        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], "it failed");
        assert_eq!(lines[0]["level"], "WARN");
        assert_eq!(lines[0]["code"], "unavailable");
        assert_eq!(lines[0]["span"]["request_id"], "r-1");
        assert_eq!(lines[0]["span"]["tenant.id"], "ten_1");
        assert_eq!(lines[0].get("timestamp"), None);
    }

    #[test]
    fn log_of_a_library_that_may_show_requests_is_left_out() {
        let lines = logged(|| {
            tracing::info!(target: "aws_smithy_runtime", "request with canary");
            tracing::info!("own");
        });

        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], value!("own"));
    }
}
