//! Metrics in CloudWatch's embedded metric format (EMF): JSON lines that the platform turns into metrics.
//!
//! Dimensions are the function and, where it matters, the network; never the tenant, which would make a metric of each.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use domain::network::NetworkId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "M1Autoposter";
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
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 19] = [
        Self::PublishLateness,
        Self::Published,
        Self::HandedOver,
        Self::Failed,
        Self::Missed,
        Self::Retried,
        Self::OutcomeUnknown,
        Self::ClaimLost,
        Self::AttentionHeadAge,
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
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::PublishLateness | Self::QueueAge => "Milliseconds",
            Self::AttentionHeadAge => "Seconds",
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
            | Self::ColdStart => "Count",
        }
    }
}

type Measured = BTreeMap<Option<NetworkId>, BTreeMap<Metric, Vec<u64>>>;

/// Collects the measurements of an invocation; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    function: &'static str,
    /// `None` where nobody reads them.
    measured: Option<Arc<Mutex<Measured>>>,
}

impl Metrics {
    /// Measurements of one function.
    pub fn new(function: &'static str) -> Self {
        Self {
            function,
            measured: Some(Arc::default()),
        }
    }

    /// Measures nothing: for a run whose lines no platform turns into metrics.
    pub fn off() -> Self {
        Self {
            function: "",
            measured: None,
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

    /// Writes what was measured since the last call to standard output: one line for each set of dimensions.
    pub fn flush(&self, now: Timestamp) {
        // A metric that cannot be written must not fail the work that it measures.
        let _ = self.write_to(&mut std::io::stdout().lock(), now);
    }

    fn write_to(&self, output: &mut impl Write, now: Timestamp) -> std::io::Result<()> {
        let Some(measured) = &self.measured else {
            return Ok(());
        };
        let measured = {
            let mut measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *measured)
        };
        for (network, metrics) in measured {
            writeln!(output, "{}", self.line(network.as_ref(), metrics, now))?;
        }
        Ok(())
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
        let mut output = Vec::new();
        metrics
            .write_to(
                &mut output,
                Timestamp::from_millisecond(1_764_579_600_123).unwrap(),
            )
            .unwrap();
        String::from_utf8(output)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
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
