//! A software authenticator and the browser around it: makes one passkey and signs with it, as the Web Authentication
//! standard says. Own code of the product is not used.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Flags of authenticator data: present, verified, may be copied, is copied, has a credential.
pub const USER_PRESENT: u8 = 0x01;
/// Somebody proved to the authenticator who they are.
pub const USER_VERIFIED: u8 = 0x04;
/// The passkey may be copied.
pub const BACKUP_ELIGIBLE: u8 = 0x08;
/// The passkey is copied.
pub const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;

/// A passkey with its private part.
#[derive(Debug)]
pub struct SoftPasskey {
    /// The origin of the page that the browser shows.
    pub origin: String,
    /// What the authenticator says of the person and of copies.
    pub flags: u8,
    /// Signatures so far; counts by itself unless it is zero.
    pub count: u32,
    credential: Vec<u8>,
    user_handle: String,
    key: EcdsaKeyPair,
}

impl SoftPasskey {
    /// A passkey with this name that is used on pages of `origin`.
    pub fn new(credential: &str, origin: &str) -> Self {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            flags: USER_PRESENT | USER_VERIFIED,
            count: 1,
            credential: credential.as_bytes().to_vec(),
            user_handle: String::new(),
            key: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap(),
        }
    }

    /// The answer to creation options: what `registration` of a body is.
    pub fn create(&mut self, options: &Value) -> Value {
        let handle = options["user"]["id"].as_str().unwrap();
        handle.clone_into(&mut self.user_handle);
        let algorithms = options["pubKeyCredParams"].as_array().unwrap();
        assert!(algorithms.iter().any(|offered| offered["alg"] == -7));
        let mut made = self.spoken(options["rp"]["id"].as_str().unwrap(), HAS_CREDENTIAL);
        made.extend([0; 16]);
        made.extend(u16::try_from(self.credential.len()).unwrap().to_be_bytes());
        made.extend(&self.credential);
        made.extend(self.cose_key());
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(made.len()).unwrap());
        attestation.extend(made);
        json!({
            "credential": text(&self.credential),
            "client_data": text(&self.client_data("webauthn.create", options)),
            "attestation": text(&attestation),
            "transports": ["internal"],
        })
    }

    /// The answer to request options: what an assertion in a body is.
    pub fn get(&mut self, options: &Value) -> Value {
        if self.count > 0 {
            self.count += 1;
        }
        let data = self.spoken(options["rpId"].as_str().unwrap(), 0);
        let client = self.client_data("webauthn.get", options);
        let signed = [&data, digest(&SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "credential": text(&self.credential),
            "client_data": text(&client),
            "authenticator_data": text(&data),
            "signature": text(signature.as_ref()),
            "user_handle": self.user_handle,
        })
    }

    fn spoken(&self, party: &str, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, party.as_bytes()).as_ref().to_vec();
        data.push(self.flags | flags);
        data.extend(self.count.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["challenge"];
        let members = json!({
            "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false,
        });
        members.to_string().into_bytes()
    }

    fn cose_key(&self) -> Vec<u8> {
        // An uncompressed point: a tag, then both coordinates.
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let head = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
        [&head[..], x, b"\x22\x58\x20", y].concat()
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
