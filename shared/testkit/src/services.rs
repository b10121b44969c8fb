//! Services in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use cloud::archive::Archive;
use cloud::envelope::Envelope;
use cloud::keys::{DataKey, KeyContext, KeyService, PlainKey};
use cloud::mail::{Mail, Mailer};
use cloud::signing::SoftwareSigner;
use domain::{Error, Random, Result};
use store::Table;

use crate::clock::{FixedRandom, TestClock};

/// A key service that remembers every key it made, and in which context.
#[derive(Debug)]
pub struct MemoryKeys {
    random: FixedRandom,
    made: Mutex<HashMap<Vec<u8>, (KeyContext, PlainKey)>>,
    is_down: AtomicBool,
    calls: AtomicUsize,
}

impl Default for MemoryKeys {
    fn default() -> Self {
        Self {
            random: FixedRandom::new(11),
            made: Mutex::default(),
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

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Every key that it made, in clear.
    pub fn made(&self) -> Vec<PlainKey> {
        let made = self.made.lock().expect("no panic while locked");
        made.values().map(|(_, plain)| plain.clone()).collect()
    }

    fn answer(&self) -> Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Error::unavailable(
                "the key service",
                "the test switched it off",
            ));
        }
        Ok(())
    }
}

#[async_trait]
impl KeyService for MemoryKeys {
    async fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey> {
        self.answer()?;
        let (mut key, mut name) = ([0; 32], vec![0; 16]);
        self.random.fill(&mut key);
        self.random.fill(&mut name);
        let plain = PlainKey::from_slice(&key).expect("32 bytes");
        self.made
            .lock()
            .expect("no panic while locked")
            .insert(name.clone(), (context.clone(), plain.clone()));
        Ok(DataKey {
            plain,
            wrapped: name,
        })
    }

    async fn decrypt(&self, wrapped: &[u8], context: &KeyContext) -> Result<PlainKey> {
        self.answer()?;
        let made = self.made.lock().expect("no panic while locked");
        match made.get(wrapped) {
            Some((made_in, plain)) if made_in == context => Ok(plain.clone()),
            _ => Err(Error::corrupt(
                "wrapped key",
                "it was not made, or not in this context",
            )),
        }
    }
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
