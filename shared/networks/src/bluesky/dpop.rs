//! Proofs of possession (DPoP, RFC 9449): each request is signed by the key of its session, so a stolen token is of no
//! use.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Clock;
use http::{HeaderMap, Method, StatusCode};
use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use crate::http::{Answer, HttpClient, NoAnswer};

const NONCE: &str = "dpop-nonce";
/// A server's nonce is some bytes; more is no nonce.
const NONCE_BYTES_MAX: usize = 512;
/// Servers of which nonces are remembered; beyond, all are forgotten, which costs one more request each.
const SERVERS_MAX: usize = 1024;
const WANTS_NONCE: &str = "use_dpop_nonce";

/// The key that a session is bound to (P-256), as stored only within the sealed credential.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ProofKey {
    pkcs8: Zeroizing<String>,
    pair: Arc<EcdsaKeyPair>,
}

/// The key could not be made, read or used. Says nothing about it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the key of the session cannot be used")]
pub(crate) struct KeyUnusable;

impl ProofKey {
    pub(crate) fn generate() -> Result<Self, KeyUnusable> {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map_err(|_| KeyUnusable)?;
        Self::try_from(URL_SAFE_NO_PAD.encode(document.as_ref()))
    }

    fn proof(&self, of: &Bound<'_>, issued_at: i64, nonce: Option<&str>) -> Option<String> {
        // An uncompressed point: 4, then both coordinates.
        let point = self.pair.public_key().as_ref();
        let coordinates = point.strip_prefix(&[4])?;
        let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
        let header = json!({
            "typ": "dpop+jwt",
            "alg": "ES256",
            "jwk": { "kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y) },
        });
        let mut id = [0_u8; 16];
        rand::fill(&mut id).ok()?;
        let mut target = of.url.clone();
        target.set_query(None);
        target.set_fragment(None);
        let mut claims = json!({
            "jti": encoded(&id),
            "htm": of.method.as_str(),
            "htu": target.as_str(),
            "iat": issued_at,
        });
        let more = [
            ("nonce", nonce.map(str::to_owned)),
            ("ath", of.token.map(hash_of)),
        ];
        for (name, value) in more {
            if let (Some(value), Some(claims)) = (value, claims.as_object_mut()) {
                claims.insert(name.to_owned(), value.into());
            }
        }
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .ok()?;
        Some(format!("{signed}.{}", encoded(signature.as_ref())))
    }
}

impl TryFrom<String> for ProofKey {
    type Error = KeyUnusable;

    fn try_from(text: String) -> Result<Self, KeyUnusable> {
        let pkcs8 = Zeroizing::new(text);
        let der = Zeroizing::new(URL_SAFE_NO_PAD.decode(&*pkcs8).map_err(|_| KeyUnusable)?);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)
            .map_err(|_| KeyUnusable)?;
        Ok(Self {
            pkcs8,
            pair: Arc::new(pair),
        })
    }
}

impl From<ProofKey> for String {
    fn from(key: ProofKey) -> Self {
        key.pkcs8.to_string()
    }
}

/// The request that a proof is good for.
pub(crate) struct Bound<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) key: &'a ProofKey,
    /// The access token that goes with it; none at the authorization server.
    pub(crate) token: Option<&'a str>,
}

/// Sends requests with proofs.
#[derive(Clone, Debug)]
pub(crate) struct DpopSender {
    http: HttpClient,
    clock: Arc<dyn Clock>,
    /// The newest nonce of each server. Only saves requests: a server that wants another says so.
    nonces: Arc<Mutex<BTreeMap<String, String>>>,
}

impl DpopSender {
    pub(crate) fn new(http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        Self {
            http,
            clock,
            nonces: Arc::default(),
        }
    }

