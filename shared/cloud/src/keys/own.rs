//! Keys that tenants have in AWS accounts of their own: which may be named, and the proof that one can be used.

use std::sync::Arc;

use domain::{Error, KeyRefusal, KmsKeyArn, Result, TenantId, WrappingKey};
use serde_json::{Value, json};

use super::{KeyContext, KeyService};
use crate::config::OwnKeysConfig;

/// No key of a tenant has this version: whoever may use it alone opens none of them.
const TRIED: u32 = 0;

/// Tries keys of tenants before anything rests on them.
#[derive(Clone, Debug)]
pub struct OwnKeys {
    keys: Arc<dyn KeyService>,
    config: OwnKeysConfig,
    region: String,
    environment: String,
}

impl OwnKeys {
    /// For the deployment named `environment`, in this region.
    pub fn new(
        keys: Arc<dyn KeyService>,
        config: OwnKeysConfig,
        region: impl Into<String>,
        environment: impl Into<String>,
    ) -> Self {
        Self {
            keys,
            config,
            region: region.into(),
            environment: environment.into(),
        }
    }

    /// Proves that a key wraps and opens in the tenant's context. [`Error::OwnKeyRefused`] says why it does not.
    pub async fn prove(&self, tenant: TenantId, arn: &KmsKeyArn) -> Result<()> {
        if arn.region() != self.region {
            return Err(refused(KeyRefusal::WrongRegion));
        }
        if !self.config.enabled.contains(arn) {
            return Err(refused(KeyRefusal::NotEnabled));
        }
        let under = WrappingKey::Own(arn.clone());
        let context = KeyContext {
            environment: self.environment.clone(),
            tenant,
            version: TRIED,
        };
        let made = self.keys.generate_data_key(&under, &context).await?;
        let opened = self.keys.decrypt(&under, &made.wrapped, &context).await?;
        if opened.expose() == made.plain.expose() {
            return Ok(());
        }
        Err(Error::internal(
            "the key service's answer is wrong",
            "another key than the one that was wrapped",
        ))
    }

    /// What the policy of the tenant's key must say: this product may use it, for this tenant's keys and nothing else.
    /// Whoever names somebody else's key is refused by it.
    pub fn statement(&self, tenant: TenantId) -> Value {
        json!({
            "Sid": "M1Autoposter",
            "Effect": "Allow",
            "Principal": { "AWS": self.config.principal },
            "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:EncryptionContext:app": "m1autoposter",
                    "kms:EncryptionContext:env": self.environment,
                    "kms:EncryptionContext:tenant": tenant.to_string(),
                    "kms:EncryptionContext:purpose": "tenant-key",
                },
            },
        })
    }
}

fn refused(refusal: KeyRefusal) -> Error {
    Error::OwnKeyRefused {
        refusal,
        cause: None,
    }
}
