//! What leaves with her, and comes in again.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::{Story, id, object_key};
use crate::canary::watch::Place;
use crate::roles::must_be_allowed;

/// The files of the export are whole for whoever checks them at home; one that was changed is named.
fn verify(volumes: &[Bytes]) {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (number, bytes) in volumes.iter().enumerate() {
        let file = folder.path().join(format!("{number:06}.zip"));
        std::fs::write(&file, bytes).unwrap();
        files.push(file.display().to_string());
    }
    local::export::verify_export(&files).unwrap();
    let last = files.last().unwrap();
    let mut changed = volumes.last().unwrap().to_vec();
    changed[100] ^= 1;
    std::fs::write(last, changed).unwrap();
    let refused = local::export::verify_export(&files).unwrap_err();
    assert!(refused.to_string().contains(last), "{refused}");
}

impl Story {
    /// And in again, as somebody does with another workspace.
    pub(super) async fn ada_takes_everything_with_her(&mut self) {
        self.prove().await;
        let wanted = self.post("/v1/exports", &json!({})).await.expect(202);
        transfers::run(&self.product.transfers).await.unwrap();
        let links = format!("/v1/exports/{}/links", id(&wanted));
        let links = self.post(&links, &json!({})).await.expect(200).body;
        let mut volumes = Vec::new();
        let mut announced = Vec::new();
        for file in links["items"].as_array().unwrap() {
            let bytes = self.stored_at(&file["url"]);
            self.watch.see_bytes(Place::Exports, "volume", &bytes);
            volumes.push(bytes);
            announced.push(json!({ "bytes": file["bytes"], "sha256": file["sha256"] }));
        }
        assert!(!volumes.is_empty());
        verify(&volumes);
        let announced = json!({ "volumes": announced });
        let import = self.post("/v1/imports", &announced).await.expect(201).body;
        for (upload, bytes) in import["uploads"].as_array().unwrap().iter().zip(volumes) {
            let key = object_key(&upload["url"]);
            self.product.objects.upload(key, "application/zip", bytes);
        }
        let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
        for (step, state) in [("check", "checked"), ("apply", "done")] {
            let begun = self.post(&format!("{path}/{step}"), &json!({})).await;
            begun.expect(202);
            transfers::run(&self.product.transfers).await.unwrap();
            let import = self.call(Method::GET, &path, &Value::Null).await;
            let import = import.expect(200).body;
            assert_eq!(import["state"], state, "{import}");
        }
        must_be_allowed(&self.product);
    }

    /// The bytes that an address of the store leads to.
    fn stored_at(&self, address: &Value) -> Bytes {
        let key = object_key(address);
        let all = self.product.objects.all().into_iter();
        let mut found = all.filter(|(stored, ..)| *stored == key);
        found.next().unwrap().2
    }
}