    /// Sends the request, and once more where the server does nothing but name the nonce that it wants in a proof.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        bound: &Bound<'_>,
    ) -> Result<Answer, NoAnswer> {
        let server = bound.url.origin().ascii_serialization();
        let again = request.try_clone();
        let known = self.known(&server);
        let answer = self.once(request, bound, known.as_deref()).await?;
        let told = self.learn(server, &answer.headers);
        match (again, told) {
            (Some(again), Some(nonce)) if wants_nonce(&answer) => {
                self.once(again, bound, Some(&nonce)).await
            }
            _ => Ok(answer),
        }
    }

    async fn once(
        &self,
        request: RequestBuilder,
        bound: &Bound<'_>,
        nonce: Option<&str>,
    ) -> Result<Answer, NoAnswer> {
        let proof = bound
            .key
            .proof(bound, self.clock.now().as_second(), nonce)
            .ok_or_else(|| NoAnswer::not_sent(KeyUnusable.to_string()))?;
        self.http.send(request.header("dpop", proof)).await
    }

    fn known(&self, server: &str) -> Option<String> {
        let nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.get(server).cloned()
    }

    fn learn(&self, server: String, headers: &HeaderMap) -> Option<String> {
        let nonce = headers.get(NONCE)?.to_str().ok()?;
        if nonce.is_empty() || nonce.len() > NONCE_BYTES_MAX {
            return None;
        }
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        if nonces.len() >= SERVERS_MAX && !nonces.contains_key(&server) {
            nonces.clear();
        }
        nonces.insert(server, nonce.to_owned());
        Some(nonce.to_owned())
    }
}

/// Authorization servers say it with 400, servers of resources with 401; both name it in the body here.
fn wants_nonce(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Body {
        error: String,
    }
    let is_refused = matches!(
        answer.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED
    );
    is_refused
        && serde_json::from_slice::<Body>(&answer.body).is_ok_and(|body| body.error == WANTS_NONCE)
}

fn hash_of(token: &str) -> String {
    encoded(digest::digest(&digest::SHA256, token.as_bytes()).as_ref())
}

fn part(value: &Value) -> String {
    encoded(value.to_string().as_bytes())
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    fn decoded(part: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(part).unwrap()
    }

    #[test]
    fn proof_names_the_request_and_its_token_and_is_signed_by_the_key_that_it_shows() {
        let key = ProofKey::generate().unwrap();
        let url: Url = "https://pds.example.org/xrpc/a.b?repo=x".parse().unwrap();
        let bound = Bound {
            method: Method::POST,
            url: &url,
            key: &key,
            token: Some("token"),
        };

        let proof = key.proof(&bound, 1_796_115_600, Some("n-1")).unwrap();
        let other = key.proof(&bound, 1_796_115_600, None).unwrap();

        let (signed, signature) = proof.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let header: Value = serde_json::from_slice(&decoded(header)).unwrap();
        let claims: Value = serde_json::from_slice(&decoded(claims)).unwrap();
        assert_eq!(header["typ"], "dpop+jwt");
        assert_eq!(claims["htm"], "POST");
        assert_eq!(claims["htu"], "https://pds.example.org/xrpc/a.b");
        assert_eq!(claims["nonce"], "n-1");
        assert_eq!(claims["iat"], 1_796_115_600);
        // SHA-256 of "token".
        assert_eq!(claims["ath"], "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A");
        assert_ne!(proof, other);
        let jwk = &header["jwk"];
        let mut point = vec![4];
        point.extend(decoded(jwk["x"].as_str().unwrap()));
        point.extend(decoded(jwk["y"].as_str().unwrap()));
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(signed.as_bytes(), &decoded(signature))
            .unwrap();
    }

    #[test]
    fn key_survives_its_text_and_another_text_is_none() {
        let key = ProofKey::generate().unwrap();
        let text = String::from(key.clone());

        let read = ProofKey::try_from(text).unwrap();

        assert_eq!(
            read.pair.public_key().as_ref(),
            key.pair.public_key().as_ref()
        );
        assert!(ProofKey::try_from("c2VjcmV0".to_owned()).is_err());
    }
}
