//! Signed addresses: whoever has one may do exactly what it says until it expires.

use aws_lc_rs::hmac;
use cloud::objects::ObjectKey;
use serde::Deserialize;
use url::form_urlencoded;

/// What a signed address allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) key: ObjectKey,
    /// In seconds since the epoch.
    pub(super) expires: i64,
    /// Content type and size of an upload; `None` allows reading.
    pub(super) upload: Option<(String, u64)>,
}

/// The query of a signed address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedQuery {
    expires: i64,
    signature: String,
    #[serde(rename = "type")]
    content_type: Option<String>,
    bytes: Option<u64>,
}

impl Signed {
    pub(super) fn to_query(&self, key: &hmac::Key) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("expires", &self.expires.to_string());
        if let Some((content_type, bytes)) = &self.upload {
            query.append_pair("type", content_type);
            query.append_pair("bytes", &bytes.to_string());
        }
        let signature = hmac::sign(key, self.signed_text().as_bytes());
        query.append_pair("signature", &hex::encode(signature));
        query.finish()
    }

    /// What a request with this query may do, if the signature is ours.
    pub(super) fn verify(object: ObjectKey, query: SignedQuery, key: &hmac::Key) -> Option<Self> {
        let signed = Self {
            key: object,
            expires: query.expires,
            upload: query.content_type.zip(query.bytes),
        };
        let signature = hex::decode(query.signature).ok()?;
        hmac::verify(key, signed.signed_text().as_bytes(), &signature).ok()?;
        Some(signed)
    }

    /// One line for each part; none of them can hold a line break but the type, which comes last.
    fn signed_text(&self) -> String {
        let (key, expires) = (self.key, self.expires);
        match &self.upload {
            Some((content_type, bytes)) => {
                format!("PUT\n{key}\n{expires}\n{bytes}\n{content_type}")
            }
            None => format!("GET\n{key}\n{expires}"),
        }
    }
}
