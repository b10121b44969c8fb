//! What it costs: counted operations times list prices.

use anyhow::Result;
use serde::Deserialize;
use store::Consumed;

use crate::counted::Counts;
use crate::figure::Figure;

const PRICES: &str = include_str!("../prices.json");
const TEMPLATES: [&str; 2] = [
    include_str!("../../../infra/data.yaml"),
    include_str!("../../../infra/template.yaml"),
];
const BYTES_PER_GB: f64 = 1e9;
const MINUTES: f64 = 30.0 * 24.0 * 60.0;
/// The sweeper runs every five.
const SWEEPS: f64 = MINUTES / 5.0;
const POSTS: f64 = 1_000.0;

/// `prices.json`
#[derive(Clone, Debug, Deserialize)]
struct Prices {
    as_of: String,
    usd: Usd,
    assumed: Assumed,
}

/// Prices in USD.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Usd {
    http_api_request: f64,
    lambda_request: f64,
    lambda_gb_second: f64,
    table_write_unit: f64,
    table_read_unit: f64,
    queue_request: f64,
    key_request: f64,
    log_gb: f64,
    key_month: f64,
    alarm_month: f64,
    metric_month: f64,
}

/// What cannot be counted here: how people use it, and times in the cloud.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Assumed {
    looks_per_post: f64,
    http_function_gb: f64,
    publishing_gb: f64,
    timer_function_gb: f64,
    transfers_gb: f64,
    create_seconds: f64,
    look_seconds: f64,
    publishing_batch: f64,
    publishing_batch_seconds: f64,
    log_bytes_per_post: f64,
    log_bytes_per_idle_run: f64,
    idle_run_seconds: f64,
    pollers_per_queue: f64,
    poll_seconds: f64,
}

/// What the templates make that costs without being used.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Standing {
    keys: f64,
    alarms: f64,
    polled_queues: f64,
    /// Custom metrics that are written while nothing happens.
    idle_metrics: f64,
}

pub(crate) fn figures(counts: &Counts) -> Result<Vec<Figure>> {
    let prices: Prices = serde_json::from_str(PRICES)?;
    let parts = prices.of_posts(counts);
    let total: f64 = parts.iter().map(|(_, usd)| usd).sum();
    let standing = Standing::of(TEMPLATES);
    let idle_parts = prices.of_idle_month(counts, standing);
    let idle: f64 = idle_parts.iter().map(|(_, usd)| usd).sum();
    let as_of = &prices.as_of;
    let mut figures = vec![
        Figure::new(
            format!("1,000 text posts (prices of {as_of})"),
            total,
            "USD",
        )
        .at_most(0.03),
    ];
    figures.extend(parts.map(|(name, usd)| Figure::new(format!("· {name}"), usd, "USD")));
    figures.push(
        Figure::new("a month without use", idle, "USD")
            .at_most(3.0)
            .peer("80–165"),
    );
    figures.extend(idle_parts.map(|(name, usd)| Figure::new(format!("· {name}"), usd, "USD")));
    Ok(figures)
}

