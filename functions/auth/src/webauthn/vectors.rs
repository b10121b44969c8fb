//! Vectors of the standard, and of another implementation for the algorithms that it has none for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use store::Passkey;

use super::authenticator_data::AuthenticatorData;
use super::cbor::Reader;
use super::public_key::PublicKey;
use super::{Assertion, NewCredential, Refusal, Registration, RelyingParty};

#[derive(Clone, Deserialize)]
struct Vector {
    name: String,
    credential: String,
    registration_client: String,
    attestation: String,
    assertion_client: String,
    assertion_data: String,
    signature: String,
}

/// Where the data of the authenticator begins in an attestation object without a statement, before its length.
const BEFORE_DATA: usize = 28;

impl Vector {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("../../vectors/webauthn.json")).unwrap()
    }

    fn of(name: &str) -> Self {
        let mut all = Self::all().into_iter();
        all.find(|vector| vector.name == name).unwrap()
    }

    fn registration(&self) -> Registration {
        let body = json!({
            "credential": self.credential,
            "client_data": self.registration_client,
            "attestation": self.attestation,
        });
        serde_json::from_value(body).unwrap()
    }

    fn assertion(&self) -> Assertion {
        let body = json!({
            "credential": self.credential,
            "client_data": self.assertion_client,
            "authenticator_data": self.assertion_data,
            "signature": self.signature,
        });
        serde_json::from_value(body).unwrap()
    }
}

fn party() -> RelyingParty {
    RelyingParty::of(&"https://example.org/".parse().unwrap())
}

