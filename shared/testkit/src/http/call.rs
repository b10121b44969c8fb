//! Routes, calls of them, and answers.

use std::sync::Arc;

use api::ClientAddress;
use api::edge::{Edge, finish};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;
use utoipa_axum::router::OpenApiRouter;

use super::TestMember;
use crate::clock::{FixedRandom, TestClock};

/// Routes with the edge around them.
#[derive(Clone, Debug)]
pub struct TestApi {
    router: Router,
}

/// A call that is being put together.
#[derive(Debug)]
pub struct Call<'a> {
    api: &'a TestApi,
    request: http::request::Builder,
    body: Body,
}

/// What a call was answered with.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; `null` if it is empty or an image, a text if it is JSON Lines.
    pub body: Value,
    /// The body.
    pub bytes: Bytes,
}

impl TestApi {
    /// The routes behind their edge.
    pub fn new(routes: OpenApiRouter, clock: &TestClock) -> Self {
        let (router, _) = routes.split_for_parts();
        let edge = Edge {
            clock: Arc::new(clock.clone()),
            random: Arc::new(FixedRandom::new(23)),
        };
        Self::of(finish(router, edge))
    }

    /// Routes that have their edge already.
    pub fn of(router: Router) -> Self {
        Self { router }
    }

    /// A call of a path, query included.
    pub fn call(&self, method: Method, path: impl AsRef<str>) -> Call<'_> {
        Call {
            api: self,
            request: Request::builder().method(method).uri(path.as_ref()),
            body: Body::empty(),
        }
    }

    /// `GET`
    pub fn get(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// `POST`
    pub fn post(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::POST, path)
    }

    /// `PUT`
    pub fn put(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    /// `PATCH`
    pub fn patch(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    /// `DELETE`
    pub fn delete(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::DELETE, path)
    }
}

impl Call<'_> {
    /// As somebody's browser sends it from the dashboard.
    #[must_use]
    pub fn by(self, member: &TestMember) -> Self {
        self.cookie(&member.cookie)
    }

    /// As a browser with this cookie (`name=value`) sends it from the dashboard.
    #[must_use]
    pub fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
    }

    /// As a program with this access token sends it.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// As a host that knows the caller's address hands it over.
    #[must_use]
    pub fn from_address(mut self, address: &str) -> Self {
        let address = address.parse().expect("an address");
        self.request = self.request.extension(ClientAddress(address));
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// With any body.
    #[must_use]
    pub fn raw(self, content_type: &str, body: impl Into<Body>) -> Self {
        let mut call = self.header("content-type", content_type);
        call.body = body.into();
        call
    }

    /// Makes the call.
    pub async fn send(self) -> Answer {
        let request = self.request.body(self.body).expect("a valid request");
        let router = self.api.router.clone();
        let response = router.oneshot(request).await.expect("routers never fail");
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a complete body");
        let kind = head.headers.get("content-type");
        let is_lines = kind.is_some_and(|kind| kind == "application/jsonl");
        let is_image = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"image/"));
        let body = if is_lines {
            Value::from(std::str::from_utf8(&bytes).expect("a text"))
        } else if bytes.is_empty() || is_image {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                panic!("not JSON ({error}): {}", String::from_utf8_lossy(&bytes))
            })
        };
        Answer {
            status: head.status,
            headers: head.headers,
            body,
            bytes,
        }
    }
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// Checks that it is a problem with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.body["code"], code, "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        answer
    }

    /// `name=value` of the cookie that the answer sets.
    #[track_caller]
    pub fn cookie(&self) -> String {
        let header = self.headers.get("set-cookie").expect("a cookie is set");
        let text = header.to_str().expect("a readable cookie");
        text.split(';').next().unwrap_or_default().to_owned()
    }
}
