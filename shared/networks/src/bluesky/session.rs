//! What we keep of a sign-in: a pair of tokens, never the app password.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::dpop::ProofKey;
use super::xrpc::Access;
use crate::network::{Credential, NetworkError};

/// A token that lives shorter than this is refreshed before a call: longer than a call may take (30 s) together with
/// the lead of media and the difference between two clocks.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(5);

/// The stored credential. No `Debug`: it must not end in a log.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Session {
    #[zeroize(skip)]
    pub(crate) service: Url,
    #[zeroize(skip)]
    pub(crate) did: String,
    #[zeroize(skip)]
    pub(crate) handle: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// What a sign-in by the server's consent page has besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[zeroize(skip)]
    pub(crate) grant: Option<Grant>,
}

/// How tokens of a consent page are used and renewed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) token_endpoint: Url,
    /// Where the session is ended, if it can be.
    pub(crate) revocation_endpoint: Option<Url>,
    /// As whom we asked for it: the session belongs to this client.
    pub(crate) client_id: String,
    /// When the access token ends, where the server said it.
    pub(crate) ends_at: Option<Timestamp>,
    /// The tokens are of no use without it. It wipes itself.
    pub(crate) key: ProofKey,
}

/// The answer of `createSession` and `refreshSession`.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tokens {
    access_jwt: String,
    refresh_jwt: String,
    #[zeroize(skip)]
    pub(crate) did: String,
    #[zeroize(skip)]
    handle: String,
    /// `false` for accounts that were taken down, suspended or deactivated; old servers leave it out.
    #[zeroize(skip)]
    pub(crate) active: Option<bool>,
    #[zeroize(skip)]
    pub(crate) status: Option<String>,
}

impl Session {
    pub(crate) fn new(service: Url, tokens: &Tokens) -> Self {
        Self {
            service,
            did: tokens.did.clone(),
            handle: tokens.handle.clone(),
            access: tokens.access_jwt.clone(),
            refresh: tokens.refresh_jwt.clone(),
            grant: None,
        }
    }

    /// How its calls prove whose they are.
    pub(crate) fn access(&self) -> Access<'_> {
        match &self.grant {
            None => Access::Bearer(&self.access),
            Some(grant) => Access::Proven {
                token: &self.access,
                key: &grant.key,
            },
        }
    }

    /// Reads what [`Session::to_credential`] wrote.
    pub(crate) fn of_credential(credential: &Credential) -> Result<Self, NetworkError> {
        // The parser's error may quote the text, which is secret.
        serde_json::from_str(credential.expose()).map_err(|_| NetworkError::Unauthorized {
            message: "the stored sign-in cannot be read".to_owned(),
        })
    }

    pub(crate) fn to_credential(&self) -> Result<Credential, NetworkError> {
        serde_json::to_string(self)
            .map(Credential::new)
            .map_err(|_| NetworkError::Unavailable {
                message: "the sign-in cannot be written".to_owned(),
            })
    }

    /// Whether the access token should be replaced before the next call. One whose end cannot be read is left alone:
    /// the server knows.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        let end = match &self.grant {
            None => expiry(&self.access),
            Some(grant) => grant.ends_at,
        };
        end.is_some_and(|expiry| {
            now.saturating_add(FRESH_FOR)
                .is_ok_and(|soon| expiry <= soon)
        })
    }
}

/// The `exp` of a JWT (RFC 7519), not verified: it is a hint to ourselves about our own token.
fn expiry(jwt: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let payload = jwt.split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Claims = serde_json::from_slice(&json).ok()?;
    Timestamp::from_second(claims.exp).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(access: &str) -> Session {
        Session {
            service: "https://pds.example.org".parse().unwrap(),
            did: "did:plc:abc".to_owned(),
            handle: "alice.example.org".to_owned(),
            access: access.to_owned(),
            refresh: "refresh-secret".to_owned(),
            grant: None,
        }
    }

    fn jwt(exp: i64) -> String {
        format!(
            "e30.{}.c2ln",
            URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{exp}}}"#))
        )
    }

    #[test]
    fn session_is_stale_from_five_minutes_before_its_end() {
        let now = Timestamp::from_second(1_796_115_600).unwrap();

        assert!(!session(&jwt(1_796_115_600 + 301)).is_stale(now));
        assert!(session(&jwt(1_796_115_600 + 300)).is_stale(now));
        assert!(session(&jwt(1_796_115_600 - 1)).is_stale(now));
    }

    #[test]
    fn session_with_a_token_that_is_no_jwt_is_not_stale() {
        let now = Timestamp::from_second(1_796_115_600).unwrap();

        assert!(!session("opaque").is_stale(now));
        assert!(!session("a.b.c").is_stale(now));
    }

    #[test]
    fn session_survives_its_credential() {
        let credential = session("access").to_credential().unwrap();
        let read = Session::of_credential(&credential).unwrap();

        assert_eq!(read.access, "access");
        assert_eq!(read.refresh, "refresh-secret");
        assert_eq!(read.service.as_str(), "https://pds.example.org/");
        assert!(!format!("{credential:?}").contains("secret"));
    }

    #[test]
    fn credential_that_cannot_be_read_asks_to_reconnect_without_quoting_it() {
        let error = Session::of_credential(&Credential::new("top-secret".to_owned()))
            .err()
            .unwrap();

        assert!(matches!(&error, NetworkError::Unauthorized { .. }));
        assert!(!format!("{error:?} {error}").contains("top-secret"));
    }
}
