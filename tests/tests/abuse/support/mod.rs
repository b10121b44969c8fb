//! People of the platform who look into a tenant with its consent: ID-42.

mod begin;
mod consent;
mod ended;
mod ends;
mod inside;
mod log;
mod routes;

use http::Method;
use serde_json::{Value, json};
use testkit::Answer;
use tests::people;
use tests::product::Product;

const SESSIONS: &str = "/v1/support-sessions";
const CURRENT: &str = "/v1/support-sessions/current";
const REASON: &str = "Ticket 1843: a post did not go out";
const READS_ONLY: &str = "support_read_only";

/// Ada owns a tenant; Mary supports others for the platform.
struct Desk {
    product: Product,
    tenant: String,
    ada: String,
    mary: String,
}

impl Desk {
    async fn new() -> Self {
        let product = Product::new().await;
        let cookie = people::enter(&product, "ada").await;
        let new = json!({ "name": "Analytical Engines", "time_zone": "UTC" });
        let call = product.api.post("/v1/tenants").cookie(&cookie).json(&new);
        let made = call.send().await.expect(201);
        Self {
            ada: made.cookie(),
            tenant: made.body["id"].as_str().unwrap().to_owned(),
            mary: people::supporter(&product, "mary").await,
            product,
        }
    }

    /// The same with a consent, and Mary in the tenant: her cookie there.
    async fn looking() -> (Self, String) {
        let desk = Self::new().await;
        allow(&desk.product, &desk.tenant, &desk.ada).await;
        let cookie = begin(&desk.product, &desk.tenant, &desk.mary).await;
        let cookie = cookie.expect(201).cookie();
        (desk, cookie)
    }

    async fn posts(&self, cookie: &str) -> Answer {
        self.product
            .api
            .get("/v1/posts")
            .cookie(cookie)
            .send()
            .await
    }

    async fn me(&self, cookie: &str) -> Value {
        let call = self.product.api.get("/v1/me").cookie(cookie);
        call.send().await.expect(200).body
    }

    async fn call(&self, method: Method, path: &str, cookie: &str, body: &Value) -> Answer {
        let call = self.product.api.call(method, path).cookie(cookie);
        call.json(body).send().await
    }

    /// Leaves the tenant; the next cookie.
    async fn leave(&self, cookie: &str) -> String {
        let call = self.product.api.delete(CURRENT).cookie(cookie);
        call.send().await.expect(204).cookie()
    }

    /// One run of the dispatcher.
    async fn tick(&self) {
        for shard in 0..self.product.table.system().shards() {
            let run = dispatch::backlog(&self.product.dispatch, shard).await;
            run.unwrap();
        }
    }

    /// What ada reads of it in the log of her tenant, once it is sealed; the newest first.
    async fn log(&self, kind: &str) -> Vec<Value> {
        self.tick().await;
        let path = format!("/v1/audit?kind={kind}");
        let read = self.product.api.get(path).cookie(&self.ada).send().await;
        read.expect(200).body["items"].as_array().unwrap().clone()
    }
}

async fn allow(product: &Product, tenant: &str, owner: &str) {
    let path = format!("/v1/tenants/{tenant}/support-consent");
    let call = product
        .api
        .post(path)
        .cookie(owner)
        .json(&json!({ "days": 3 }));
    call.send().await.expect(200);
}

async fn begin(product: &Product, tenant: &str, by: &str) -> Answer {
    let body = json!({ "tenant_id": tenant, "reason": REASON });
    let call = product.api.post(SESSIONS).cookie(by);
    call.json(&body).send().await
}