impl Prices {
    fn of_posts(&self, counts: &Counts) -> [(&'static str, f64); 8] {
        let Self { usd, assumed, .. } = self;
        let request = |seconds: f64| {
            let running = seconds * assumed.http_function_gb * usd.lambda_gb_second;
            usd.http_api_request + usd.lambda_request + running
        };
        let looks = POSTS * assumed.looks_per_post;
        let batches = POSTS / assumed.publishing_batch;
        let batch_seconds = assumed.publishing_batch_seconds * assumed.publishing_gb;
        let logs = POSTS * assumed.log_bytes_per_post / BYTES_PER_GB * usd.log_gb;
        [
            ("created: requests", POSTS * request(assumed.create_seconds)),
            ("created: table", POSTS * usd.units(counts.create)),
            ("created: audit log", POSTS * usd.units(counts.seal)),
            (
                "published: table",
                POSTS * usd.units(counts.after_creation()),
            ),
            (
                "published: function",
                batches * (usd.lambda_request + batch_seconds * usd.lambda_gb_second),
            ),
            (
                "published: queue and keys",
                POSTS * counts.queue_calls * usd.queue_request + counts.key_calls * usd.key_request,
            ),
            (
                "looked at five times",
                looks * (request(assumed.look_seconds) + usd.units(counts.look)),
            ),
            ("logs", logs),
        ]
    }

    fn of_idle_month(&self, counts: &Counts, standing: Standing) -> [(&'static str, f64); 7] {
        let Self { usd, assumed, .. } = self;
        let run = |gb: f64| {
            usd.lambda_request
                + assumed.idle_run_seconds * gb * usd.lambda_gb_second
                + assumed.log_bytes_per_idle_run / BYTES_PER_GB * usd.log_gb
        };
        let timer = run(assumed.timer_function_gb);
        let polls = MINUTES * 60.0 / assumed.poll_seconds * assumed.pollers_per_queue;
        [
            ("keys", standing.keys * usd.key_month),
            ("alarms", standing.alarms * usd.alarm_month),
            ("metrics", standing.idle_metrics * usd.metric_month),
            (
                "polling of queues",
                standing.polled_queues * polls * usd.queue_request,
            ),
            (
                "dispatcher and sweeper",
                MINUTES * (timer + usd.units(counts.idle_tick))
                    + SWEEPS * (timer + usd.units(counts.idle_sweep)),
            ),
            // Its message is sent and removed; it is received by a poll.
            (
                "look at events between ticks",
                MINUTES * (timer + usd.units(counts.idle_seal) + 2.0 * usd.queue_request),
            ),
            (
                "exports and imports",
                MINUTES * (run(assumed.transfers_gb) + usd.units(counts.idle_transfers)),
            ),
        ]
    }
}

impl Usd {
    fn units(&self, consumed: Consumed) -> f64 {
        consumed.writes * self.table_write_unit + consumed.reads * self.table_read_unit
    }
}

impl Standing {
    fn of(templates: [&str; 2]) -> Self {
        let lines = |text: &str| {
            let all = templates.iter().flat_map(|template| template.lines());
            all.filter(|line| line.trim() == text).count() as f64
        };
        Self {
            keys: lines("Type: AWS::KMS::Key"),
            alarms: lines("Type: AWS::CloudWatch::Alarm"),
            polled_queues: lines("Type: SQS"),
            // `attention_head_age` and `deadline_passed`; everything else is written when it is not zero.
            idle_metrics: 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum<const N: usize>(parts: [(&'static str, f64); N]) -> f64 {
        parts.iter().map(|(_, usd)| usd).sum()
    }

    #[test]
    fn cost_of_posts_is_what_a_person_computes() {
        let prices: Prices = serde_json::from_str(PRICES).unwrap();
        let units = |writes, reads| Consumed { writes, reads };
        let counts = Counts {
            create: units(8.0, 0.0),
            dispatch: units(2.0, 0.0),
            publish: units(3.0, 2.0),
            queue_calls: 0.3,
            key_calls: 20.0,
            ..Counts::default()
        };

        // 1,000 × (13 writes, 2 reads), 6,000 requests, 100 batches of 0.4 s at 1 GB, 300 calls, 20 keys, 3 MB of logs.
        let by_hand = 0.008_125
            + 0.000_25
            + 6_000.0 * 1.2e-6
            + (15.0 + 50.0) * 0.5 * 1.666_67e-5
            + 100.0 * 2e-7
            + 40.0 * 1.666_67e-5
            + 0.000_12
            + 0.000_06
            + 0.001_5;
        assert!((sum(prices.of_posts(&counts)) - by_hand).abs() < 1e-9);
    }

    #[test]
    fn standing_costs_are_read_from_the_templates() {
        let standing = Standing::of(TEMPLATES);

        assert!(standing.keys >= 2.0, "{standing:?}");
        assert!(standing.alarms >= 5.0, "{standing:?}");
        assert!(standing.polled_queues >= 1.0, "{standing:?}");
    }
}
