//! Services in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use cloud::archive::Archive;
use cloud::config::OwnKeysConfig;
use cloud::envelope::Envelope;
use cloud::keys::{DataKey, KeyContext, KeyService, OwnKeys, PlainKey};
use cloud::mail::{Mail, Mailer};
use cloud::signing::SoftwareSigner;
use domain::{Error, KeyRefusal, KmsKeyArn, Random, Result, WrappingKey};
use store::Table;

use crate::clock::{FixedRandom, TestClock};

/// A key service that remembers every key it made, under which one and in which context. Keys of tenants' own may all be
/// used until a test refuses one.
#[derive(Debug)]
pub struct MemoryKeys {
    random: FixedRandom,
    made: Mutex<HashMap<Vec<u8>, Made>>,
    refused: Mutex<HashMap<KmsKeyArn, KeyRefusal>>,
    is_down: AtomicBool,
    calls: AtomicUsize,
}

#[derive(Debug)]
struct Made {
    under: WrappingKey,
    context: KeyContext,
    plain: PlainKey,
}

impl Default for MemoryKeys {
    fn default() -> Self {
        Self {
            random: FixedRandom::new(11),
            made: Mutex::default(),
            refused: Mutex::default(),
            is_down: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
        }
    }
}

impl MemoryKeys {
    /// Does not answer from now on, or does again.
    pub fn fail(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Refuses a key of a tenant's own from now on, or takes it again.
    pub fn refuse(&self, arn: &KmsKeyArn, refusal: Option<KeyRefusal>) {
        let mut refused = self.refused.lock().expect("no panic while locked");
        match refusal {
            Some(refusal) => refused.insert(arn.clone(), refusal),
            None => refused.remove(arn),
        };
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Every key that it made, in clear.
    pub fn made(&self) -> Vec<PlainKey> {
        let made = self.made.lock().expect("no panic while locked");
        made.values().map(|made| made.plain.clone()).collect()
    }

    fn answer(&self, under: &WrappingKey) -> Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Error::unavailable(
                "the key service",
                "the test switched it off",
            ));
        }
        let refused = self.refused.lock().expect("no panic while locked");
        match under.own().and_then(|arn| refused.get(arn)) {
            Some(refusal) => Err(Error::OwnKeyRefused {
                refusal: *refusal,
                cause: None,
            }),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl KeyService for MemoryKeys {
    async fn generate_data_key(
        &self,
        under: &WrappingKey,
        context: &KeyContext,
    ) -> Result<DataKey> {
        self.answer(under)?;
        let (mut key, mut name) = ([0; 32], vec![0; 16]);
        self.random.fill(&mut key);
        self.random.fill(&mut name);
        let plain = PlainKey::from_slice(&key).expect("32 bytes");
        self.made.lock().expect("no panic while locked").insert(
            name.clone(),
            Made {
                under: under.clone(),
                context: context.clone(),
                plain: plain.clone(),
            },
        );
        Ok(DataKey {
            plain,
            wrapped: name,
        })
    }

    async fn decrypt(
        &self,
        under: &WrappingKey,
        wrapped: &[u8],
        context: &KeyContext,
    ) -> Result<PlainKey> {
        self.answer(under)?;
        let made = self.made.lock().expect("no panic while locked");
        match made.get(wrapped) {
            Some(made) if made.context == *context && made.under == *under => {
                Ok(made.plain.clone())
            }
            _ => Err(Error::corrupt(
                "wrapped key",
                "it was not made, or not under this key, or not in this context",
            )),
        }
    }
}

/// A key of a tenant's own that [`own_keys`] takes, as the API's document shows it.
pub const OWN_KEY: &str =
    "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// Another one that it takes.
pub const OTHER_OWN_KEY: &str =
    "arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";

/// What tries tenants' own keys, as far as `keys` has them.
pub fn own_keys(keys: &Arc<MemoryKeys>) -> OwnKeys {
    let enabled = [OWN_KEY, OTHER_OWN_KEY].map(|arn| arn.parse().expect("an ARN"));
    let config = OwnKeysConfig {
        enabled: enabled.to_vec(),
        principal: "arn:aws:iam::444455556666:root".to_owned(),
    };
    let keys = Arc::<MemoryKeys>::clone(keys);
    OwnKeys::new(keys, config, "eu-central-1", "test")
}

/// An archive in memory.
#[derive(Debug, Default)]
pub struct MemoryArchive(Mutex<BTreeMap<String, Bytes>>);

impl MemoryArchive {
    /// What it keeps, by name.
    pub fn kept(&self) -> BTreeMap<String, Bytes> {
        self.0.lock().expect("no panic while locked").clone()
    }
}

#[async_trait]
impl Archive for MemoryArchive {
    async fn keep(&self, name: &str, _content_type: &str, bytes: Bytes) -> Result<()> {
        let mut kept = self.0.lock().expect("no panic while locked");
        if kept.contains_key(name) {
            return Err(Error::conflict("already_kept", "the name is taken"));
        }
        kept.insert(name.to_owned(), bytes);
        Ok(())
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>> {
        Ok(self.kept().remove(name))
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>> {
        let names = self.kept().into_keys();
        Ok(names.filter(|name| name.starts_with(folder)).collect())
    }
}

/// A signer with the same key in every test.
pub fn signer() -> Arc<SoftwareSigner> {
    Arc::new(SoftwareSigner::new(&[7; 32]).expect("a key"))
}

/// An envelope with keys in memory, whose wrapped keys are in `table`.
pub fn envelope(table: &Table, clock: &TestClock) -> Arc<Envelope> {
    envelope_of(&Arc::default(), table, clock)
}

/// The same with keys that several envelopes share.
pub fn envelope_of(keys: &Arc<MemoryKeys>, table: &Table, clock: &TestClock) -> Arc<Envelope> {
    Arc::new(Envelope::new(
        Arc::<MemoryKeys>::clone(keys),
        Arc::new(table.clone()),
        Arc::new(clock.clone()),
        Arc::new(FixedRandom::new(13)),
        "test",
    ))
}

/// Keeps the mails that it is given; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<MailboxState>>);

#[derive(Debug, Default)]
struct MailboxState {
    mails: Vec<Mail>,
    is_closed: bool,
}

impl Mailbox {
    /// The mails to this address, oldest first.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let state = self.0.lock().expect("no panic while locked");
        let mails = state.mails.iter();
        mails.filter(|mail| mail.to == address).cloned().collect()
    }

    /// All mails, oldest first.
    pub fn all(&self) -> Vec<Mail> {
        self.0.lock().expect("no panic while locked").mails.clone()
    }

    /// Refuses mails from now on, or takes them again.
    pub fn close(&self, is_closed: bool) {
        self.0.lock().expect("no panic while locked").is_closed = is_closed;
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: &Mail) -> Result<()> {
        let mut state = self.0.lock().expect("no panic while locked");
        if state.is_closed {
            return Err(Error::unavailable("mail", "the test closed the mailbox"));
        }
        state.mails.push(mail.clone());
        Ok(())
    }
}
