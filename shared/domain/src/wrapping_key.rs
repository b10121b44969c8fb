//! The key of the key service that wraps a tenant's keys: the product's own, or one that the tenant has in an AWS account
//! of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Parts of an ARN, the last of which may have colons itself.
const ARN_PARTS: usize = 6;
const ACCOUNT_DIGITS: usize = 12;
/// Longer than any region is named.
const REGION_LENGTH_MAX: usize = 32;

/// The ARN of a key of AWS KMS: of the key itself, for an alias can be made to mean another key by whoever owns it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KmsKeyArn(String);

/// The text is no ARN of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "use the ARN of a key, such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab, \
     not of an alias"
)]
pub struct InvalidKmsKeyArn;

impl KmsKeyArn {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The region in which the key is.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }
}

impl FromStr for KmsKeyArn {
    type Err = InvalidKmsKeyArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(ARN_PARTS, ':').collect();
        let ["arn", partition, "kms", region, account, resource] = parts.as_slice() else {
            return Err(InvalidKmsKeyArn);
        };
        let is_partition = matches!(*partition, "aws" | "aws-cn" | "aws-us-gov");
        let is_region = (1..=REGION_LENGTH_MAX).contains(&region.len())
            && region
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_account =
            account.len() == ACCOUNT_DIGITS && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_key = resource.strip_prefix("key/").is_some_and(is_key_id);
        if is_partition && is_region && is_account && is_key {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKmsKeyArn)
        }
    }
}

/// As the service makes them: a UUID, or `mrk-` and its digits for keys of several regions.
fn is_key_id(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if let Some(digits) = text.strip_prefix("mrk-") {
        return digits.len() == 32 && digits.bytes().all(is_digit);
    }
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.bytes().all(is_digit))
}

impl TryFrom<String> for KmsKeyArn {
    type Error = InvalidKmsKeyArn;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<KmsKeyArn> for String {
    fn from(arn: KmsKeyArn) -> Self {
        arn.0
    }
}

impl fmt::Display for KmsKeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What wraps a tenant's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WrappingKey {
    /// The product's key.
    Product,
    /// A key of the tenant's own.
    Own(KmsKeyArn),
}

impl WrappingKey {
    /// The tenant's own key, if it is one.
    pub fn own(&self) -> Option<&KmsKeyArn> {
        match self {
            Self::Product => None,
            Self::Own(arn) => Some(arn),
        }
    }
}

impl From<Option<KmsKeyArn>> for WrappingKey {
    fn from(own: Option<KmsKeyArn>) -> Self {
        own.map_or(Self::Product, Self::Own)
    }
}

/// Why a tenant's own key cannot be used. Each ends by an act of whoever owns the key, or runs the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// The operator of the product has not allowed this key.
    NotEnabled,
    /// It is in another region than the product.
    WrongRegion,
    /// There is no such key.
    NotFound,
    /// Its policy does not allow the product to use it for this tenant.
    AccessDenied,
    /// It is disabled, or is to be deleted.
    Disabled,
    /// It does not encrypt symmetrically.
    WrongUsage,
}

impl KeyRefusal {
    /// Stable code, explained in `docs/errors.md`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotEnabled => "key_not_enabled",
            Self::WrongRegion => "key_wrong_region",
            Self::NotFound => "key_not_found",
            Self::AccessDenied => "key_access_denied",
            Self::Disabled => "key_disabled",
            Self::WrongUsage => "key_wrong_usage",
        }
    }
}

/// For people: what is wrong, and what to do.
impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotEnabled => "ask whoever runs this product to enable the key first",
            Self::WrongRegion => "use a key of the region in which this product runs",
            Self::NotFound => "there is no such key: check the ARN, and that it was not deleted",
            Self::AccessDenied => {
                "add the statement that the security settings show to the policy of the key"
            }
            Self::Disabled => "enable the key, or cancel its deletion",
            Self::WrongUsage => "use a symmetric key that encrypts and decrypts",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str =
        "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn arn_of_a_key_is_taken_as_it_is() {
        for text in [
            ARN,
            "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        ] {
            let arn: KmsKeyArn = text.parse().unwrap();

            assert_eq!(arn.to_string(), text);
            assert_eq!(arn.region(), text.split(':').nth(3).unwrap());
        }
    }

    #[test]
    fn anything_but_the_arn_of_a_key_is_refused() {
        for text in [
            "",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "alias/ours",
            "arn:aws:kms:eu-central-1:111122223333:alias/ours",
            "arn:aws:s3:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:*:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-central-1:*:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-central-1:111122223333:key/*",
            "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890AB",
            "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab:x",
            "arn:aws:kms:eu-central-1:11112222333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            " arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ] {
            assert_eq!(text.parse::<KmsKeyArn>(), Err(InvalidKmsKeyArn), "{text}");
        }
    }
}
