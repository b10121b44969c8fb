//! The keys that sign access tokens: how they are made, and how one takes the place of another without a request that
//! fails. And the key that seals them.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloud::envelope::{Binding, Envelope, Purpose};
use domain::event::Actor;
use domain::tenant::ROOT_TENANT;
use domain::{Error, Result};
use jiff::Timestamp;
use store::{Act, Saved, SigningKey, Table};

/// Bytes of a coordinate of P-256.
const COORDINATE: usize = 32;

/// Where a signing key's private part is sealed.
pub fn signing_key_binding(kid: &str) -> Binding {
    Binding::new(ROOT_TENANT, kid, Purpose::JwtSigningKey, 0)
}

/// Adds a signing key where the newest one is old, and drops those whose last tokens ended. Whoever else does so at the
/// same time, one does.
pub async fn rotate_signing_keys(table: &Table, envelope: &Envelope, now: Timestamp) -> Result<()> {
    let system = table.system();
    let Some(keyring) = system.keyring().await? else {
        return Ok(());
    };
    let mut signing = keyring.wanted_at(now);
    if keyring.needs_key_at(now) {
        signing.push(signing_key(envelope, now).await?);
    }
    if signing != keyring.signing {
        let newest = signing.last().map(|key| key.kid.clone());
        if system.replace_signing_keys(&keyring, signing).await? {
            tracing::info!(newest, "the signing keys were rotated");
        }
    }
    Ok(())
}

/// Puts another key in the place of the platform's, which seals password hashes, seeds, signing keys and owed mails, when
/// it is a year old. Older ones are kept: what they sealed is sealed anew when it is used. Whoever else does so at the
/// same time, one does.
pub async fn rotate_platform_key(table: &Table, envelope: &Envelope, now: Timestamp) -> Result<()> {
    let Some(seen) = table.system().key_rotation(ROOT_TENANT).await? else {
        return Ok(());
    };
    // One that earlier code made, which knew of no rotation, is due.
    if seen.due.is_some_and(|due| now < due) {
        return Ok(());
    }
    let version = seen.newest.version.saturating_add(1);
    let next = envelope.new_key(ROOT_TENANT, version).await?;
    let act = Act {
        actor: Actor::system("keys"),
        at: now,
    };
    let (keys, due) = (table.tenant(&seen.scope), next.rotation_due());
    if keys.begin_key_rotation(&seen, next, due, &act).await? == Saved::Done {
        tracing::info!(version, "the key of the platform was rotated");
    }
    Ok(())
}

/// A new signing key.
pub(crate) async fn signing_key(envelope: &Envelope, now: Timestamp) -> Result<SigningKey> {
    let failed = |_| Error::internal("a signing key cannot be made", "the library refused");
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(failed)?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref())
        .map_err(|error| Error::internal("a signing key cannot be read", error))?;
    // An uncompressed point: a tag, then both coordinates (SEC 1, 2.3.3).
    let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point
        .split_at_checked(COORDINATE)
        .ok_or_else(|| Error::internal("a signing key has no point", "it is too short"))?;
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let kid = thumbprint(&x, &y);
    let sealed = envelope
        .seal(&signing_key_binding(&kid), pkcs8.as_ref())
        .await?;
    Ok(SigningKey {
        kid,
        x,
        y,
        sealed: sealed.as_bytes().to_vec(),
        created_at: now,
    })
}

/// The thumbprint of a P-256 key (RFC 7638): the hash of its required members in alphabetical order.
fn thumbprint(x: &str, y: &str) -> String {
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}
