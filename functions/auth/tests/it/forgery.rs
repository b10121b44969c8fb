//! Tokens that attackers make: each must be refused, none may be an error of ours.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use cloud::envelope::Sealed;
use domain::Clock as _;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::app::{App, text};

/// A real sign-in, with the private key that signed its token.
pub(crate) struct Forge {
    pub(crate) app: App,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    token: String,
    key: EcdsaKeyPair,
    public: (String, String),
}

impl Forge {
    pub(crate) async fn new() -> Self {
        let app = App::new().await;
        let pair = app.program().await;
        let token = text(&pair, "access_token").to_owned();
        let parts: Vec<&str> = token.split('.').collect();
        let read = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (header, claims) = (read(parts[0]), read(parts[1]));
        let keyring = app.table.system().keyring().await.unwrap().unwrap();
        let stored = &keyring.signing[0];
        let sealed = Sealed::from_bytes(stored.sealed.clone());
        let binding = api::signing_key_binding(&stored.kid);
        let pkcs8 = app.envelope.open(&binding, &sealed).await.unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).unwrap();
        Self {
            public: (stored.x.clone(), stored.y.clone()),
            app,
            header,
            claims,
            token,
            key,
        }
    }

    /// A token with the real key's signature over any header and claims.
    pub(crate) fn signed(&self, header: &str, claims: &str) -> String {
        let (header, claims) = (
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims),
        );
        self.signed_text(&format!("{header}.{claims}"))
    }

    fn signed_text(&self, message: &str) -> String {
        let random = SystemRandom::new();
        let signature = self.key.sign(&random, message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.signed(&self.header.to_string(), &claims.to_string())
    }

    fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        self.signed(&self.header.to_string(), &claims.to_string())
    }

    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.signed(&header.to_string(), &self.claims.to_string())
    }

    fn without_header(&self, name: &str) -> String {
        let mut header = self.header.clone();
        header.as_object_mut().unwrap().remove(name);
        self.signed(&header.to_string(), &self.claims.to_string())
    }

    fn hmac_signed(&self, secret: &[u8]) -> String {
        use aws_lc_rs::hmac;
        let mut header = self.header.clone();
        header["alg"] = json!("HS256");
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let claims = URL_SAFE_NO_PAD.encode(self.claims.to_string());
        let message = format!("{header}.{claims}");
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            message.as_bytes(),
        );
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    async fn status(&self, token: &str) -> u16 {
        self.app.me_by_token(token).await.status.as_u16()
    }
}

#[tokio::test]
async fn id_26_token_that_the_forge_makes_without_a_change_is_accepted() {
    let forge = Forge::new().await;

    let same = forge.signed(&forge.header.to_string(), &forge.claims.to_string());

    assert_eq!(forge.status(&forge.token).await, 200);
    assert_eq!(forge.status(&same).await, 200);
}

