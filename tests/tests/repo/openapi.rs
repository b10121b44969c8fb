//! The API's document: a reviewed snapshot, from which the dashboard's types are made.

use std::path::PathBuf;

use local::{Host, Settings};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::files;

/// Where the snapshot is.
const SNAPSHOT: &str = "web/openapi.json";

/// The snapshot.
pub(crate) fn snapshot() -> Value {
    serde_json::from_str(&files::text(SNAPSHOT)).unwrap()
}

/// The document that the merged routers of all functions describe.
async fn merged() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        port: 0,
        data_dir: folder.path().join("state"),
        web_dir: PathBuf::from("none"),
    };
    let host = Host::open(&settings).await.unwrap();
    let url = format!("http://{}/openapi.json", host.address());
    let (stop, stopped) = oneshot::channel::<()>();
    let read = async {
        let answer = reqwest::get(url).await.unwrap();
        let document = answer.json().await.unwrap();
        stop.send(()).unwrap();
        document
    };
    let stopped = async {
        stopped.await.unwrap();
    };
    let ((), document) = tokio::join!(host.run(stopped), read);
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_snapshot_equals_the_merged_routers() {
    let merged = merged().await;
    #[expect(clippy::disallowed_methods, reason = "how `make openapi` asks for it")]
    let is_update = std::env::var("UPDATE_OPENAPI").is_ok();
    if is_update {
        let text = serde_json::to_string_pretty(&merged).unwrap() + "\n";
        std::fs::write(files::at(SNAPSHOT), text).unwrap();
    }

    assert!(
        snapshot() == merged,
        "{SNAPSHOT} is not what the routes say: run `make openapi` and review the difference"
    );
}
