//! Metrics in CloudWatch's embedded metric format (EMF): JSON lines that the platform turns into metrics.
//!
//! Dimensions are the function and, where it matters, the network; never the tenant, which would make a metric of each.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use domain::network::NetworkId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "M1Autoposter";
/// Most values of one metric in a line that the format takes.
const VALUES_MAX: usize = 100;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// From due to the start of the publishing call, in milliseconds.
    PublishLateness,
    /// Deliveries that are out, with evidence.
    Published,
    /// Deliveries that the network finishes by itself.
    HandedOver,
    /// Deliveries that a network or our rules refused for good.
    Failed,
    /// Deliveries that were too late.
    Missed,
    /// Attempts that are repeated later.
    Retried,
    /// Deliveries of which nobody knows whether they are out.
    OutcomeUnknown,
    /// Messages whose delivery somebody else had claimed.
    ClaimLost,
    /// From when the oldest open entry of the attention index was due, in seconds.
    AttentionHeadAge,
    /// How long the oldest event has waited for its place in the audit log, in seconds.
    SealAge,
    /// Entries of the attention index that a tick looked at.
    EntriesSeen,
    /// Entries that a tick or a sweep could not deal with.
    EntriesFailed,
    /// Shards of the attention index that held more than a tick does itself.
    ShardsHandedOver,
    /// Entries that no tick had dealt with when the sweeper came.
    EntriesNeglected,
    /// From when a message should have been received, in milliseconds.
    QueueAge,
    /// Things that only the independent sweeper found past their deadline; each is a fault of ours.
    DeadlinePassed,
    /// Entries of the attention index whose kind this build does not know.
    UnknownAttentionKind,
    /// Refused or failed refreshes of an account's token.
    TokenRefreshFailed,
    /// Calls of the key service.
    KeyServiceCalls,
    /// First invocations of an instance.
    ColdStart,
    /// Sign-ins by a wrong password, with what the account's owner never used.
    SignInsFailed,
    /// Sign-ins whose password was not compared, because too many fail over all accounts.
    SignInsHeldBack,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 22] = [
        Self::PublishLateness,
        Self::Published,
        Self::HandedOver,
        Self::Failed,
        Self::Missed,
        Self::Retried,
        Self::OutcomeUnknown,
        Self::ClaimLost,
        Self::AttentionHeadAge,
        Self::SealAge,
        Self::EntriesSeen,
        Self::EntriesFailed,
        Self::ShardsHandedOver,
        Self::EntriesNeglected,
        Self::QueueAge,
        Self::DeadlinePassed,
        Self::UnknownAttentionKind,
        Self::TokenRefreshFailed,
        Self::KeyServiceCalls,
        Self::ColdStart,
        Self::SignInsFailed,
        Self::SignInsHeldBack,
    ];

    /// The name that alarms and dashboards use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PublishLateness => "publish_lateness",
            Self::Published => "published",
            Self::HandedOver => "handed_over",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Retried => "retried",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::ClaimLost => "claim_lost",
            Self::AttentionHeadAge => "attention_head_age",
            Self::SealAge => "seal_age",
            Self::EntriesSeen => "entries_seen",
            Self::EntriesFailed => "entries_failed",
            Self::ShardsHandedOver => "shards_handed_over",
            Self::EntriesNeglected => "entries_neglected",
            Self::QueueAge => "queue_age",
            Self::DeadlinePassed => "deadline_passed",
            Self::UnknownAttentionKind => "unknown_attention_kind",
            Self::TokenRefreshFailed => "token_refresh_failed",
            Self::KeyServiceCalls => "key_service_calls",
            Self::ColdStart => "cold_start",
            Self::SignInsFailed => "sign_ins_failed",
            Self::SignInsHeldBack => "sign_ins_held_back",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::PublishLateness | Self::QueueAge => "Milliseconds",
            Self::AttentionHeadAge | Self::SealAge => "Seconds",
            Self::Published
            | Self::HandedOver
            | Self::Failed
            | Self::Missed
            | Self::Retried
            | Self::OutcomeUnknown
            | Self::ClaimLost
            | Self::EntriesSeen
            | Self::EntriesFailed
            | Self::ShardsHandedOver
            | Self::EntriesNeglected
            | Self::DeadlinePassed
            | Self::UnknownAttentionKind
            | Self::TokenRefreshFailed
            | Self::KeyServiceCalls
            | Self::ColdStart
            | Self::SignInsFailed
            | Self::SignInsHeldBack => "Count",
        }
    }
}

type Measured = BTreeMap<Option<NetworkId>, BTreeMap<Metric, Vec<u64>>>;

/// Collects the measurements of an invocation; clones share them.
#[derive(Clone)]
pub struct Metrics {
    function: &'static str,
    /// `None` where nobody reads them.
    measured: Option<Arc<Mutex<Measured>>>,
    output: Arc<Mutex<dyn Write + Send>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("function", &self.function)
            .field("measured", &self.measured)
            .finish_non_exhaustive()
    }
}

impl Metrics {
    /// Measurements of one function, written to standard output, where the platform reads them.
    pub fn new(function: &'static str) -> Self {
        Self::writing_to(function, std::io::stdout())
    }

    /// Measurements of one function, written to `output`.
    pub fn writing_to(function: &'static str, output: impl Write + Send + 'static) -> Self {
        Self {
            function,
            measured: Some(Arc::default()),
            output: Arc::new(Mutex::new(output)),
        }
    }

