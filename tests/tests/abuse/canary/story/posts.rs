//! What goes out, what does not, and what it takes.

use aws_sdk_dynamodb::types::AttributeValue;
use cloud::queue::{Delay, Outgoing};
use domain::tenant::ROOT_TENANT;
use serde_json::json;
use testkit::{Answer, Behaviour, FakeNetwork};
use tests::product::Product;

use super::{Story, id, object_key};

const PIXELS: &[u8] = include_bytes!("../../../../../shared/networks/tests/it/pixels.png");

impl Story {
    pub(super) async fn ada_connects_accounts(&mut self) {
        let wrong = self.typed("wrong app password", "wxyz-abcd-efgh-ijkl");
        let first = self.typed("app password", "abcd-efgh-ijkl-mnop");
        self.network.takes(first);
        self.connect("ada", wrong).await.expect(422);
        for name in ["ada", "countess"] {
            let made = self.connect(name, first).await.expect(201);
            self.accounts.push(id(&made));
        }
        let second = self.typed("app password", "qrst-uvwx-yzab-cdef");
        self.network.takes(second);
        self.connect("ada", second).await.expect(200);
        let account = format!("/v1/accounts/{}", self.accounts[0]);
        self.post(&format!("{account}/check"), &json!({}))
            .await
            .expect(200);
        let credentials = json!({ "identifier": "ada", "app_password": second });
        let credentials = json!({ "credentials": credentials });
        self.post(&format!("{account}/reconnect"), &credentials)
            .await
            .expect(200);
    }

    async fn connect(&mut self, identifier: &str, password: &str) -> Answer {
        let credentials = json!({ "identifier": identifier, "app_password": password });
        let account = json!({ "network": FakeNetwork::ID, "credentials": credentials });
        let call = self.product.api.post("/v1/accounts").cookie(&self.cookie);
        let key = format!("connect {}", self.accounts.len());
        let call = call.header("idempotency-key", &key).json(&account);
        let answer = call.send().await;
        self.see("POST /v1/accounts", &answer).await;
        answer
    }

    pub(super) async fn posts_go_out(&mut self) {
        let announced = json!({
            "file_name": "loom.png",
            "content_type": "image/png",
            "bytes": PIXELS.len(),
        });
        let medium = self.post("/v1/media", &announced).await.expect(201).body;
        let key = object_key(&medium["upload"]["url"]);
        self.product.objects.upload(key, "image/png", PIXELS);
        let complete = format!("/v1/media/{}/complete", medium["id"].as_str().unwrap());
        self.post(&complete, &json!({})).await.expect(200);
        self.network.age();
        self.network.script([
            Behaviour::Accepts,
            Behaviour::LosesAnswer,
            Behaviour::EndsSession,
            Behaviour::LimitsRate(60),
            Behaviour::Processes(30),
            Behaviour::Rejects,
        ]);
        for text in ["one", "two", "three", "four", "five", "six"] {
            let account = &self.accounts[1];
            let post = json!({
                "when": { "now": true },
                "base": { "text": text, "media": [medium["id"]] },
                "targets": [{ "account_id": account }],
            });
            self.post("/v1/posts", &post).await.expect(201);
            self.minutes(2).await;
        }
        self.minutes(20).await;
        assert!(self.network.visible() >= 4, "{}", self.network.visible());
    }

    /// Neither can what is in the place of a credential be opened.
    pub(super) async fn keys_cannot_be_had(&mut self) {
        self.minutes(10).await;
        let visible = self.network.visible();
        self.product.keys.fail(true);
        let account = &self.accounts[1];
        let post = json!({
            "when": { "now": true },
            "base": { "text": "late" },
            "targets": [{ "account_id": account }],
        });
        self.post("/v1/posts", &post).await.expect(201);
        self.minutes(3).await;
        assert_eq!(self.network.visible(), visible);
        self.product.keys.fail(false);
        self.minutes(20).await;
        assert_eq!(self.network.visible(), visible + 1);
        self.swap_credentials().await;
        self.post("/v1/posts", &post).await.expect(201);
        self.minutes(3).await;
        self.swap_credentials().await;
        self.network.script([Behaviour::Revokes]);
        self.minutes(20).await;
    }

    /// As somebody could who may write to the table.
    async fn swap_credentials(&self) {
        let Product { client, table, .. } = &self.product;
        let name = &table.settings().name;
        let sort = |account: &String| AttributeValue::S(format!("ACC#{account}"));
        let partition = || AttributeValue::S(format!("T#{}#CRED", self.tenant));
        let mut sealed = Vec::new();
        for account in &self.accounts {
            let get = client.get_item().table_name(name).consistent_read(true);
            let found = get.key("PK", partition()).key("SK", sort(account));
            let item = found.send().await.unwrap().item.unwrap();
            sealed.push(item["sealed"].clone());
        }
        for (account, sealed) in self.accounts.iter().zip(sealed.into_iter().rev()) {
            let update = client.update_item().table_name(name);
            update
                .key("PK", partition())
                .key("SK", sort(account))
                .update_expression("SET sealed = :other")
                .expression_attribute_values(":other", sealed)
                .send()
                .await
                .unwrap();
        }
    }

    pub(super) async fn messages_fail(&mut self) {
        let poison = Outgoing {
            body: "not a message".to_owned(),
            tenant: ROOT_TENANT,
            delay: Delay::NONE,
        };
        let sent = self.product.publishing.waker.queue.send(&[poison]).await;
        sent.into_iter().collect::<Result<(), _>>().unwrap();
        self.minutes(30).await;
    }
}
