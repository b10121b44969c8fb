//! What the services allow and how fast they answer: the inputs of the model.

/// Milliseconds.
pub(crate) type Ms = u64;

/// What the services allow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quotas {
    /// Write units that one partition of a table or index takes in a second.
    pub(crate) partition_writes: f64,
    /// Read units that one partition gives in a second.
    pub(crate) partition_reads: f64,
    /// Write units of the table and all its indexes in a second. AWS counts them one by one; together is more cautious.
    pub(crate) table_writes: f64,
    /// Warm write throughput of the table, and of each index: 1,000 a partition.
    pub(crate) warm_writes: f64,
    /// Seconds of throttling after which a partition has split and takes twice as much. AWS gives no number.
    pub(crate) split_after: u64,
    /// Calls of the key service in a second.
    pub(crate) key_calls: f64,
    /// Messages of one queue that are received and not yet deleted.
    pub(crate) in_flight: usize,
    /// Batches sent to one queue in a second. AWS names no limit for standard queues; the model wants one.
    pub(crate) batches: f64,
    /// Invocations with which the service begins to empty a queue.
    pub(crate) pollers_start: usize,
    /// Invocations that it adds in a minute while messages wait.
    pub(crate) pollers_a_minute: usize,
    /// The most that it ever has.
    pub(crate) pollers_max: usize,
    /// Invocations at once of one provisioned poller.
    pub(crate) poller_invocations: usize,
    /// Calls for messages by one provisioned poller in a second.
    pub(crate) poller_calls: f64,
    /// Environments of the account at once.
    pub(crate) environments: usize,
    /// Environments that one function has at once, and that are added every ten seconds.
    pub(crate) environments_step: usize,
    /// From this share of all messages in flight a tenant is a noisy neighbour…
    pub(crate) noisy_share: f64,
    /// …if it has so many itself.
    pub(crate) noisy_messages: usize,
    /// How long the queue takes to notice.
    pub(crate) noisy_after: Ms,
}

impl Quotas {
    /// Of an account that nobody asked to raise anything, and a table that never had to grow; the key service in Frankfurt.
    ///
    /// Sources below `https://docs.aws.amazon.com/`, as of November 2026:
    /// `amazondynamodb/latest/developerguide/ServiceQuotas.html` and `warm-throughput.html`,
    /// `lambda/latest/dg/services-sqs-scaling.html` and `gettingstarted-limits.html`,
    /// `AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html`,
    /// `kms/latest/developerguide/requests-per-second.html`.
    pub(crate) const INITIAL: Self = Self {
        partition_writes: 1_000.0,
        partition_reads: 3_000.0,
        table_writes: 40_000.0,
        warm_writes: 4_000.0,
        split_after: 300,
        key_calls: 20_000.0,
        in_flight: 120_000,
        batches: 10_000.0,
        pollers_start: 5,
        pollers_a_minute: 300,
        pollers_max: 1_250,
        poller_invocations: 10,
        poller_calls: 10.0,
        environments: 1_000,
        environments_step: 1_000,
        noisy_share: 0.1,
        noisy_messages: 30,
        noisy_after: 1_000,
    };

    /// Raised on request, and the table made warm ahead.
    pub(crate) const RAISED: Self = Self {
        table_writes: 250_000.0,
        warm_writes: 250_000.0,
        environments: 3_000,
        ..Self::INITIAL
    };
}

/// How fast services and networks answer.
pub(crate) mod time {
    use super::Ms;

    /// A single write of the table.
    pub(crate) const WRITE: Ms = 8;
    /// A single read of the table, or several at once.
    pub(crate) const READ: Ms = 6;
    /// A page of an index.
    pub(crate) const PAGE: Ms = 30;
    /// A batch that is sent to a queue.
    pub(crate) const SEND: Ms = 15;
    /// From a visible message to the code that handles it, in an environment that is there.
    pub(crate) const INVOKE: Ms = 25;
    /// What it takes longer when there is none.
    pub(crate) const COLD_START: Ms = 300;
    /// A call of the key service.
    pub(crate) const KEY: Ms = 10;
    /// The shortest and the mean time of a network's answer to a text post.
    pub(crate) const NETWORK: (f64, f64) = (250.0, 500.0);
    /// The first pause before a throttled call is repeated; each further one is up to twice as long (AWS SDK for Rust).
    pub(crate) const BACK_OFF: f64 = 1_000.0;
    /// Tries of a call, as the clients are configured.
    pub(crate) const TRIES: u32 = 3;
    /// A message whose handling failed is visible again after this time (infra/template.yaml).
    pub(crate) const VISIBILITY: Ms = 360_000;
}
