//! The function, its table and its objects.

use std::sync::Arc;

use cloud::objects::{ObjectKey, ObjectStore as _};
use domain::MediaId;
use domain::membership::Role;
use media::Ctx;
use serde_json::{Value, json};
use store::Table;
use testkit::{Answer, MemoryObjects, TestApi, TestClock, TestMember};

pub(crate) struct App {
    pub(crate) api: TestApi,
    pub(crate) table: Table,
    pub(crate) clock: TestClock,
    pub(crate) objects: Arc<MemoryObjects>,
}

impl App {
    pub(crate) async fn start() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let table = testkit::table(&clock).await;
        let objects = MemoryObjects::new();
        let ctx = Ctx::new(
            testkit::gate(&table, &clock).await,
            table.clone(),
            Arc::new(clock.clone()),
            Arc::clone(&objects) as Arc<_>,
        );
        Self {
            api: TestApi::new(media::router(ctx), &clock),
            table,
            clock,
            objects,
        }
    }

    pub(crate) async fn author(&self) -> TestMember {
        testkit::member(&self.table, &self.clock, Role::Author).await
    }

    pub(crate) async fn announce(&self, by: &TestMember, kind: &str, bytes: usize) -> Answer {
        self.announce_body(by, &announcement(kind, bytes)).await
    }

    pub(crate) async fn announce_body(&self, by: &TestMember, body: &Value) -> Answer {
        self.api.post("/v1/media").by(by).json(body).send().await
    }

    /// Announces the bytes and uploads them; the id.
    pub(crate) async fn upload(&self, by: &TestMember, kind: &str, bytes: &[u8]) -> String {
        let announced = self.announce(by, kind, bytes.len()).await.expect(201);
        let id = announced.body["id"].as_str().unwrap().to_owned();
        self.put(by, &id, kind, bytes);
        id
    }

    /// What a client does with the address of the announcement.
    pub(crate) fn put(&self, by: &TestMember, id: &str, kind: &str, bytes: &[u8]) {
        let key = ObjectKey::upload(by.tenant, id.parse().unwrap());
        self.objects.upload(key, kind, bytes.to_vec());
    }

    pub(crate) async fn complete(&self, by: &TestMember, id: &str) -> Answer {
        let path = format!("/v1/media/{id}/complete");
        self.api.post(path).by(by).send().await
    }

    /// Uploads and completes.
    pub(crate) async fn bring(&self, by: &TestMember, kind: &str, bytes: &[u8]) -> Answer {
        let id = self.upload(by, kind, bytes).await;
        self.complete(by, &id).await
    }

    pub(crate) async fn read(&self, by: &TestMember, id: &str) -> Answer {
        self.api.get(format!("/v1/media/{id}")).by(by).send().await
    }

    pub(crate) async fn delete(&self, by: &TestMember, id: &str) -> Answer {
        self.api
            .delete(format!("/v1/media/{id}"))
            .by(by)
            .send()
            .await
    }

    /// The bytes that the publisher would send.
    pub(crate) async fn kept(&self, by: &TestMember, id: &str) -> Option<Vec<u8>> {
        let media: MediaId = id.parse().unwrap();
        let key = ObjectKey::new(by.tenant, media);
        let bytes = self.objects.get(key, u64::MAX).await.unwrap();
        bytes.map(|bytes| bytes.to_vec())
    }

    pub(crate) async fn used(&self, by: &TestMember) -> u64 {
        let used = self.table.tenant(&by.scope).media_bytes_used().await;
        used.unwrap()
    }
}

pub(crate) fn announcement(kind: &str, bytes: usize) -> Value {
    json!({ "file_name": "dawn.png", "content_type": kind, "bytes": bytes, "alt_text": "Dawn" })
}
