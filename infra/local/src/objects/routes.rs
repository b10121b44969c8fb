//! Upload and read by signed address, as browsers and programs do with the deployed store.

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use cloud::objects::{ObjectKey, ObjectStore as _};
use domain::{Error, Result};
use futures::StreamExt as _;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

use super::signature::{Signed, SignedQuery};
use super::{DiskObjects, NAME, unavailable};
use crate::folder::{rename_durably, write_durably};

/// The store's routes. A page of any origin may use an address that it has, as in the deployed store.
pub(crate) fn router(objects: DiskObjects) -> Router {
    Router::new()
        .route(
            "/local/objects/{*key}",
            get(read).put(upload).options(preflight),
        )
        .with_state(objects)
}

async fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, PUT"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn upload(
    State(objects): State<DiskObjects>,
    Path(path): Path<String>,
    api::Query(query): api::Query<SignedQuery>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let stored = async {
        let (key, (content_type, bytes)) = match objects.allowed(&path, query)? {
            Signed {
                key,
                upload: Some(terms),
                ..
            } => (key, terms),
            Signed { upload: None, .. } => return Err(forbidden("this address is for reading")),
        };
        if header(&headers, &CONTENT_TYPE) != Some(content_type.as_str()) {
            return Err(forbidden(
                "the content type is not the one that was announced",
            ));
        }
        if header(&headers, &CONTENT_LENGTH).is_some_and(|length| length != bytes.to_string()) {
            return Err(forbidden("the size is not the one that was announced"));
        }
        objects
            .store(key, &content_type, bytes, body.into_data_stream())
            .await
    };
    match stored.await {
        Ok(()) => shared(StatusCode::OK.into_response()),
        Err(error) => shared(api::Problem::from(error).into_response()),
    }
}

async fn read(
    State(objects): State<DiskObjects>,
    Path(path): Path<String>,
    api::Query(query): api::Query<SignedQuery>,
    request: Request<Body>,
) -> Response {
    let answer = async {
        let signed = objects.allowed(&path, query)?;
        if signed.upload.is_some() {
            return Err(forbidden("this address is for uploading"));
        }
        let head = objects.head(signed.key).await?;
        let head = head.ok_or(Error::NotFound { kind: "object" })?;
        let file = ServeFile::new(objects.file(signed.key));
        let Ok(answer) = file.oneshot(request).await;
        let mut answer = answer.map(Body::new);
        let content_type = HeaderValue::from_str(&head.content_type)
            .map_err(|error| Error::corrupt("content type", error))?;
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
        Ok(answer)
    };
    match answer.await {
        Ok(answer) => shared(answer),
        Err(error) => shared(api::Problem::from(error).into_response()),
    }
}

/// Uploaded bytes are a stranger's: they must never run as a page of ours.
fn shared(mut response: Response) -> Response {
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (CACHE_CONTROL, "private, max-age=300"),
    ] {
        let headers = response.headers_mut();
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

impl DiskObjects {
    /// What the address allows; refused if it is not ours, was changed or has expired.
    fn allowed(&self, path: &str, query: SignedQuery) -> Result<Signed> {
        let key: ObjectKey = path
            .parse()
            .map_err(|_| Error::NotFound { kind: "object" })?;
        let signed = Signed::verify(key, query, &self.key)
            .ok_or_else(|| forbidden("the signature of this address is not valid"))?;
        if signed.expires <= self.clock.now().as_second() {
            return Err(forbidden("this address has expired: ask for a new one"));
        }
        Ok(signed)
    }

    /// Writes beside the final name, and renames only what is complete: half an upload is never an object.
    pub(super) async fn store(
        &self,
        key: ObjectKey,
        content_type: &str,
        bytes: u64,
        body: BodyDataStream,
    ) -> Result<()> {
        let path = self.file(key);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).await.map_err(unavailable)?;
        }
        let mut token = [0_u8; 8];
        aws_lc_rs::rand::fill(&mut token).map_err(|error| Error::unavailable(NAME, error))?;
        let temporary = path.with_extension(format!("{}.part", hex::encode(token)));
        let written = write(&temporary, bytes, body).await;
        let Ok(file) = written else {
            // What is left over is not an object, and the next attempt has its own name.
            let _ = fs::remove_file(&temporary).await;
            return written.map(|_| ());
        };
        let (type_file, content_type) = (self.type_file(key), content_type.to_owned());
        let file = file.into_std().await;
        tokio::task::spawn_blocking(move || {
            write_durably(&type_file, content_type.as_bytes())?;
            rename_durably(&file, &temporary, &path)
        })
        .await
        .map_err(|error| Error::unavailable(NAME, error))?
        .map_err(unavailable)
    }
}

async fn write(path: &std::path::Path, bytes: u64, mut body: BodyDataStream) -> Result<File> {
    let mut file = File::create(path).await.map_err(unavailable)?;
    let mut written = 0_u64;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Error::malformed("the upload broke off"))?;
        written = written.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if written > bytes {
            return Err(forbidden("there are more bytes than were announced"));
        }
        file.write_all(&chunk).await.map_err(unavailable)?;
    }
    if written < bytes {
        return Err(Error::malformed(
            "there are fewer bytes than were announced",
        ));
    }
    file.flush().await.map_err(unavailable)?;
    Ok(file)
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn forbidden(detail: &str) -> Error {
    Error::Forbidden {
        code: "upload_not_allowed",
        detail: detail.to_owned(),
    }
}
