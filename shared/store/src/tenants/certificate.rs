//! What proves that a tenant was erased: signed, kept in the archive, and given to the person who deleted it.

use domain::{Error, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::{Leaf, canonical_json};
use crate::condition::Write;
use crate::item::{Item, decode, encode};
use crate::key::Key;
use crate::scope::SystemTable;
use crate::table::{Query, Range};

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Version of this form: 1.
    pub v: u32,
    /// The deployment.
    pub environment: String,
    /// Which tenant it was.
    pub tenant: TenantId,
    /// When it had been made.
    pub created_at: Timestamp,
    /// From when on it could not come back, and its keys were gone.
    pub erased_at: Timestamp,
    /// After this no backup of the table has anything of it either.
    pub backups_end_at: Timestamp,
    /// The end of its audit log, which was erased, too: whoever kept an export can still prove it.
    pub audit_end: Option<Leaf>,
}

/// A certificate with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedCertificate {
    /// What is signed, in its canonical form (RFC 8785).
    pub certificate: Certificate,
    /// ECDSA over P-256 with SHA-256, as DER, hexadecimal.
    pub signature: String,
}

impl Certificate {
    /// What is signed.
    pub fn canonical(&self) -> Result<String> {
        let value = serde_json::to_value(self)
            .map_err(|error| Error::internal("a certificate cannot be written", error))?;
        Ok(canonical_json(&value))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct CertificateItem {
    user: UserId,
    erasure: SignedCertificate,
}

impl Item for CertificateItem {
    const TYPE: &'static str = "certificate";

    fn key(&self) -> Key {
        Key::certificate(self.user, self.erasure.certificate.tenant)
    }
}

impl SystemTable<'_> {
    /// The certificates of all tenants that a person deleted, the oldest tenant first.
    pub async fn certificates(&self, user: UserId) -> Result<Vec<SignedCertificate>> {
        let prefix = Range::Prefix(Key::CERTIFICATES.to_owned());
        let query = Query::of_table(Key::user(user).pk, prefix);
        let items = self.table.query_all(&query).await?.into_iter();
        items
            .map(|item| decode::<CertificateItem>(item).map(|item| item.erasure))
            .collect()
    }
}

/// The write that gives a certificate to the person who deleted the tenant.
pub(super) fn put(user: UserId, erasure: &SignedCertificate) -> Result<Write> {
    let item = CertificateItem {
        user,
        erasure: erasure.clone(),
    };
    Ok(Write::put(item.key(), encode(&item)?))
}
