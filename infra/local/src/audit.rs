//! `m1autoposter verify-audit`: checks an export of the audit log without the product that made it.
//!
//! The files hold JSON Lines: events as `GET /v1/audit/export` answers them, its parts one after another, witnesses of
//! checkpoints, and whole checkpoints as the archive keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::event::Owner;
use serde::Deserialize;
use store::audit::{AuditRecord, ChainCheck, ChainHash, Checkpoint, Leaf, SignedHeader, Witness};

/// How it is called.
pub const USAGE: &str = "usage: m1autoposter verify-audit --key PUBLIC_KEY.pem [--key PUBLIC_KEY.pem…] [--owner ID] FILE…

FILEs are exports of the audit log and checkpoints of the archive, as JSON Lines; the parts of one export in their order.
PUBLIC_KEY.pem is the key that signs checkpoints: audit-key.pem in the data folder of a local run, or what
`aws kms get-public-key` answers for a deployment. Where that key was replaced, give each that has signed.
ID is the tenant (ten_…) or the person (usr_…) whose log it must be. Without it the events and their witnesses say so.
Nothing exports the log of a person; somebody who may read the table can.";

/// What was found to be in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whose log it is.
    pub owner: Owner,
    /// How many events it has.
    pub events: u64,
    /// The place of the last event that a checkpoint proves; 0 where none does.
    pub proven: u64,
    /// How many checkpoints speak of it.
    pub checkpoints: usize,
    /// How many of them each key has signed, by [`PublicKey::fingerprint`].
    pub signed: BTreeMap<String, usize>,
}

/// A key that signs checkpoints and certificates, as DER (`SubjectPublicKeyInfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

/// A line of a file.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Event(Box<AuditRecord>),
    Witness(Box<Witness>),
    Checkpoint(Box<Checkpoint>),
}

/// Checks the files that `arguments` name.
pub fn verify_audit(arguments: &[String]) -> Result<Verified> {
    let (keys, rest) = keys_and_files(arguments);
    let (asked, files) = match rest {
        [option, owner, files @ ..] if option == "--owner" => (Some(owner), files),
        files => (None, files),
    };
    ensure!(!keys.is_empty() && !files.is_empty(), USAGE);
    ensure!(files.iter().all(|file| file != "--owner"), USAGE);
    let asked = asked.map(|text| owner(text)).transpose()?;
    let keys = PublicKey::read_all(&keys)?;
    let mut texts = Vec::new();
    for file in files.iter().map(PathBuf::from) {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        texts.push((file.display().to_string(), text));
    }
    let files = texts.iter().map(|(name, text)| (&**name, &**text));
    verify(&keys, asked, files)
}

/// Checks files, given with their names: the chain first, then what checkpoints say of it. Without an event there is
/// nothing that could be in order.
fn verify<'a>(
    keys: &[PublicKey],
    asked: Option<Owner>,
    files: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Verified> {
    let mut chain = ChainCheck::default();
    let mut links: Vec<ChainHash> = Vec::new();
    let mut ends: Vec<(SignedHeader, Vec<Leaf>)> = Vec::new();
    let mut named: BTreeSet<Owner> = BTreeSet::new();
    for (name, text) in files {
        for (line, number) in text.lines().zip(1_u32..) {
            let line: Line = serde_json::from_str(line)
                .with_context(|| format!("{name}, line {number}, is neither event nor checkpoint"))
                .with_context(|| format!("event {}: it cannot be read", chain.seq() + 1))?;
            match line {
                Line::Event(record) => {
                    chain
                        .follow(&record)
                        .with_context(|| format!("{name}, line {number}"))?;
                    links.push(record.hash);
                }
                Line::Witness(witness) => {
                    ensure!(
                        witness.is_proven(),
                        "{name}, line {number}: the checkpoint of {} does not hold what the line says",
                        witness.checkpoint.header.at
                    );
                    named.insert(witness.leaf.owner);
                    ends.push((witness.checkpoint, vec![witness.leaf]));
                }
                Line::Checkpoint(checkpoint) => {
                    ensure!(
                        checkpoint.is_whole(),
                        "{name}, line {number}: the checkpoint of {} was changed after it was signed",
                        checkpoint.checkpoint.header.at
                    );
                    ends.push((checkpoint.checkpoint, checkpoint.leaves));
                }
            }
        }
    }
    named.extend(chain.owner());
    let owner = one_of(&named, asked)?;
    let mut verified = Verified {
        owner,
        events: chain.seq(),
        proven: 0,
        checkpoints: 0,
        signed: BTreeMap::new(),
    };
    ends.sort_by_key(|(signed, _)| signed.header.at);
    for (signed, leaves) in &ends {
        let key = signing_key(keys, signed)?;
        for leaf in leaves.iter().filter(|leaf| leaf.owner == owner) {
            check_end(leaf, signed, &links, verified.proven)?;
            verified.proven = verified.proven.max(leaf.seq);
            verified.checkpoints += 1;
            *verified.signed.entry(key.fingerprint()).or_default() += 1;
        }
    }
    ensure!(
        verified.events > 0,
        "there is no event of {owner}, and no checkpoint that speaks of it"
    );
    Ok(verified)
}