#[tokio::test]
async fn id_26_f_15_token_with_a_forged_header_is_refused() {
    let forge = Forge::new().await;
    let (x, y) = forge.public.clone();
    let point = [
        URL_SAFE_NO_PAD.decode(&x).unwrap(),
        URL_SAFE_NO_PAD.decode(&y).unwrap(),
    ]
    .concat();
    let own_key = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
    let header_text = forge.header.to_string();
    let twice = format!(r#"{{"alg":"none",{}"#, &header_text[1..]);
    let unsigned = |algorithm: &str| {
        let mut header = forge.header.clone();
        header["alg"] = json!(algorithm);
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        format!(
            "{header}.{}.",
            URL_SAFE_NO_PAD.encode(forge.claims.to_string())
        )
    };

    for (what, token) in [
        ("no algorithm, no signature", unsigned("none")),
        ("None", unsigned("None")),
        ("empty algorithm", unsigned("")),
        ("HS256 with the public point", forge.hmac_signed(&point)),
        (
            "HS256 with the coordinates' text",
            forge.hmac_signed(format!("{x}{y}").as_bytes()),
        ),
        ("HS256 with an empty secret", forge.hmac_signed(b"")),
        ("ES256K", forge.with_header("alg", json!("ES256K"))),
        ("ES384", forge.with_header("alg", json!("ES384"))),
        ("RS256", forge.with_header("alg", json!("RS256"))),
        ("PS256", forge.with_header("alg", json!("PS256"))),
        ("EdDSA", forge.with_header("alg", json!("EdDSA"))),
        (
            "es256 in lower case",
            forge.with_header("alg", json!("es256")),
        ),
        (
            "algorithm as a list",
            forge.with_header("alg", json!(["ES256"])),
        ),
        ("algorithm missing", forge.without_header("alg")),
        (
            "type of an id token",
            forge.with_header("typ", json!("JWT")),
        ),
        (
            "type of a logout token",
            forge.with_header("typ", json!("logout+jwt")),
        ),
        (
            "type in upper case",
            forge.with_header("typ", json!("AT+JWT")),
        ),
        ("type missing", forge.without_header("typ")),
        (
            "a key of its own",
            forge.with_header("jwk", own_key.clone()),
        ),
        (
            "a key set elsewhere",
            forge.with_header("jku", json!("https://evil.example/jwks.json")),
        ),
        (
            "a certificate elsewhere",
            forge.with_header("x5u", json!("https://evil.example/x")),
        ),
        (
            "a certificate chain",
            forge.with_header("x5c", json!(["MIIB"])),
        ),
        (
            "a critical extension",
            forge.with_header("crit", json!(["exp"])),
        ),
        (
            "an unencoded payload",
            forge.with_header("b64", json!(false)),
        ),
        (
            "a compressed payload",
            forge.with_header("zip", json!("DEF")),
        ),
        ("an unknown member", forge.with_header("x", json!(1))),
        (
            "kid as a path",
            forge.with_header("kid", json!("../../../dev/null")),
        ),
        (
            "kid as a query",
            forge.with_header("kid", json!("' OR 1=1 --")),
        ),
        ("kid of nobody", forge.with_header("kid", json!("AAAA"))),
        ("kid empty", forge.with_header("kid", json!(""))),
        ("kid as a number", forge.with_header("kid", json!(1))),
        ("kid missing", forge.without_header("kid")),
        (
            "algorithm twice",
            forge.signed(&twice, &forge.claims.to_string()),
        ),
        (
            "header as a list",
            forge.signed("[]", &forge.claims.to_string()),
        ),
        ("header empty", forge.signed("", &forge.claims.to_string())),
    ] {
        assert_eq!(forge.status(&token).await, 401, "{what}");
    }
}

#[tokio::test]
async fn id_26_f_15_token_with_forged_claims_is_refused() {
    let forge = Forge::new().await;
    let now = forge.app.clock.now().as_second();
    let foreign = testkit::member(
        &forge.app.table,
        &forge.app.clock,
        domain::membership::Role::Owner,
    )
    .await;
    let claims_text = forge.claims.to_string();
    let header = forge.header.to_string();
    let twice = format!(r#"{{"exp":9999999999,{}"#, &claims_text[1..]);
    let huge = claims_text.replace(
        &format!(r#""exp":{}"#, now + 300),
        r#""exp":99999999999999999999999999"#,
    );
    assert_ne!(huge, claims_text);

    for (what, token) in [
        (
            "end as a text",
            forge.with_claim("exp", json!("9999999999")),
        ),
        ("end as a fraction", forge.with_claim("exp", json!(1e10))),
        ("end as a huge number", forge.signed(&header, &huge)),
        ("end negative", forge.with_claim("exp", json!(-1))),
        ("end null", forge.with_claim("exp", Value::Null)),
        ("end missing", forge.without_claim("exp")),
        ("end past", forge.with_claim("exp", json!(now - 31))),
        (
            "end later than five minutes",
            forge.with_claim("exp", json!(now + 301)),
        ),
        ("end twice", forge.signed(&header, &twice)),
        ("start as a text", forge.with_claim("iat", json!("0"))),
        (
            "start in the future",
            forge.with_claim("iat", json!(now + 31)),
        ),
        ("start missing", forge.without_claim("iat")),
        ("not-before as a text", forge.with_claim("nbf", json!("0"))),
        (
            "issuer of another",
            forge.with_claim("iss", json!("https://evil.example")),
        ),
        (
            "issuer with a slash",
            forge.with_claim("iss", json!("http://127.0.0.1:8080/")),
        ),
        (
            "issuer as a list",
            forge.with_claim("iss", json!(["http://127.0.0.1:8080"])),
        ),
        ("issuer missing", forge.without_claim("iss")),
        (
            "audience of another",
            forge.with_claim("aud", json!("https://evil.example")),
        ),
        (
            "audience as a list",
            forge.with_claim("aud", json!(["http://127.0.0.1:8080/v1"])),
        ),
        ("audience missing", forge.without_claim("aud")),
        (
            "subject of another",
            forge.with_claim("sub", json!(foreign.user)),
        ),
        ("subject as a number", forge.with_claim("sub", json!(1))),
        ("subject missing", forge.without_claim("sub")),
        (
            "tenant of another",
            forge.with_claim("tid", json!(foreign.tenant)),
        ),
        (
            "tenant of another kind",
            forge.with_claim("tid", json!(foreign.user)),
        ),
        (
            "sign-in of nobody",
            forge.with_claim("sid", json!("fam_00000000000000000000000001")),
        ),
        ("sign-in missing", forge.without_claim("sid")),
        ("scope missing", forge.without_claim("scope")),
        ("an id token's nonce", forge.with_claim("nonce", json!("n"))),
        (
            "another actor",
            forge.with_claim("act", json!({ "sub": "x" })),
        ),
        ("claims as a list", forge.signed(&header, "[]")),
        ("claims empty", forge.signed(&header, "")),
    ] {
        assert_eq!(forge.status(&token).await, 401, "{what}");
    }
}

#[tokio::test]
async fn id_26_f_15_token_with_a_forged_form_is_refused() {
    let forge = Forge::new().await;
    let parts: Vec<&str> = forge.token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("three parts");
    };
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut flipped = raw.clone();
    flipped[10] ^= 1;
    let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let message = format!("{header}.{claims}");
    let foreign = other
        .sign(&SystemRandom::new(), message.as_bytes())
        .unwrap();
    let with_signature = |bytes: &[u8]| format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
    let last_bit = {
        // The last character of 86 carries four unused bits.
        let mut text = signature.to_owned();
        let last = text.pop().unwrap();
        let next = char::from(u8::try_from(u32::from(last)).unwrap() + 1);
        text.push(next);
        format!("{message}.{text}")
    };
    let padded_header = URL_SAFE.encode(URL_SAFE_NO_PAD.decode(header).unwrap());
    let spaced = forge.signed_text(&format!("{header}.{claims} "));

    for (what, token) in [
        ("nothing", String::new()),
        ("one part", header.to_owned()),
        ("two parts", message.clone()),
        ("four parts", format!("{}.x", forge.token)),
        ("five parts", format!("{header}.{claims}.{signature}.a.b")),
        ("no signature", format!("{message}.")),
        ("signature of zeros", with_signature(&[0; 64])),
        (
            "signature with r = 0",
            with_signature(&[&[0; 32], &raw[32..]].concat()),
        ),
        (
            "signature with s = 0",
            with_signature(&[&raw[..32], &[0; 32]].concat()),
        ),
        ("signature of another key", with_signature(foreign.as_ref())),
        ("signature with a flipped bit", with_signature(&flipped)),
        ("signature cut short", with_signature(&raw[..63])),
        (
            "signature with a byte more",
            with_signature(&[&raw[..], &[0]].concat()),
        ),
        (
            "signature in the other alphabet",
            format!("{message}.{}+/", STANDARD.encode(&raw)),
        ),
        ("signature with padding", format!("{message}.{signature}==")),
        ("signature with unused bits set", last_bit),
        (
            "header with padding",
            forge.signed_text(&format!("{padded_header}=.{claims}")),
        ),
        ("a space inside", spaced),
        (
            "claims of another token",
            format!("{header}.e30.{signature}"),
        ),
        (
            "too long",
            format!("{}.{}.{signature}", header, "A".repeat(100_000)),
        ),
        ("not ASCII", "ÿÿÿ.ÿÿÿ.ÿÿÿ".to_owned()),
        ("dots only", "..".to_owned()),
    ] {
        let answer = forge.app.api.get("/v1/me");
        let answer = answer.header("authorization", &format!("Bearer {token}"));
        assert_eq!(answer.send().await.status, 401, "{what}");
    }
}

#[tokio::test]
async fn id_26_token_after_its_five_minutes_is_refused() {
    let forge = Forge::new().await;

    forge.app.clock.advance(SignedDuration::from_secs(329));
    assert_eq!(forge.status(&forge.token).await, 200);
    forge.app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(forge.status(&forge.token).await, 401);
}

#[tokio::test]
async fn authorization_of_another_scheme_is_refused() {
    let forge = Forge::new().await;
    for value in [
        "Basic YWRhOnB3",
        "Bearer",
        "Bearer ",
        &forge.token,
        "DPoP x",
        "Bearer m1_live_abc_def",
    ] {
        let call = forge.app.api.get("/v1/me").header("authorization", value);
        call.send().await.expect(401);
    }
}