fn passkey(made: NewCredential) -> Passkey {
    Passkey {
        id: "psk_00000000000000000000000001".parse().unwrap(),
        user: "usr_00000000000000000000000001".parse().unwrap(),
        credential: made.id,
        public_key: made.public_key,
        sign_count: made.sign_count,
        is_backup_eligible: made.is_backup_eligible,
        is_backed_up: made.is_backed_up,
        transports: Vec::new(),
        name: "Phone".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        last_used_at: None,
    }
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn flipped(text: &str, bit: usize) -> String {
    let mut bytes = bytes(text);
    bytes[bit / 8] ^= 1 << (bit % 8);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn id_21_signature_of_each_algorithm_is_verified() {
    for vector in Vector::all() {
        let attestation = bytes(&vector.attestation);
        let mut reader = Reader::new(&attestation[BEFORE_DATA..]);
        let data = AuthenticatorData::read(reader.bytes().unwrap()).unwrap();
        let made = data.credential.unwrap();
        assert_eq!(made.id, bytes(&vector.credential), "{}", vector.name);
        let key = PublicKey::read(&mut Reader::new(made.public_key)).unwrap();
        let hash =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes(&vector.assertion_client));
        let signed = [&bytes(&vector.assertion_data), hash.as_ref()].concat();
        let signature = bytes(&vector.signature);

        assert!(key.verifies(&signed, &signature), "{}", vector.name);
        assert!(!key.verifies(&signed[1..], &signature), "{}", vector.name);
        assert!(!key.verifies(&signed, &signature[1..]), "{}", vector.name);
    }
}

#[test]
fn id_21_ceremonies_of_another_implementation_are_accepted() {
    for name in ["EdDSA", "RS256"] {
        let vector = Vector::of(name);
        let made = party().registered(&vector.registration()).unwrap();
        assert_eq!(made.is_backed_up, name == "EdDSA");

        let used = party().asserted(&passkey(made), &vector.assertion(), Timestamp::UNIX_EPOCH);

        assert_eq!(used.unwrap().sign_count, 7);
    }
}

#[test]
fn id_21_person_who_was_not_verified_is_refused() {
    // The standard's own vector is of an authenticator that asked nobody.
    let vector = Vector::of("ES256");

    let refused = party().registered(&vector.registration()).unwrap_err();

    assert_eq!(refused, Refusal::NotVerified);
}

#[test]
fn id_21_other_party_or_origin_is_refused() {
    let vector = Vector::of("EdDSA");
    let made = || party().registered(&vector.registration()).unwrap();
    for (url, refusal) in [
        ("https://example.com/", Refusal::AnotherOrigin),
        ("https://sub.example.org/", Refusal::AnotherOrigin),
        ("https://example.org:8443/", Refusal::AnotherOrigin),
        ("http://example.org/", Refusal::AnotherOrigin),
    ] {
        let party = RelyingParty::of(&url.parse().unwrap());
        let registered = party.registered(&vector.registration());
        assert_eq!(registered.unwrap_err(), refusal, "{url}");
        let passkey = passkey(made());
        let asserted = party.asserted(&passkey, &vector.assertion(), Timestamp::UNIX_EPOCH);
        assert_eq!(asserted.unwrap_err(), refusal, "{url}");
    }
}

#[test]
fn id_21_answer_with_any_bit_flipped_is_refused() {
    let vector = Vector::of("EdDSA");
    let passkey = passkey(party().registered(&vector.registration()).unwrap());
    let refused = |vector: &Vector| {
        let asserted = party().asserted(&passkey, &vector.assertion(), Timestamp::UNIX_EPOCH);
        asserted.is_err()
    };
    let members: [fn(&mut Vector) -> &mut String; 3] = [
        |vector| &mut vector.assertion_client,
        |vector| &mut vector.assertion_data,
        |vector| &mut vector.signature,
    ];

    for member in members {
        let length = bytes(member(&mut vector.clone())).len();
        for bit in 0..length * 8 {
            let mut forged = vector.clone();
            let flipped = flipped(member(&mut forged), bit);
            *member(&mut forged) = flipped;
            assert!(refused(&forged), "bit {bit}");
        }
    }
}

#[test]
fn id_21_answer_to_one_ceremony_is_no_answer_to_the_other() {
    let vector = Vector::of("EdDSA");
    let passkey = passkey(party().registered(&vector.registration()).unwrap());
    let mut crossed = vector.clone();
    std::mem::swap(
        &mut crossed.registration_client,
        &mut crossed.assertion_client,
    );

    let registered = party().registered(&crossed.registration()).unwrap_err();
    let asserted = party().asserted(&passkey, &crossed.assertion(), Timestamp::UNIX_EPOCH);

    assert_eq!(registered, Refusal::AnotherCeremony);
    assert_eq!(asserted.unwrap_err(), Refusal::AnotherCeremony);
}

#[test]
fn id_21_copy_of_a_passkey_is_found_by_its_count() {
    let vector = Vector::of("EdDSA");
    let mut passkey = passkey(party().registered(&vector.registration()).unwrap());

    for (known, is_refused) in [(6, false), (7, true), (8, true)] {
        passkey.sign_count = known;
        let asserted = party().asserted(&passkey, &vector.assertion(), Timestamp::UNIX_EPOCH);
        assert_eq!(
            asserted.is_err_and(|refusal| refusal == Refusal::Copied),
            is_refused
        );
    }
}

#[test]
fn id_21_passkey_that_becomes_one_that_can_be_copied_is_refused() {
    let vector = Vector::of("EdDSA");
    let mut passkey = passkey(party().registered(&vector.registration()).unwrap());
    passkey.is_backup_eligible = false;

    let asserted = party().asserted(&passkey, &vector.assertion(), Timestamp::UNIX_EPOCH);

    assert_eq!(asserted.unwrap_err(), Refusal::BackupChanged);
}

#[test]
fn id_21_attestation_that_is_cut_off_or_longer_is_refused() {
    let vector = Vector::of("EdDSA");
    let whole = bytes(&vector.attestation);
    let refused = |attestation: &[u8]| {
        let mut forged = vector.clone();
        forged.attestation = URL_SAFE_NO_PAD.encode(attestation);
        party().registered(&forged.registration()).is_err()
    };

    for length in 0..whole.len() {
        assert!(refused(&whole[..length]), "{length}");
    }
    assert!(refused(&[&whole[..], &[0]].concat()));
}