/// Whose log it is: of the one that events and witnesses name, who must be the one that was asked for. Whole checkpoints
/// name everybody.
fn one_of(named: &BTreeSet<Owner>, asked: Option<Owner>) -> Result<Owner> {
    let mut named = named.iter().copied();
    match (named.next(), named.next(), asked) {
        (Some(owner), Some(other), _) => {
            bail!("the files are of the logs of several: of {owner} and of {other}")
        }
        (Some(owner), None, Some(asked)) if owner != asked => {
            bail!("the files are of the log of {owner}, and not of {asked}")
        }
        (Some(owner), None, _) | (None, _, Some(owner)) => Ok(owner),
        (None, _, None) => {
            bail!("there is no event, and nothing says whose log it is: name it with --owner")
        }
    }
}

fn owner(text: &str) -> Result<Owner> {
    let tenant = text.parse().map(Owner::Tenant);
    tenant
        .or_else(|_| text.parse().map(Owner::User))
        .map_err(|_| anyhow::anyhow!("{text:?} is neither a tenant (ten_…) nor a person (usr_…)"))
}

/// Whether the chain has what a checkpoint saw at its end. `proven` events are known to be what they were.
fn check_end(leaf: &Leaf, signed: &SignedHeader, links: &[ChainHash], proven: u64) -> Result<()> {
    let at = signed.header.at;
    let Leaf { seq, hash, .. } = leaf;
    let place = usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(link) = links.get(place) else {
        let first = links.len().saturating_add(1);
        bail!("event {first}: it is missing; the checkpoint of {at} has seen events up to {seq}");
    };
    if link != hash {
        let first = proven.saturating_add(1);
        bail!(
            "event {first}, or a later one up to {seq}: the chain was sealed anew; the checkpoint of {at} has seen another"
        );
    }
    Ok(())
}

/// Which of the keys has signed a checkpoint.
fn signing_key<'a>(keys: &'a [PublicKey], signed: &SignedHeader) -> Result<&'a PublicKey> {
    let message = signed.header.canonical()?;
    signer_of(keys, &message, &signed.signature).with_context(|| {
        format!(
            "the checkpoint of {} was not signed by {}",
            signed.header.at,
            these(keys)
        )
    })
}

/// Which of the keys has signed a message; the signature is hexadecimal.
pub(crate) fn signer_of<'a>(
    keys: &'a [PublicKey],
    message: &str,
    signature: &str,
) -> Option<&'a PublicKey> {
    let signature = hex::decode(signature).ok()?;
    keys.iter().find(|PublicKey(der)| {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der);
        key.verify(message.as_bytes(), &signature).is_ok()
    })
}

/// The keys in the words of a refusal.
pub(crate) fn these(keys: &[PublicKey]) -> &'static str {
    match keys {
        [_] => "this key",
        _ => "any of these keys",
    }
}

/// The files of keys that arguments begin with, each behind `--key`, and the files after them.
pub(crate) fn keys_and_files(arguments: &[String]) -> (Vec<&Path>, &[String]) {
    let (mut keys, mut rest) = (Vec::new(), arguments);
    while let [option, key, more @ ..] = rest
        && option == "--key"
    {
        keys.push(Path::new(key));
        rest = more;
    }
    (keys, rest)
}

impl PublicKey {
    /// The keys in these files.
    pub(crate) fn read_all(paths: &[&Path]) -> Result<Vec<Self>> {
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// The key in a file as [`pem`] writes it.
    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let base64: String = text
            .lines()
            .filter(|line| !line.contains("-----"))
            .collect();
        STANDARD
            .decode(base64.trim())
            .map(Self)
            .with_context(|| format!("{} holds no public key in the form PEM", path.display()))
    }

    /// How people tell keys apart: the first eight bytes of the SHA-256 of its DER, as
    /// `openssl pkey -pubin -outform DER | sha256sum` begins.
    pub fn fingerprint(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.0);
        hex::encode(hash.as_ref().get(..8).unwrap_or_default())
    }
}

/// A public key as text (RFC 7468).
pub fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for (place, digit) in base64.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            text.push('\n');
        }
        text.push(digit);
    }
    text.push_str("\n-----END PUBLIC KEY-----\n");
    text
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            owner,
            events,
            proven,
            checkpoints,
            signed,
        } = self;
        writeln!(
            f,
            "The audit log of {owner} is in order: {events} events without a gap."
        )?;
        if *checkpoints == 0 {
            return f.write_str(
                "No checkpoint speaks of it: whether its end is missing, nobody can tell.",
            );
        }
        write!(
            f,
            "{checkpoints} signed checkpoints prove it up to event {proven}."
        )?;
        signed.iter().try_for_each(|(key, checkpoints)| {
            write!(f, "\nThe key {key} signed {checkpoints} of them.")
        })
    }
}

#[cfg(test)]
mod tests;
