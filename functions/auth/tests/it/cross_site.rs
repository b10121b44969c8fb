use http::Method;
use serde_json::json;

use crate::app::{ADDRESS, App, PASSWORD};

const OWN: &str = "http://127.0.0.1:8080";

/// Status of a call with the session cookie that comes from where the headers say.
async fn status(
    app: &App,
    cookie: &str,
    method: Method,
    path: &str,
    site: Option<&str>,
    origin: Option<&str>,
) -> u16 {
    let mut call = app.api.call(method, path).header("cookie", cookie);
    if let Some(site) = site {
        call = call.header("sec-fetch-site", site);
    }
    if let Some(origin) = origin {
        call = call.header("origin", origin);
    }
    call.send().await.status.as_u16()
}

/// One route of each method that changes something.
const UNSAFE: [(Method, &str); 3] = [
    (Method::PATCH, "/v1/me"),
    (Method::DELETE, "/v1/me/sessions"),
    (Method::POST, "/v1/auth/logout"),
];

#[tokio::test]
async fn id_28_unsafe_request_with_the_cookie_must_come_from_the_dashboard() {
    let app = App::new().await;
    let cookie = app.browser().await;
    for (site, origin) in [
        (None, None),
        (None, Some("null")),
        (None, Some("https://evil.example")),
        (None, Some("http://127.0.0.1:8081")),
        (None, Some("https://127.0.0.1:8080")),
        (Some("same-site"), Some(OWN)),
        (Some("cross-site"), Some(OWN)),
        (Some("none"), None),
    ] {
        for (method, path) in UNSAFE {
            let got = status(&app, &cookie, method.clone(), path, site, origin).await;
            assert_eq!(got, 403, "{method} {path} {site:?} {origin:?}");
        }
    }
    app.me_by_cookie(&cookie).await.expect(200);
}

#[tokio::test]
async fn id_28_unsafe_request_of_the_dashboard_is_taken() {
    for (site, origin) in [
        (Some("same-origin"), None),
        (Some("same-origin"), Some(OWN)),
        (None, Some(OWN)),
    ] {
        let app = App::new().await;
        let cookie = app.browser().await;
        let got = status(&app, &cookie, Method::POST, "/v1/auth/logout", site, origin).await;
        assert_eq!(got, 204, "{site:?} {origin:?}");
    }
}

#[tokio::test]
async fn id_28_safe_request_with_the_cookie_may_come_from_anywhere() {
    let app = App::new().await;
    let cookie = app.browser().await;
    for site in [Some("cross-site"), Some("same-site"), None] {
        let got = status(&app, &cookie, Method::GET, "/v1/me", site, None).await;
        assert_eq!(got, 200, "{site:?}");
    }
}

#[tokio::test]
async fn id_28_sign_in_that_another_site_sends_is_refused() {
    let app = App::new().await;
    app.newcomer().await;
    let body = json!({ "email": ADDRESS, "password": PASSWORD });

    let call = app.api.post("/v1/auth/login").json(&body);
    let answer = call.header("sec-fetch-site", "cross-site").send().await;

    answer.expect_problem(403, "cross_site_request");
}

#[tokio::test]
async fn id_28_body_that_is_a_form_is_refused() {
    let app = App::new().await;
    let cookie = app.browser().await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let call = app.api.post("/v1/auth/switch").cookie(&cookie);
        let answer = call.raw(content_type, r#"{"tenant_id":"x"}"#).send().await;
        answer.expect_problem(415, "unsupported_media_type");
    }
}
