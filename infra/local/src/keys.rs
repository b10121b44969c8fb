//! The key service of the local run: a master key in a file that only its owner can read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use cloud::keys::{DataKey, KEY_BYTES, KeyContext, KeyService, PlainKey};
use domain::{Error, Random, Result, WrappingKey};

use crate::folder::write_durably;

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// The master key.
#[derive(Clone, Debug)]
pub(crate) struct KeyFile {
    master: PlainKey,
    random: Arc<dyn Random>,
}

impl KeyFile {
    /// Reads the key at `path`. Makes a new one only where `is_first_run`: data whose key is lost stays unreadable, and
    /// a new key would only hide that.
    pub(crate) fn open(
        path: &Path,
        is_first_run: bool,
        random: Arc<dyn Random>,
    ) -> anyhow::Result<Self> {
        let shown = path.display();
        if !path.exists() {
            ensure!(
                is_first_run,
                "the key file {shown} is gone, but the data beside it was sealed with it: put the file back from a \
                 backup, or remove the whole data folder to start anew"
            );
            let mut bytes = [0_u8; KEY_BYTES];
            random.fill(&mut bytes);
            write_durably(path, hex::encode(bytes).as_bytes())
                .with_context(|| format!("the key file {shown} cannot be written"))?;
        }
        let mode = fs::metadata(path)
            .with_context(|| format!("the key file {shown} cannot be read"))?
            .permissions()
            .mode();
        ensure!(
            mode & OTHERS == 0,
            "others can read the key file {shown}: run `chmod 600 {shown}`"
        );
        let text = fs::read_to_string(path)
            .with_context(|| format!("the key file {shown} cannot be read"))?;
        let master = hex::decode(text.trim())
            .ok()
            .and_then(|bytes| PlainKey::from_slice(&bytes))
            .ok_or_else(|| anyhow!("the key file {shown} does not hold a key"))?;
        Ok(Self { master, random })
    }

    /// A key for signing, derived from the master key for one use.
    pub(crate) fn signing_key(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.derived(purpose))
    }

    /// A secret, derived from the master key for one use.
    pub(crate) fn derived(&self, purpose: &str) -> [u8; KEY_BYTES] {
        let master = hmac::Key::new(hmac::HMAC_SHA256, self.master.expose());
        let derived = hmac::sign(&master, purpose.as_bytes());
        let mut bytes = [0; KEY_BYTES];
        for (byte, derived) in bytes.iter_mut().zip(derived.as_ref()) {
            *byte = *derived;
        }
        bytes
    }

    /// The master key itself, or a key of its own for each one that a tenant has elsewhere.
    fn cipher(&self, under: &WrappingKey) -> std::result::Result<LessSafeKey, Unspecified> {
        let key = match under {
            WrappingKey::Product => UnboundKey::new(&AES_256_GCM, self.master.expose())?,
            WrappingKey::Own(arn) => {
                let derived = self.derived(&format!("own key {arn}"));
                let derived = PlainKey::from_slice(&derived).ok_or(Unspecified)?;
                UnboundKey::new(&AES_256_GCM, derived.expose())?
            }
        };
        Ok(LessSafeKey::new(key))
    }

    fn wrap(
        &self,
        under: &WrappingKey,
        key: &PlainKey,
        context: &KeyContext,
    ) -> std::result::Result<Vec<u8>, Unspecified> {
        let mut nonce = [0_u8; NONCE_LEN];
        self.random.fill(&mut nonce);
        let mut body = key.expose().to_vec();
        self.cipher(under)?.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(additional_data(context)),
            &mut body,
        )?;
        Ok([nonce.as_slice(), &body].concat())
    }

    fn unwrap(
        &self,
        under: &WrappingKey,
        wrapped: &[u8],
        context: &KeyContext,
    ) -> std::result::Result<PlainKey, Unspecified> {
        let (nonce, body) = wrapped.split_first_chunk().ok_or(Unspecified)?;
        let mut body = body.to_vec();
        let plain = self.cipher(under)?.open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(additional_data(context)),
            &mut body,
        )?;
        PlainKey::from_slice(plain).ok_or(Unspecified)
    }
}

