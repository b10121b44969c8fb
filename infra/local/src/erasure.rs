//! `m1autoposter verify-erasure`: checks the certificate of an erased tenant without the product that made it.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use store::{Certificate, SignedCertificate};

use crate::audit::{is_signed, public_key};

/// How it is called.
pub const USAGE: &str = "usage: m1autoposter verify-erasure --key PUBLIC_KEY.pem CERTIFICATE.json

CERTIFICATE.json is what the dashboard or `GET /v1/tenants/deleted` gives out as `certificate` of an erased tenant, or a
file of the archive; PUBLIC_KEY.pem is as for verify-audit.";

/// A certificate that is what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven(pub Certificate);

/// Checks the file that `arguments` name.
pub fn verify_erasure(arguments: &[String]) -> Result<Proven> {
    let [option, key, file] = arguments else {
        bail!(USAGE);
    };
    ensure!(option == "--key", USAGE);
    let key = public_key(Path::new(key))?;
    let text = std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?;
    let signed: SignedCertificate =
        serde_json::from_str(&text).with_context(|| format!("{file} is no certificate"))?;
    ensure!(
        is_signed(&key, &signed.certificate.canonical()?, &signed.signature),
        "it was changed, or was not signed by this key"
    );
    Ok(Proven(signed.certificate))
}

impl fmt::Display for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Certificate {
            environment,
            tenant,
            created_at,
            erased_at,
            backups_end_at,
            audit_end,
            ..
        } = &self.0;
        writeln!(
            f,
            "{tenant}, made at {created_at} in {environment}, was erased at {erased_at}."
        )?;
        writeln!(f, "No backup has anything of it after {backups_end_at}.")?;
        match audit_end {
            Some(end) => write!(
                f,
                "Its audit log ended with event {}, whose link is {}.",
                end.seq, end.hash
            ),
            None => f.write_str("It had no audit log."),
        }
    }
}

#[cfg(test)]
mod tests {
    use cloud::signing::Signer as _;
    use domain::tenant::ROOT_TENANT;
    use jiff::Timestamp;

    use super::*;
    use crate::audit::pem;

    fn certificate() -> Certificate {
        Certificate {
            v: 1,
            environment: "test".to_owned(),
            tenant: ROOT_TENANT,
            created_at: Timestamp::UNIX_EPOCH,
            erased_at: Timestamp::UNIX_EPOCH,
            backups_end_at: Timestamp::UNIX_EPOCH,
            audit_end: None,
        }
    }

    async fn verified(signed: &SignedCertificate) -> Result<Proven> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let key = testkit::signer().public_key().await.unwrap();
        std::fs::write(path("key.pem"), pem(&key)).unwrap();
        std::fs::write(path("erased.json"), serde_json::to_vec(signed).unwrap()).unwrap();
        verify_erasure(&["--key".to_owned(), path("key.pem"), path("erased.json")])
    }

    #[tokio::test]
    async fn certificate_is_proven_while_nothing_in_it_was_changed() {
        let certificate = certificate();
        let message = certificate.canonical().unwrap();
        let signature = testkit::signer().sign(message.as_bytes()).await.unwrap();
        let mut signed = SignedCertificate {
            certificate: certificate.clone(),
            signature: hex::encode(signature),
        };

        let proven = verified(&signed).await.unwrap();
        signed.certificate.erased_at = Timestamp::MAX;
        let refusal = verified(&signed).await.unwrap_err();

        assert_eq!(proven, Proven(certificate));
        assert!(
            proven
                .to_string()
                .contains("was erased at 1970-01-01T00:00:00Z")
        );
        assert!(refusal.to_string().contains("not signed"), "{refusal}");
    }

    #[test]
    fn wrong_arguments_are_answered_with_the_usage() {
        for arguments in [&[][..], &["file"], &["--key", "file"], &["--kay", "a", "b"]] {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            let refusal = verify_erasure(&arguments).unwrap_err().to_string();
            assert!(refusal.starts_with("usage:"), "{refusal}");
        }
    }
}
