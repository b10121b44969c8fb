use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use domain::TenantId;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::binding::Purpose;
use super::*;
use crate::clock::SystemRandom;
use crate::keys::PlainKey;

fn tenant(last: u8) -> TenantId {
    format!("ten_0000000000000000000000000{last}")
        .parse()
        .unwrap()
}

fn binding() -> Binding {
    Binding::new(
        tenant(1),
        "acc_00000000000000000000000001",
        Purpose::AccountCredential,
        3,
    )
}

fn key(byte: u8) -> TenantKey {
    key_of(1, &[byte; KEY])
}

fn key_of(version: u32, bytes: &[u8]) -> TenantKey {
    TenantKey {
        version,
        plain: PlainKey::from_slice(bytes).unwrap(),
        opened_at: jiff::Timestamp::UNIX_EPOCH,
        is_spare: false,
        uses_left: std::sync::atomic::AtomicU32::new(1),
    }
}

fn sealed(secret: &[u8]) -> Sealed {
    seal(&key(7), &binding(), &SystemRandom, secret).unwrap()
}

fn open_bytes(
    key: &TenantKey,
    binding: &Binding,
    bytes: &[u8],
) -> std::result::Result<Vec<u8>, OpenError> {
    let record = Record::parse(bytes)?;
    open(key, binding, &record).map(|secret| secret.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn secret_of_any_length_survives(length in 0_usize..=65_536, byte: u8) {
        let secret = vec![byte; length];

        let record = sealed(&secret);

        prop_assert_eq!(open_bytes(&key(7), &binding(), record.as_bytes()).unwrap(), secret);
    }
}

#[test]
fn record_with_any_flipped_bit_does_not_open() {
    let record = sealed(&[1; 98]);
    assert_eq!(record.as_bytes().len(), 200);

    for position in 0..record.as_bytes().len() {
        for bit in 0..8 {
            let mut changed = record.as_bytes().to_vec();
            changed[position] ^= 1 << bit;

            assert!(
                open_bytes(&key(7), &binding(), &changed).is_err(),
                "byte {position}, bit {bit}"
            );
        }
    }
}

#[test]
fn record_that_is_cut_or_extended_does_not_open() {
    let record = sealed(b"secret");

    for length in 0..record.as_bytes().len() {
        let cut = &record.as_bytes()[..length];
        assert!(open_bytes(&key(7), &binding(), cut).is_err(), "{length}");
    }
    let longer = [record.as_bytes(), &[0]].concat();
    assert_eq!(
        open_bytes(&key(7), &binding(), &longer),
        Err(OpenError::Changed)
    );
}

#[test]
fn record_moved_to_another_place_does_not_open() {
    let record = sealed(b"secret");
    let here = binding();
    let elsewhere = [
        Binding {
            tenant: tenant(2),
            ..here.clone()
        },
        Binding {
            subject: "acc_00000000000000000000000002".to_owned(),
            ..here.clone()
        },
        Binding {
            purpose: Purpose::PasswordHash,
            ..here.clone()
        },
        Binding {
            version: here.version + 1,
            ..here.clone()
        },
    ];

    for place in &elsewhere {
        assert_eq!(
            open_bytes(&key(7), place, record.as_bytes()),
            Err(OpenError::WrongPlace),
            "{place:?}"
        );
    }
}

#[test]
fn older_record_does_not_open_in_a_newer_row() {
    let older = Binding {
        version: 2,
        ..binding()
    };
    let rolled_back = seal(&key(7), &older, &SystemRandom, b"revoked").unwrap();

    assert_eq!(
        open_bytes(&key(7), &binding(), rolled_back.as_bytes()),
        Err(OpenError::WrongPlace)
    );
}

#[test]
fn places_with_shifted_parts_have_different_bytes() {
    let places = [("a", 1), ("aa", 1), ("a", 256)];

    let bytes: HashSet<_> = places
        .iter()
        .map(|(subject, version)| {
            Binding::new(tenant(1), subject, Purpose::PasswordHash, *version).to_bytes()
        })
        .collect();

    assert_eq!(bytes.len(), places.len());
}

/// GCM has no key commitment: for one nonce a ciphertext can be solved for that has a valid tag under two keys. This
/// builds one, shows that plain GCM opens it under both, and that the commitment refuses the second.
#[test]
fn ciphertext_that_opens_under_two_keys_is_refused_by_the_commitment() {
    let (ours, theirs) = (key(7), key(8));
    let place = binding().to_bytes();
    let record = sealed(&[0; 48]);
    let header = Record::parse(record.as_bytes()).unwrap();
    let (salt, nonce) = (*header.salt, *header.nonce);
    let keys = [&ours, &theirs].map(|key| Derived::new(key, &salt, &place).unwrap());
    let additional = additional_data(header.header, &place);

    let ciphertext = collision::under_both_keys(&keys, nonce, &additional);
    let forged = [header.header, &ciphertext].concat();

    for derived in &keys {
        let mut body = ciphertext.clone();
        let cipher = derived.cipher().unwrap();
        let nonce = Nonce::assume_unique_for_key(nonce);
        assert!(
            cipher
                .open_in_place(nonce, Aad::from(additional.as_slice()), &mut body)
                .is_ok()
        );
    }
    assert!(open_bytes(&ours, &binding(), &forged).is_ok());
    assert_eq!(
        open_bytes(&theirs, &binding(), &forged),
        Err(OpenError::WrongPlace)
    );
}

#[test]
fn salt_and_nonce_of_many_records_never_repeat() {
    const RECORDS: usize = 100_000;
    let mut seen = HashSet::with_capacity(RECORDS);
    let key = key(7);
    let binding = binding();

    for _ in 0..RECORDS {
        let record = seal(&key, &binding, &SystemRandom, b"").unwrap();
        let parts = Record::parse(record.as_bytes()).unwrap();
        assert!(seen.insert((*parts.salt, *parts.nonce)));
    }

    assert_eq!(seen.len(), RECORDS);
}

#[test]
fn record_of_an_unknown_format_is_told_from_a_changed_one() {
    let mut newer = sealed(b"secret").as_bytes().to_vec();
    newer[4] = 2;

    assert_eq!(
        open_bytes(&key(7), &binding(), &newer),
        Err(OpenError::UnknownFormat)
    );
    assert_eq!(
        open_bytes(&key(7), &binding(), b"M1AS"),
        Err(OpenError::NotARecord)
    );
}

/// A record that was sealed once and must open for ever, here and in the independent reader.
#[derive(Debug, Serialize, Deserialize)]
struct Vector {
    tenant_key: String,
    tenant: String,
    subject: String,
    purpose: String,
    version: u64,
    secret: String,
    record: Sealed,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../vectors/sealed.json")).unwrap()
}

#[test]
fn frozen_records_open_as_they_did() {
    let purposes = [
        Purpose::AccountCredential,
        Purpose::PasswordHash,
        Purpose::JwtSigningKey,
    ];
    let vectors = vectors();
    assert_eq!(vectors.len(), 4);

    for vector in vectors {
        let plain: Vec<u8> = (0..KEY)
            .map(|at| u8::from_str_radix(&vector.tenant_key[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let purpose = purposes
            .into_iter()
            .find(|purpose| purpose.name() == vector.purpose)
            .unwrap();
        let binding = Binding::new(
            vector.tenant.parse().unwrap(),
            &vector.subject,
            purpose,
            vector.version,
        );
        let record = Record::parse(vector.record.as_bytes()).unwrap();
        let key = key_of(record.key_version, &plain);

        assert_eq!(
            *open(&key, &binding, &record).unwrap(),
            vector.secret.into_bytes()
        );
    }
}

/// The reader shares no code with this crate: it follows the format's description with another cryptographic library.
#[test]
fn frozen_records_open_in_the_independent_reader() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");

    let output = Command::new("python3")
        .arg(folder.join("read_sealed.py"))
        .arg(folder.join("sealed.json"))
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    assert_eq!(said.trim(), "4 records open");
}

mod collision;
