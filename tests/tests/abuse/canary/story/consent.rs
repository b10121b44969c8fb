//! An account that is connected by its network's consent page.

use http::Method;
use serde_json::{Value, json};
use testkit::FakeNetwork;

use super::{Story, id};
use crate::canary::watch::MeantFor;

const PAGES: &str = "/v1/accounts/authorizations";

impl Story {
    /// What the network knows of it, verifiers, codes and tokens, is learnt of the network.
    pub(super) async fn ada_agrees_at_consent_pages(&mut self) {
        let complete = format!("{PAGES}/complete");
        let mut forged = self.agrees().await;
        forged["iss"] = json!("https://evil.test");
        // The page that this code is of stays open.
        let other = self.agrees().await;
        let mut stolen = self.agrees().await;
        stolen["code"] = other["code"].clone();
        for brought in [forged, stolen] {
            self.post(&complete, &brought).await.expect(422);
        }
        let brought = self.agrees().await;
        let made = self.post(&complete, &brought).await.expect(201);
        self.post(&complete, &brought).await.expect(410);
        let account = format!("/v1/accounts/{}", id(&made));
        self.call(Method::DELETE, &account, &Value::Null)
            .await
            .expect(204);
    }

    /// What the browser brings back. Only the answer that opened the page may have the state, in the page's address.
    async fn agrees(&mut self) -> Value {
        let wish = json!({ "network": FakeNetwork::ID });
        let page = self.post(PAGES, &wish).await.expect(201).body;
        let address = page["authorize_url"].as_str().unwrap();
        let brought = self.network.agree(address, "grace");
        let state = brought["state"].as_str().unwrap();
        self.watch.learn("state", state, MeantFor::ItsMaker);
        brought
    }
}
