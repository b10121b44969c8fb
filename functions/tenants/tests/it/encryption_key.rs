//! The key that wraps a tenant's keys, as owners name it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_types::config_bag::ConfigBag;
use domain::membership::Role;
use domain::{KeyRefusal, KmsKeyArn};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tenants::TenantLimits;
use testkit::{Answer, OTHER_OWN_KEY, OWN_KEY, TestMember, member};

use crate::App;

fn path(owner: &TestMember) -> String {
    format!("/v1/tenants/{}/encryption-key", owner.tenant)
}

fn arn(text: &str) -> KmsKeyArn {
    text.parse().unwrap()
}

/// A table that does not answer any more once it has made one more transaction.
#[derive(Clone, Debug, Default)]
struct GoneAfterTransaction(Arc<AtomicU8>);

impl GoneAfterTransaction {
    const WAITS: u8 = 1;
    const GONE: u8 = 2;

    fn wait(&self) {
        self.0.store(Self::WAITS, Ordering::SeqCst);
    }

    /// Whether it was gone; it is back.
    fn end(&self) -> bool {
        self.0.swap(0, Ordering::SeqCst) == Self::GONE
    }
}

#[dyn_dispatch_hint]
impl Intercept for GoneAfterTransaction {
    fn name(&self) -> &'static str {
        "GoneAfterTransaction"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input();
        match self.0.load(Ordering::SeqCst) {
            Self::WAITS if input.downcast_ref::<TransactWriteItemsInput>().is_some() => {
                self.0.store(Self::GONE, Ordering::SeqCst);
                Ok(())
            }
            Self::GONE => Err("the table is gone".into()),
            _ => Ok(()),
        }
    }
}

impl App {
    async fn name_key(&self, owner: &TestMember, arn: &str) -> Answer {
        let body = json!({ "kms_key_arn": arn });
        let call = self.api.post(path(owner)).by(owner).json(&body);
        call.send().await
    }

    async fn encryption_key(&self, owner: &TestMember) -> Value {
        let call = self.api.get(path(owner)).by(owner);
        call.send().await.expect(200).body
    }

    /// What the audit log says of changes, newest first.
    async fn key_changes(&self, owner: &TestMember) -> Vec<Value> {
        self.clock.advance(SignedDuration::from_secs(60));
        self.seal().await;
        let log = self.audit(owner, "").await;
        let changes = log["items"].as_array().unwrap().iter();
        let changes = changes.filter(|item| item["kind"] == "tenant.encryption_key_changed");
        changes.map(|item| item["detail"].clone()).collect()
    }
}

#[tokio::test]
async fn encryption_key_is_the_products_until_an_owner_names_another() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;

    let before = app.encryption_key(&owner).await;
    let named = app.name_key(&owner, OWN_KEY).await.expect(200).body;
    let again = app.name_key(&owner, OWN_KEY).await.expect(200).body;
    let call = app.api.delete(path(&owner)).by(&owner);
    let removed = call.send().await.expect(200).body;

    assert_eq!(before["kms_key_arn"], Value::Null);
    assert_eq!(before["state"], "active");
    assert_eq!(named["kms_key_arn"], OWN_KEY);
    assert_eq!(named["state"], "active", "there is no secret yet");
    assert_eq!(
        (&named["remaining"], &named["problem"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(again, named);
    assert_eq!(removed["kms_key_arn"], Value::Null);
    let (own, products) = (
        json!({ "kms_key_arn": OWN_KEY }),
        json!({ "kms_key_arn": null }),
    );
    assert_eq!(
        app.key_changes(&owner).await,
        [
            json!({ "before": own, "after": products }),
            json!({ "before": products, "after": own }),
        ]
    );
}

#[tokio::test]
async fn statement_for_the_policy_of_an_own_key_is_for_this_tenant_only() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;

    let statement = &app.encryption_key(&owner).await["key_policy_statement"];

    assert_eq!(
        statement["Principal"]["AWS"],
        "arn:aws:iam::444455556666:root"
    );
    assert_eq!(
        statement["Action"],
        json!(["kms:GenerateDataKey", "kms:Decrypt"])
    );
    let context = &statement["Condition"]["StringEquals"];
    assert_eq!(context["kms:EncryptionContext:env"], "test");
    assert_eq!(context["kms:EncryptionContext:purpose"], "tenant-key");
    let tenant = owner.tenant.to_string();
    assert_eq!(context["kms:EncryptionContext:tenant"], tenant);
}

#[tokio::test]
async fn encryption_key_that_cannot_be_used_is_refused_and_nothing_is_stored() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let elsewhere = OWN_KEY.replace("eu-central-1", "us-east-1");
    let unknown = OWN_KEY.replace("1234abcd", "0000abcd");
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/ours";
    let mut codes = Vec::new();
    let mut name = async |arn: &str| {
        let refused = app.name_key(&owner, arn).await;
        let body = refused.expect_problem(422, "invalid_request").body;
        assert_eq!(body["errors"][0]["pointer"], "/kms_key_arn");
        codes.push(body["errors"][0]["code"].as_str().unwrap().to_owned());
        body["errors"][0]["message"].as_str().unwrap().to_owned()
    };

    for arn in [alias, &elsewhere, &unknown] {
        name(arn).await;
    }
    for refusal in [
        KeyRefusal::NotFound,
        KeyRefusal::Disabled,
        KeyRefusal::WrongUsage,
        KeyRefusal::AccessDenied,
    ] {
        app.keys.refuse(&arn(OWN_KEY), Some(refusal));
        let message = name(OWN_KEY).await;
        let has_statement = message.contains("kms:EncryptionContext:tenant");
        assert_eq!(has_statement, refusal == KeyRefusal::AccessDenied);
    }

    assert_eq!(
        codes,
        [
            "invalid_key_arn",
            "key_wrong_region",
            "key_not_enabled",
            "key_not_found",
            "key_disabled",
            "key_wrong_usage",
            "key_access_denied",
        ]
    );
    let key = app.encryption_key(&owner).await;
    assert_eq!(key["kms_key_arn"], Value::Null);
    assert!(app.key_changes(&owner).await.is_empty());
}