    /// Measures nothing: for a run whose lines no platform turns into metrics.
    pub fn off() -> Self {
        Self {
            function: "",
            measured: None,
            output: Arc::new(Mutex::new(std::io::sink())),
        }
    }

    /// Counts one.
    pub fn count(&self, metric: Metric, network: Option<&NetworkId>) {
        self.record(metric, 1, network);
    }

    /// Counts so many. None are not written: a metric costs for every hour in which it is.
    pub fn count_many(&self, metric: Metric, number: usize) {
        if number > 0 {
            self.record(metric, u64::try_from(number).unwrap_or(u64::MAX), None);
        }
    }

    /// Records a value in the metric's unit.
    pub fn record(&self, metric: Metric, value: u64, network: Option<&NetworkId>) {
        let Some(measured) = &self.measured else {
            return;
        };
        let mut measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = measured.entry(network.cloned()).or_default();
        of_network.entry(metric).or_default().push(value);
    }

    /// Writes what was measured since the last call: one line for each set of dimensions.
    pub fn flush(&self, now: Timestamp) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        for line in self.take_lines(now) {
            // At once, so that no other line gets in between. A metric that cannot be written must not fail the work
            // that it measures.
            let _ = output.write_all(format!("{line}\n").as_bytes());
        }
    }

    fn take_lines(&self, now: Timestamp) -> Vec<Value> {
        let Some(measured) = &self.measured else {
            return Vec::new();
        };
        let measured = {
            let mut measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *measured)
        };
        let lines = measured.into_iter();
        lines
            .map(|(network, metrics)| self.line(network.as_ref(), metrics, now))
            .collect()
    }

    fn line(
        &self,
        network: Option<&NetworkId>,
        metrics: BTreeMap<Metric, Vec<u64>>,
        now: Timestamp,
    ) -> Value {
        let mut dimensions = vec!["function"];
        let mut line = Map::new();
        line.insert("function".to_owned(), json!(self.function));
        if let Some(network) = network {
            dimensions.push("network");
            line.insert("network".to_owned(), json!(network));
        }
        let mut definitions = Vec::new();
        for (metric, mut values) in metrics {
            values.truncate(VALUES_MAX);
            definitions.push(json!({ "Name": metric.name(), "Unit": metric.unit() }));
            line.insert(metric.name().to_owned(), json!(values));
        }
        let description = json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [dimensions],
                "Metrics": definitions,
            }],
        });
        line.insert("_aws".to_owned(), description);
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(metrics: &Metrics) -> Vec<Value> {
        metrics.take_lines(Timestamp::from_millisecond(1_764_579_600_123).unwrap())
    }

    #[derive(Clone, Default)]
    struct Output(Arc<Mutex<Vec<u8>>>);

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn measurements_are_written_as_one_json_object_a_line() {
        let output = Output::default();
        let metrics = Metrics::writing_to("publishing", output.clone());
        metrics.record(Metric::PublishLateness, 40, Some(&NetworkId::BLUESKY));
        metrics.count(Metric::ClaimLost, None);

        metrics.flush(Timestamp::UNIX_EPOCH);

        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        let parsed = text.lines().map(serde_json::from_str::<Value>);
        assert_eq!(parsed.flatten().count(), 2, "{text}");
        assert!(text.ends_with("}\n"), "{text}");
    }

    #[test]
    fn measurements_become_one_line_for_each_network() {
        let metrics = Metrics::new("publishing");
        metrics.record(Metric::PublishLateness, 40, Some(&NetworkId::BLUESKY));
        metrics.record(Metric::PublishLateness, 7, Some(&NetworkId::BLUESKY));
        metrics.count(Metric::ClaimLost, None);

        let lines = lines(&metrics);

        assert_eq!(
            lines,
            [
                json!({
                    "function": "publishing",
                    "claim_lost": [1],
                    "_aws": {
                        "Timestamp": 1_764_579_600_123_u64,
                        "CloudWatchMetrics": [{
                            "Namespace": "M1Autoposter",
                            "Dimensions": [["function"]],
                            "Metrics": [{ "Name": "claim_lost", "Unit": "Count" }],
                        }],
                    },
                }),
                json!({
                    "function": "publishing",
                    "network": "bluesky",
                    "publish_lateness": [40, 7],
                    "_aws": {
                        "Timestamp": 1_764_579_600_123_u64,
                        "CloudWatchMetrics": [{
                            "Namespace": "M1Autoposter",
                            "Dimensions": [["function", "network"]],
                            "Metrics": [{ "Name": "publish_lateness", "Unit": "Milliseconds" }],
                        }],
                    },
                }),
            ]
        );
    }

    #[test]
    fn measurements_are_written_once() {
        let metrics = Metrics::new("dispatch");
        metrics.count(Metric::ColdStart, None);

        assert_eq!(lines(&metrics).len(), 1);
        assert_eq!(lines(&metrics).len(), 0);
    }

    #[test]
    fn measurements_that_nobody_reads_are_not_kept() {
        let metrics = Metrics::off();
        metrics.count(Metric::Published, Some(&NetworkId::BLUESKY));

        assert_eq!(lines(&metrics).len(), 0);
    }

    #[test]
    fn metric_names_are_distinct() {
        let names: std::collections::BTreeSet<_> = Metric::ALL.map(Metric::name).into();

        assert_eq!(names.len(), Metric::ALL.len());
    }
}
