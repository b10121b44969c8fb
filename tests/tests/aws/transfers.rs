//! An export, from the request to its file, and an import of that file; the timer's own runs may come in between.

use serde_json::{Value, json};
use tests::caller::Caller;

use crate::deployment::{Deployment, PIXELS};
use crate::routes::id;

pub(crate) async fn out_and_in_again(deployment: &Deployment, ada: &Caller) {
    let (_, account) = deployment.connect(ada, "traveller").await;
    let medium = ada.upload(PIXELS, "A loom").await;
    let post = json!({
        "when": { "draft": true },
        "base": { "text": "Walk", "media": [medium] },
        "targets": [{ "account_id": account }],
    });
    ada.post("/v1/posts", &post).await.expect(201);

    let files = export(deployment, ada).await;
    let import = announce(ada, &files).await;
    for (upload, file) in import["uploads"].as_array().unwrap().iter().zip(&files) {
        send(deployment, upload, download(deployment, file).await).await;
    }
    let path = format!("/v1/imports/{}", id(&import));
    let checked = step(deployment, ada, &path, "check", "checked").await;
    assert_eq!(checked["counts"]["media"], 1, "{checked}");
    let done = step(deployment, ada, &path, "apply", "done").await;
    assert_eq!(done["counts"]["media"], 1, "{done}");

    import_of_a_file_that_nobody_uploads(deployment, ada).await;
}

/// The files of an export of everything.
async fn export(deployment: &Deployment, ada: &Caller) -> Vec<Value> {
    let wanted = ada.post("/v1/exports", &json!({})).await.expect(202).body;
    let path = format!("/v1/exports/{}", id(&wanted));
    deployment.invoke("transfers", "timer/transfers.json");
    let export = eventually(deployment, ada, &path, "ready").await;
    let listed = ada.get("/v1/exports").await.expect(200).body;
    assert_eq!(listed["items"][0], export);
    let links = ada.post(&format!("{path}/links"), &json!({})).await;
    let links = links.expect(200).body;
    let files = links["items"].as_array().unwrap().clone();
    assert_eq!(files.len(), 1);
    files
}

async fn announce(ada: &Caller, files: &[Value]) -> Value {
    let volumes: Vec<Value> = files
        .iter()
        .map(|file| json!({ "bytes": file["bytes"], "sha256": file["sha256"] }))
        .collect();
    let volumes = json!({ "volumes": volumes });
    ada.post("/v1/imports", &volumes).await.expect(201).body
}

async fn download(deployment: &Deployment, file: &Value) -> Vec<u8> {
    let client = deployment.client().build().unwrap();
    let answer = client.get(file["url"].as_str().unwrap()).send().await;
    let answer = answer.unwrap().error_for_status().unwrap();
    answer.bytes().await.unwrap().into()
}

async fn send(deployment: &Deployment, upload: &Value, bytes: Vec<u8>) {
    let client = deployment.client().build().unwrap();
    let mut request = client.put(upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    let answer = request.body(bytes).send().await.unwrap();
    answer.error_for_status().unwrap();
}

async fn step(deployment: &Deployment, ada: &Caller, path: &str, step: &str, state: &str) -> Value {
    let begun = ada.post(&format!("{path}/{step}"), &json!({})).await;
    begun.expect(202);
    deployment.invoke("transfers", "timer/transfers.json");
    eventually(deployment, ada, path, state).await
}

async fn eventually(deployment: &Deployment, ada: &Caller, path: &str, state: &str) -> Value {
    let reached = async || {
        let found = ada.get(path).await.expect(200).body;
        (found["state"] == state).then_some(found)
    };
    let what = format!("{path}: {state}");
    deployment.eventually(&what, reached).await
}

async fn import_of_a_file_that_nobody_uploads(deployment: &Deployment, ada: &Caller) {
    let missing = json!({ "bytes": 70, "sha256": "0".repeat(64) });
    let import = announce(ada, &[missing]).await;
    let path = format!("/v1/imports/{}", id(&import));
    let begun = ada.post(&format!("{path}/check"), &json!({})).await;
    begun.expect(202);
    ada.get("/v1/imports").await.expect(200);
    let import = eventually(deployment, ada, &path, "failed").await;
    assert_eq!(import["fault"], "volume_missing");
    let apply = ada.post(&format!("{path}/apply"), &json!({})).await;
    apply.expect(409);
}