#[async_trait]
impl KeyService for KeyFile {
    async fn generate_data_key(
        &self,
        under: &WrappingKey,
        context: &KeyContext,
    ) -> Result<DataKey> {
        let mut bytes = [0_u8; KEY_BYTES];
        self.random.fill(&mut bytes);
        let plain = PlainKey::from_slice(&bytes)
            .ok_or_else(|| Error::internal("a key cannot be made", "wrong length"))?;
        let wrapped = self
            .wrap(under, &plain, context)
            .map_err(|error| Error::internal("a key cannot be wrapped", error))?;
        Ok(DataKey { plain, wrapped })
    }

    async fn decrypt(
        &self,
        under: &WrappingKey,
        wrapped: &[u8],
        context: &KeyContext,
    ) -> Result<PlainKey> {
        self.unwrap(under, wrapped, context)
            .map_err(|error| Error::corrupt("tenant key", error))
    }
}

fn additional_data(context: &KeyContext) -> Vec<u8> {
    let pairs = context.pairs();
    let lines: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    lines.concat().into_bytes()
}

#[cfg(test)]
mod tests {
    use cloud::clock::SystemRandom;
    use domain::TenantId;

    use super::*;

    fn context(version: u32) -> KeyContext {
        KeyContext {
            environment: "local".to_owned(),
            tenant: "ten_00000000000000000000000001"
                .parse::<TenantId>()
                .unwrap(),
            version,
        }
    }

    fn open(path: &Path, is_first_run: bool) -> anyhow::Result<KeyFile> {
        KeyFile::open(path, is_first_run, Arc::new(SystemRandom))
    }

    #[tokio::test]
    async fn wrapped_key_opens_after_a_restart_only_in_its_context() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = open(&path, true)
            .unwrap()
            .generate_data_key(&WrappingKey::Product, &context(1))
            .await
            .unwrap();

        let keys = open(&path, false).unwrap();
        let own = WrappingKey::Product;
        let opened = keys.decrypt(&own, &made.wrapped, &context(1)).await;
        let refused = keys.decrypt(&own, &made.wrapped, &context(2)).await;

        assert_eq!(opened.unwrap().expose(), made.plain.expose());
        assert!(matches!(refused, Err(Error::Corrupt { .. })));
    }

    #[tokio::test]
    async fn wrapped_key_opens_under_the_key_that_wrapped_it_only() {
        let folder = tempfile::tempdir().unwrap();
        let keys = open(&folder.path().join("key"), true).unwrap();
        let under = |digit| {
            let arn = format!(
                "arn:aws:kms:local:000000000000:key/{digit}{digit}{digit}{digit}0000-0000-4000-8000-000000000000"
            );
            WrappingKey::Own(arn.parse().unwrap())
        };
        let made = keys
            .generate_data_key(&under(1), &context(1))
            .await
            .unwrap();

        let opened = keys.decrypt(&under(1), &made.wrapped, &context(1)).await;
        assert_eq!(opened.unwrap().expose(), made.plain.expose());
        for other in [under(2), WrappingKey::Product] {
            let refused = keys.decrypt(&other, &made.wrapped, &context(1)).await;
            assert!(matches!(refused, Err(Error::Corrupt { .. })));
        }
    }

    #[test]
    fn lost_key_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");

        let refusal = open(&path, false).unwrap_err().to_string();

        assert!(refusal.contains("is gone"), "{refusal}");
        assert!(!path.exists());
    }

    #[test]
    fn key_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        open(&path, true).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();

        let refusal = open(&path, false).unwrap_err().to_string();

        assert!(refusal.contains("chmod 600"), "{refusal}");
    }
}
