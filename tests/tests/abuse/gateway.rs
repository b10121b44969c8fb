//! Where a request comes from, as the gateway saw it, beside what its headers claim: F-35.

use axum::body::to_bytes;
use lambda_http::request::from_str;
use serde_json::{Value, json};
use tests::people::{self, PASSWORD};
use tests::product::Product;
use tower::ServiceExt as _;

/// Who tries, and somebody else.
const CLIENT: &str = "198.51.100.7";
const ANOTHER: &str = "198.51.100.8";
/// So many requests for mails from one client are answered at once.
const MAILS: usize = 50;
/// So many sign-ins of one client at once.
const SIGN_INS: usize = 100;

/// How a call was answered.
struct Answered {
    status: u16,
    body: Value,
}

/// The product behind its gateway; every request claims to come from elsewhere.
struct Gateway {
    product: Product,
    claimed: usize,
}

impl Gateway {
    async fn post(&mut self, path: &str, client: &str, body: &Value) -> Answered {
        self.call("POST", path, client, "", Some(body)).await
    }

    /// Answers an event as the gateway sends it: it appends the address that it saw to what the client claimed.
    async fn call(
        &mut self,
        method: &str,
        path: &str,
        client: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Answered {
        self.claimed += 1;
        let claimed = format!("203.0.113.{}", self.claimed % 250);
        let event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {
                "content-type": "application/json",
                "host": "app.example.com",
                "authorization": token,
                "x-forwarded-for": format!("{claimed}, {client}"),
                "forwarded": format!("for={claimed}"),
                "x-real-ip": claimed,
                "true-client-ip": claimed,
                "cf-connecting-ip": claimed,
            },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3d4e5",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": client,
                    "userAgent": "curl/8.10.1",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "stage": "$default",
                "timeEpoch": 1_796_115_490_000_u64,
            },
            "body": body.map(Value::to_string),
            "isBase64Encoded": false,
        });
        let request = from_str(&event.to_string()).unwrap();
        let answer = self.product.routes.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        Answered {
            status,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }
}

impl Answered {
    #[track_caller]
    fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

async fn gateway() -> Gateway {
    let product = Product::new().await;
    // Without an address, which counts against nobody.
    people::enter(&product, "ada").await;
    Gateway {
        product,
        claimed: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f_35_mails_are_limited_by_the_address_that_the_gateway_saw_whatever_a_header_claims() {
    let mut gateway = gateway().await;
    let newcomer =
        |name: &str| json!({ "email": people::address(name), "password": PASSWORD, "name": "Eve" });
    let forgetful = |name: &str| json!({ "email": people::address(name) });
    let (register, forgot) = ("/v1/auth/register", "/v1/auth/forgot-password");
    for number in 0..MAILS {
        let name = format!("eve{number}");
        // Registering costs more.
        let answer = if number < 5 {
            gateway.post(register, CLIENT, &newcomer(&name)).await
        } else {
            gateway.post(forgot, CLIENT, &forgetful(&name)).await
        };
        answer.expect(202);
    }

    for _ in 0..3 {
        gateway
            .post(register, CLIENT, &newcomer("mallory"))
            .await
            .expect(429);
        gateway
            .post(forgot, CLIENT, &forgetful("mallory"))
            .await
            .expect(429);
    }
    gateway
        .post(register, ANOTHER, &newcomer("grace"))
        .await
        .expect(202);
    gateway
        .post(forgot, ANOTHER, &forgetful("grace"))
        .await
        .expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_35_sign_in_is_limited_and_noted_by_the_address_that_the_gateway_saw() {
    let mut gateway = gateway().await;
    let (login, options) = ("/v1/auth/login", "/v1/auth/passkey/options");
    let ada = json!({ "email": people::address("ada"), "password": PASSWORD, "mode": "token" });
    let mut token = Value::Null;
    for _ in 0..3 {
        token = gateway.post(login, CLIENT, &ada).await.expect(200)["access_token"].clone();
    }

    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let listed = gateway
        .call("GET", "/v1/me/sessions", CLIENT, &bearer, None)
        .await;
    let listed = listed.expect(200);
    let listed = listed["items"].as_array().unwrap();
    let of_gateway = listed.iter().filter(|item| item["kind"] == "program");
    let networks: Vec<_> = of_gateway.map(|item| item["network"].clone()).collect();
    assert_eq!(networks, [CLIENT; 3], "{listed:?}");

    // Begun sign-ins by passkeys count as well.
    for _ in 3..SIGN_INS {
        gateway.post(options, CLIENT, &json!({})).await.expect(200);
    }
    for _ in 0..3 {
        gateway.post(login, CLIENT, &ada).await.expect(429);
    }
    gateway.post(login, ANOTHER, &ada).await.expect(200);
}
