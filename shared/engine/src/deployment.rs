//! A function's services in AWS. Each takes those that it needs; what it does not take is not linked.

use std::sync::Arc;

use cloud::archive::{Archive, S3Archive};
use cloud::aws::{Aws, warm_up};
use cloud::clock::{SystemClock, SystemRandom};
use cloud::config::{
    AuditConfig, AwsConfig, BucketConfig, ConfigErrors, DeploymentConfig, KeyConfig, LogConfig,
    MailConfig, OwnKeysConfig, Part, ProcessEnvironment, PublicUrlConfig, QueueConfig, TableConfig,
    load,
};
use cloud::envelope::Envelope;
use cloud::keys::{KmsKeys, OwnKeys};
use cloud::mail::{Mailer, SesMailer};
use cloud::objects::{ObjectStore, S3Objects};
use cloud::queue::{DeliveryQueue, SqsQueue};
use cloud::signing::{KmsSigner, Signer};
use cloud::telemetry;
use domain::{Clock, Ids, Random};
use store::{Settings, Table};

use crate::{Notifier, Outbox, Reconciler, Waker};

/// What every function configures.
pub type BaseConfig = (DeploymentConfig, TableConfig);

/// The services of one deployment, as one process reaches them.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// The machine's random source.
    pub random: Arc<dyn Random>,
    /// The table.
    pub table: Table,
    environment: String,
    aws: Aws,
}

impl Deployment {
    /// Starts logging and reads the configuration of a function: the common one, and its own.
    pub fn start<C: Part>() -> Result<(Self, C), ConfigErrors> {
        type All<C> = (LogConfig, AwsConfig, BaseConfig, C);
        let (logs, aws, base, own) = load::<All<C>>(&ProcessEnvironment)?;
        telemetry::init(&logs);
        Ok((Self::new(aws, base), own))
    }

    fn new(aws: AwsConfig, (deployment, table): BaseConfig) -> Self {
        let aws = Aws::new(aws);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let settings = Settings {
            name: table.name.as_str().to_owned(),
            shards: table.attention_shards,
        };
        let ids = Ids::new(Arc::clone(&clock), Arc::clone(&random));
        Self {
            table: Table::new(aws.dynamodb(), settings, ids),
            environment: deployment.environment.as_str().to_owned(),
            clock,
            random,
            aws,
        }
    }

    /// Opens the connection to the table during start-up, when the CPU is not yet throttled.
    pub async fn warm_up(&self) {
        warm_up(self.table.ping()).await;
    }

    /// Seals and opens secrets.
    pub fn envelope(&self, key: &KeyConfig) -> Arc<Envelope> {
        Arc::new(Envelope::new(
            Arc::new(KmsKeys::new(self.aws.kms(), &key.key_id)),
            Arc::new(self.table.clone()),
            Arc::clone(&self.clock),
            Arc::clone(&self.random),
            &self.environment,
        ))
    }

    /// Tries tenants' own keys, without a use for the product's.
    pub fn own_keys(&self, config: OwnKeysConfig) -> OwnKeys {
        let keys = KmsKeys::of_tenants(self.aws.kms());
        OwnKeys::new(Arc::new(keys), config, self.aws.region(), &self.environment)
    }

    /// The bytes of media.
    pub fn objects(&self, bucket: &BucketConfig) -> Arc<dyn ObjectStore> {
        Arc::new(S3Objects::new(self.aws.s3(), bucket.name.as_str()))
    }

    /// Keeps checkpoints of the audit log.
    pub fn archive(&self, audit: &AuditConfig) -> Arc<dyn Archive> {
        Arc::new(S3Archive::new(self.aws.s3(), audit.bucket.as_str()))
    }

    /// Signs checkpoints of the audit log.
    pub fn signer(&self, audit: &AuditConfig) -> Arc<dyn Signer> {
        Arc::new(KmsSigner::new(self.aws.kms(), &audit.key_id))
    }

    /// The name of the deployment.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Sends mails.
    pub fn mailer(&self, mail: &MailConfig) -> Arc<dyn Mailer> {
        Arc::new(SesMailer::new(self.aws.ses(), &mail.from))
    }

    /// The queue at this address.
    pub fn queue(&self, url: &str) -> Arc<dyn DeliveryQueue> {
        Arc::new(SqsQueue::new(self.aws.sqs(), url))
    }

    /// Wakes the publisher.
    pub fn waker(&self, queue: &QueueConfig) -> Waker {
        Waker {
            table: self.table.clone(),
            queue: self.queue(queue.url.as_str()),
            clock: Arc::clone(&self.clock),
        }
    }

    /// Writes to people.
    pub fn notifier(&self, mail: &MailConfig, public_url: &PublicUrlConfig) -> Notifier {
        Notifier {
            table: self.table.clone(),
            mailer: self.mailer(mail),
            clock: Arc::clone(&self.clock),
            dashboard: public_url.url.origin().ascii_serialization(),
        }
    }

    /// Sends mails that hold links which sign somebody in.
    pub fn outbox(&self, key: &KeyConfig, mail: &MailConfig) -> Outbox {
        Outbox {
            table: self.table.clone(),
            envelope: self.envelope(key),
            mailer: self.mailer(mail),
            clock: Arc::clone(&self.clock),
        }
    }

    /// Decides about everything that wants attention.
    pub fn reconciler(
        &self,
        queue: &QueueConfig,
        key: &KeyConfig,
        mail: &MailConfig,
        public_url: &PublicUrlConfig,
    ) -> Reconciler {
        Reconciler {
            waker: self.waker(queue),
            notifier: self.notifier(mail, public_url),
            outbox: self.outbox(key, mail),
        }
    }
}