#[tokio::test]
async fn encryption_key_is_not_named_while_the_key_service_does_not_answer() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    app.keys.fail(true);

    let refused = app.name_key(&owner, OWN_KEY).await;

    refused.expect_problem(503, "unavailable");
    app.keys.fail(false);
    assert_eq!(app.encryption_key(&owner).await["kms_key_arn"], Value::Null);
}

#[tokio::test]
async fn encryption_key_that_was_named_is_answered_without_another_look_at_the_table() {
    let gone = GoneAfterTransaction::default();
    let config = testkit::table::config().await.interceptor(gone.clone());
    let app = App::on(config, TenantLimits::local()).await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;

    gone.wait();
    let named = app.name_key(&owner, OWN_KEY).await;
    assert!(gone.end());
    let shown = app.encryption_key(&owner).await;
    gone.wait();
    let removed = app.api.delete(path(&owner)).by(&owner).send().await;
    assert!(gone.end());

    assert_eq!(named.expect(200).body, shown);
    assert_eq!(shown["kms_key_arn"], OWN_KEY);
    let products = app.encryption_key(&owner).await;
    assert_eq!(removed.expect(200).body, products);
    assert_eq!(products["kms_key_arn"], Value::Null);
}

#[tokio::test]
async fn encryption_key_that_was_disabled_later_is_shown_so() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    app.name_key(&owner, OWN_KEY).await.expect(200);

    app.keys.refuse(&arn(OWN_KEY), Some(KeyRefusal::Disabled));
    let disabled = app.encryption_key(&owner).await;
    app.keys.refuse(&arn(OWN_KEY), None);
    let back = app.encryption_key(&owner).await;

    assert_eq!(disabled["problem"], "key_disabled");
    assert_eq!(back["problem"], Value::Null);
}

#[tokio::test]
async fn encryption_keys_that_are_named_at_once_leave_one_and_an_event_for_each_change() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;

    let (one, other) = tokio::join!(
        app.name_key(&owner, OWN_KEY),
        app.name_key(&owner, OTHER_OWN_KEY)
    );

    one.expect(200);
    other.expect(200);
    let last = app.encryption_key(&owner).await;
    assert!([OWN_KEY, OTHER_OWN_KEY].contains(&last["kms_key_arn"].as_str().unwrap()));
    assert_eq!(app.key_changes(&owner).await.len(), 2);
}

#[tokio::test]
async fn encryption_key_is_for_owners_only() {
    let app = App::new().await;
    for role in [Role::Admin, Role::Editor, Role::Author, Role::Viewer] {
        let somebody = member(&app.table, &app.clock, role).await;
        app.name_key(&somebody, OWN_KEY).await.expect(403);
        let call = app.api.get(path(&somebody)).by(&somebody);
        call.send().await.expect(403);
        let call = app.api.delete(path(&somebody)).by(&somebody);
        call.send().await.expect(403);
    }
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let foreign = member(&app.table, &app.clock, Role::Owner).await;
    let call = app.api.get(path(&foreign)).by(&owner);
    call.send().await.expect(404);
}
