//! `m1autoposter verify-erasure`: checks the certificate of an erased tenant without the product that made it.

use std::fmt;

use anyhow::{Context as _, Result, bail, ensure};
use store::{Certificate, SignedCertificate};

use crate::audit::{PublicKey, keys_and_files, signer_of, these};

/// How it is called.
pub const USAGE: &str = "usage: m1autoposter verify-erasure --key PUBLIC_KEY.pem [--key PUBLIC_KEY.pem…] CERTIFICATE.json

CERTIFICATE.json is what the dashboard or `GET /v1/tenants/deleted` gives out as `certificate` of an erased tenant, or a
file of the archive; PUBLIC_KEY.pem is as for verify-audit.";

/// A certificate that is what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven(pub Certificate);

/// Checks the file that `arguments` name.
pub fn verify_erasure(arguments: &[String]) -> Result<Proven> {
    let (keys, files) = keys_and_files(arguments);
    let [file] = files else { bail!(USAGE) };
    ensure!(!keys.is_empty(), USAGE);
    let keys = PublicKey::read_all(&keys)?;
    let text = std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?;
    let signed: SignedCertificate =
        serde_json::from_str(&text).with_context(|| format!("{file} is no certificate"))?;
    let message = signed.certificate.canonical()?;
    ensure!(
        signer_of(&keys, &message, &signed.signature).is_some(),
        "it was changed, or was not signed by {}",
        these(&keys)
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
    use cloud::signing::{Signer as _, SoftwareSigner};
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

    async fn signed(certificate: &Certificate) -> SignedCertificate {
        let message = certificate.canonical().unwrap();
        let signature = testkit::signer().sign(message.as_bytes()).await.unwrap();
        SignedCertificate {
            certificate: certificate.clone(),
            signature: hex::encode(signature),
        }
    }

    async fn verified(signed: &SignedCertificate, keys: &[&SoftwareSigner]) -> Result<Proven> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut arguments = Vec::new();
        for (number, key) in keys.iter().enumerate() {
            let file = path(&format!("{number}.pem"));
            std::fs::write(&file, pem(&key.public_key().await.unwrap())).unwrap();
            arguments.extend(["--key".to_owned(), file]);
        }
        std::fs::write(path("erased.json"), serde_json::to_vec(signed).unwrap()).unwrap();
        arguments.push(path("erased.json"));
        verify_erasure(&arguments)
    }

    #[tokio::test]
    async fn certificate_is_proven_while_nothing_in_it_was_changed() {
        let (certificate, key) = (certificate(), testkit::signer());
        let mut signed = signed(&certificate).await;

        let proven = verified(&signed, &[&key]).await.unwrap();
        signed.certificate.erased_at = Timestamp::MAX;
        let refusal = verified(&signed, &[&key]).await.unwrap_err();

        assert_eq!(proven, Proven(certificate));
        assert!(
            proven
                .to_string()
                .contains("was erased at 1970-01-01T00:00:00Z")
        );
        assert!(refusal.to_string().contains("not signed"), "{refusal}");
    }

    #[tokio::test]
    async fn certificate_is_proven_by_the_one_of_several_keys_that_signed_it() {
        let (certificate, key) = (certificate(), testkit::signer());
        let later = SoftwareSigner::new(&[8; 32]).unwrap();
        let signed = signed(&certificate).await;

        let proven = verified(&signed, &[&later, &key]).await.unwrap();
        let refusal = verified(&signed, &[&later]).await.unwrap_err();

        assert_eq!(proven, Proven(certificate));
        assert!(refusal.to_string().contains("by this key"), "{refusal}");
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
