//! The parts that functions compose their configurations of.

use domain::KmsKeyArn;
use tracing::level_filters::LevelFilter;
use url::Url;

use super::{Name, Part, Reader, Secret};

/// Which deployment this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentConfig {
    /// Such as `production`: secrets of one deployment do not open in another.
    pub environment: Name,
}

impl Part for DeploymentConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_ENVIRONMENT"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            environment: reader.required("M1A_ENVIRONMENT")?,
        })
    }
}

/// Logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The least severe level that is logged.
    pub level: LevelFilter,
}

impl Part for LogConfig {
    /// The platform sets `AWS_LAMBDA_LOG_LEVEL` from the function's logging configuration.
    fn variables() -> Vec<&'static str> {
        Vec::new()
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let level = reader.optional("AWS_LAMBDA_LOG_LEVEL")?;
        Some(Self {
            level: level.unwrap_or(LevelFilter::INFO),
        })
    }
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableConfig {
    /// Its name.
    pub name: Name,
    /// Shards of the attention index; the same for all functions of a deployment.
    pub attention_shards: u32,
}

impl TableConfig {
    /// Shards where a deployment does not say otherwise.
    pub const ATTENTION_SHARDS: u32 = 16;
}

impl Part for TableConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_TABLE", "M1A_ATTENTION_SHARDS"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.required("M1A_TABLE");
        let shards = reader.optional("M1A_ATTENTION_SHARDS");
        Some(Self {
            name: name?,
            attention_shards: shards?.unwrap_or(Self::ATTENTION_SHARDS),
        })
    }
}

/// The queue of the publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// Its address.
    pub url: Url,
}

impl Part for QueueConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_DELIVERY_QUEUE_URL"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            url: reader.required("M1A_DELIVERY_QUEUE_URL")?,
        })
    }
}

/// The queue through which the dispatcher leaves shards with a backlog to further runs of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchQueueConfig {
    /// Its address.
    pub url: Url,
}

impl Part for DispatchQueueConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_DISPATCH_QUEUE_URL"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            url: reader.required("M1A_DISPATCH_QUEUE_URL")?,
        })
    }
}

/// The master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyConfig {
    /// Its id or ARN.
    pub key_id: String,
}

impl Part for KeyConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_KEY_ID"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            key_id: reader.required("M1A_KEY_ID")?,
        })
    }
}

/// Keys of tenants' own, in their AWS accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnKeysConfig {
    /// Those that this deployment's functions may use; tenants can name no other.
    pub enabled: Vec<KmsKeyArn>,
    /// Who uses them: the AWS account of this deployment, as the policies of these keys must name it.
    pub principal: String,
}

impl Part for OwnKeysConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_CUSTOMER_KEYS", "M1A_KEY_PRINCIPAL"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let enabled = reader.optional("M1A_CUSTOMER_KEYS");
        let principal = reader.required("M1A_KEY_PRINCIPAL");
        Some(Self {
            enabled: enabled?.unwrap_or_default(),
            principal: principal?,
        })
    }
}

/// Where checkpoints of the audit log are kept, and what signs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// The bucket with Object Lock.
    pub bucket: Name,
    /// Id or ARN of the key that signs.
    pub key_id: String,
}

impl Part for AuditConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_AUDIT_BUCKET", "M1A_AUDIT_KEY_ID"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let bucket = reader.required("M1A_AUDIT_BUCKET");
        let key_id = reader.required("M1A_AUDIT_KEY_ID");
        Some(Self {
            bucket: bucket?,
            key_id: key_id?,
        })
    }
}

/// The bucket of media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketConfig {
    /// Its name.
    pub name: Name,
}

impl Part for BucketConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_MEDIA_BUCKET"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            name: reader.required("M1A_MEDIA_BUCKET")?,
        })
    }
}

/// Mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailConfig {
    /// The sender, such as `M1Autoposter <post@example.com>`.
    pub from: String,
}

impl Part for MailConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_MAIL_FROM"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            from: reader.required("M1A_MAIL_FROM")?,
        })
    }
}

/// Social networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworksConfig {
    /// Servers that are not on the public Internet and may be connected nevertheless, such as a company's own: scheme,
    /// host and port.
    pub private_servers: Vec<Url>,
}

impl Part for NetworksConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_PRIVATE_SERVERS"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let servers = reader.optional("M1A_PRIVATE_SERVERS")?;
        Some(Self {
            private_servers: servers.unwrap_or_default(),
        })
    }
}

/// Where people reach the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrlConfig {
    /// The dashboard's address, for links in mails and for checking where a request comes from.
    pub url: Url,
}

impl Part for PublicUrlConfig {
    fn variables() -> Vec<&'static str> {
        vec!["M1A_PUBLIC_URL"]
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            url: reader.required("M1A_PUBLIC_URL")?,
        })
    }
}

/// Region, credentials and addresses of AWS. The runtime sets them, not the deployment, so this part has no variables
/// of ours; credentials in the environment live as long as the process, so no provider chain is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsConfig {
    /// The region.
    pub region: String,
    /// Id of the access key.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: Secret,
    /// Token of a temporary access key.
    pub session_token: Option<Secret>,
    /// Addresses of emulators.
    pub endpoints: Endpoints,
}

/// Addresses that take the place of the services' own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Of the table.
    pub dynamodb: Option<String>,
    /// Of the key service.
    pub kms: Option<String>,
    /// Of the queue.
    pub sqs: Option<String>,
    /// Of the object store.
    pub s3: Option<String>,
    /// Of the mail service.
    pub ses: Option<String>,
}

impl AwsConfig {
    /// For a client whose HTTP client reaches no network: the credentials mean nothing.
    pub fn embedded() -> Self {
        Self {
            region: "local".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: Secret::new("local"),
            session_token: None,
            endpoints: Endpoints {
                dynamodb: Some("http://table.invalid".to_owned()),
                ..Endpoints::default()
            },
        }
    }
}

impl Part for AwsConfig {
    fn variables() -> Vec<&'static str> {
        Vec::new()
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let region = reader.required("AWS_REGION");
        let access_key_id = reader.required("AWS_ACCESS_KEY_ID");
        let secret_access_key = reader.required("AWS_SECRET_ACCESS_KEY");
        let session_token = reader.optional("AWS_SESSION_TOKEN");
        let endpoints = Endpoints::read(reader);
        Some(Self {
            region: region?,
            access_key_id: access_key_id?,
            secret_access_key: secret_access_key?,
            session_token: session_token?,
            endpoints: endpoints?,
        })
    }
}

impl Endpoints {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let all: Option<Option<Url>> = reader.optional("AWS_ENDPOINT_URL");
        let all = all?;
        let mut of = |variable| {
            let own: Option<Url> = reader.optional(variable)?;
            Some(own.or_else(|| all.clone()).map(String::from))
        };
        let (dynamodb, kms, sqs, s3, ses) = (
            of("AWS_ENDPOINT_URL_DYNAMODB"),
            of("AWS_ENDPOINT_URL_KMS"),
            of("AWS_ENDPOINT_URL_SQS"),
            of("AWS_ENDPOINT_URL_S3"),
            of("AWS_ENDPOINT_URL_SESV2"),
        );
        Some(Self {
            dynamodb: dynamodb?,
            kms: kms?,
            sqs: sqs?,
            s3: s3?,
            ses: ses?,
        })
    }
}
