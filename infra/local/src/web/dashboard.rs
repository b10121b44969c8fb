//! The built dashboard, as its static host serves it.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Error;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

use super::content_security_policy;

/// The build names these files by their content: they never change.
const HASHED: &str = "/_app/immutable/";
const SCRIPT: &str = "<script>";

/// Serves files of the build; every other path of a page is answered with the dashboard's one document.
#[derive(Clone, Debug)]
pub(crate) struct Dashboard {
    folder: PathBuf,
    policy: HeaderValue,
}

impl Dashboard {
    /// The build in `folder`. Where it is missing, pages say how to make it.
    pub(crate) fn open(folder: &Path) -> Self {
        let document = std::fs::read_to_string(folder.join("index.html")).unwrap_or_default();
        let policy = content_security_policy(&inline_scripts(&document));
        Self {
            folder: folder.to_owned(),
            policy: HeaderValue::from_str(&policy)
                .unwrap_or(HeaderValue::from_static("default-src 'self'")),
        }
    }

    /// Answers a request of any path.
    pub(crate) async fn serve(&self, request: Request<Body>) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return api::Problem::from(Error::MethodNotAllowed).into_response();
        }
        let path = request.uri().path().to_owned();
        let Ok(answer) = ServeDir::new(&self.folder).oneshot(request).await;
        let mut response = if answer.status() == StatusCode::NOT_FOUND {
            self.document(&path).await
        } else {
            answer.map(Body::new)
        };
        self.add_headers(&path, &mut response);
        response
    }

    /// A path with an extension names a file, which is then missing: scripts must not get a page in its place.
    async fn document(&self, path: &str) -> Response {
        let last = path.rsplit('/').next().unwrap_or_default();
        if last.contains('.') || path.starts_with("/_app/") {
            return api::Problem::from(Error::NotFound { kind: "file" }).into_response();
        }
        match tokio::fs::read(self.folder.join("index.html")).await {
            Ok(document) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], document).into_response(),
            Err(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                [(CONTENT_TYPE, "text/plain; charset=utf-8")],
                "The dashboard is not built: start with `make run`. The API works all the same: see /docs.\n",
            )
                .into_response(),
        }
    }

    fn add_headers(&self, path: &str, response: &mut Response) {
        let caching = if response.status() == StatusCode::OK && path.starts_with(HASHED) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in [
            (CACHE_CONTROL, caching),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (REFERRER_POLICY, "strict-origin-when-cross-origin"),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
            (
                HeaderName::from_static("permissions-policy"),
                "camera=(), geolocation=(), microphone=()",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// The build's start script stands in the document itself: the policy allows exactly its text, by its hash.
fn inline_scripts(document: &str) -> Vec<String> {
    document
        .split(SCRIPT)
        .skip(1)
        .filter_map(|rest| rest.split("</script>").next())
        .map(|script| {
            let hash = STANDARD.encode(digest(&SHA256, script.as_bytes()));
            format!("'sha256-{hash}'")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn get(dashboard: &Dashboard, path: &str) -> (StatusCode, String, String, String) {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = dashboard.serve(request).await;
        let header = |name| {
            let value: Option<&HeaderValue> = response.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let (kind, caching) = (header(CONTENT_TYPE), header(CACHE_CONTROL));
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (
            status,
            kind,
            caching,
            String::from_utf8(body.into()).unwrap(),
        )
    }

    fn built() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let hashed = folder.path().join("_app/immutable");
        std::fs::create_dir_all(&hashed).unwrap();
        std::fs::write(folder.path().join("index.html"), "<script>start()</script>").unwrap();
        std::fs::write(hashed.join("start.abc.js"), "export {}").unwrap();
        folder
    }

    #[tokio::test]
    async fn path_of_a_page_is_answered_with_the_document() {
        let folder = built();
        let dashboard = Dashboard::open(folder.path());

        for path in ["/", "/posts/post_1", "/accounts"] {
            let (status, kind, caching, body) = get(&dashboard, path).await;

            assert_eq!(status, StatusCode::OK);
            assert!(kind.starts_with("text/html"), "{kind}");
            assert_eq!(caching, "no-cache");
            assert_eq!(body, "<script>start()</script>");
        }
    }

    #[tokio::test]
    async fn hashed_file_is_cached_for_ever() {
        let folder = built();

        let (status, kind, caching, _) = get(
            &Dashboard::open(folder.path()),
            "/_app/immutable/start.abc.js",
        )
        .await;

        assert_eq!(status, StatusCode::OK);
        assert_eq!(kind, "text/javascript");
        assert_eq!(caching, "public, max-age=31536000, immutable");
    }

    #[tokio::test]
    async fn missing_file_is_not_answered_with_the_document() {
        let folder = built();
        let dashboard = Dashboard::open(folder.path());

        for path in [
            "/_app/immutable/gone.js",
            "/favicon.ico",
            "/..%2f..%2fetc/passwd.txt",
        ] {
            assert_eq!(
                get(&dashboard, path).await.0,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn missing_build_is_explained() {
        let folder = tempfile::tempdir().unwrap();

        let (status, _, _, body) = get(&Dashboard::open(folder.path()), "/").await;

        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("make run"));
    }

    #[test]
    fn policy_allows_the_start_script_by_its_hash_only() {
        let scripts = inline_scripts("<script>start()</script><script src=\"x.js\"></script>");

        assert_eq!(scripts.len(), 1);
        assert!(content_security_policy(&scripts).contains(&scripts[0]));
        assert!(!content_security_policy(&scripts).contains("script-src 'self' 'unsafe"));
    }
}
