//! That each look ends once in the tenant's log, whatever ends it.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::people;

use super::{CURRENT, Desk, allow, begin};
use crate::roles::must_be_allowed;

const MINUTE: SignedDuration = SignedDuration::from_secs(61);

impl Desk {
    /// Begins another look by the same consent.
    async fn look(&self, by: &str) -> String {
        let begun = begin(&self.product, &self.tenant, by).await;
        begun.expect(201).cookie()
    }

    /// The dispatcher finds out a minute later.
    async fn a_minute_later(&self) {
        self.product.clock.advance(MINUTE);
        self.tick().await;
    }

    async fn withdraw(&self) {
        let path = format!("/v1/tenants/{}/support-consent", self.tenant);
        let call = self.product.api.delete(&path).cookie(&self.ada);
        call.send().await.expect(204);
    }

    /// Begins and ends of looks in the log, the oldest first, whoever is still signed in.
    async fn looks(&mut self) -> (usize, Vec<Value>) {
        self.tick().await;
        self.ada = people::sign_in(&self.product, "ada").await;
        let mut entries = self.log("support").await;
        entries.reverse();
        let begun = entries
            .iter()
            .filter(|entry| entry["kind"] == "support.begun");
        let begun = begun.count();
        entries.retain(|entry| entry["kind"] == "support.ended");
        (begun, entries)
    }
}

fn reasons(ends: &[Value]) -> Vec<&str> {
    let reasons = ends.iter().map(|end| end["detail"]["reason"].as_str());
    reasons.map(Option::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_every_end_of_a_look_is_in_the_log_with_its_reason() {
    let (mut desk, cookie) = Desk::looking().await;
    let joan = people::supporter(&desk.product, "joan").await;
    let user = desk.me(&cookie).await["user"]["id"].clone();
    let mary = desk.leave(&cookie).await;

    let cookie = desk.look(&mary).await;
    desk.withdraw().await;
    let mary = desk.leave(&cookie).await;
    allow(&desk.product, &desk.tenant, &desk.ada).await;

    let cookie = desk.look(&mary).await;
    let member = format!("/v1/members/{}", user.as_str().unwrap());
    for role in ["editor", "admin"] {
        let body = json!({ "role": role });
        let changed = desk.call(Method::PATCH, &member, &joan, &body).await;
        changed.expect(200);
        desk.a_minute_later().await;
        // What the log says is over does not come back with the right.
        let refused = desk.posts(&cookie).await;
        refused.expect_problem(403, "support_ended");
    }
    let mary = desk.leave(&cookie).await;

    let cookie = desk.look(&mary).await;
    let tenant = format!("/v1/tenants/{}", desk.tenant);
    let delete = desk.product.api.delete(&tenant).cookie(&desk.ada);
    delete.send().await.expect(204);
    desk.a_minute_later().await;
    let restore = format!("{tenant}/restore");
    let none = json!({});
    let restored = desk.call(Method::POST, &restore, &desk.ada, &none).await;
    restored.expect(200);
    let mary = desk.leave(&cookie).await;

    let cookie = desk.look(&mary).await;
    let logout = desk.call(Method::POST, "/v1/auth/logout", &cookie, &none);
    logout.await.expect(204);
    desk.a_minute_later().await;

    desk.look(&joan).await;
    desk.product.clock.advance(SignedDuration::from_mins(59));
    desk.tick().await;
    assert_eq!(desk.looks().await.1.len(), 5, "the sixth is not over yet");
    desk.a_minute_later().await;

    let (begun, ends) = desk.looks().await;
    let expected = [
        "left",
        "revoked",
        "right_lost",
        "tenant_closed",
        "signed_out",
        "expired",
    ];
    assert_eq!(reasons(&ends), expected);
    assert_eq!(begun, ends.len());
    assert_eq!(
        ends[0]["actor"],
        format!("support:{}", user.as_str().unwrap())
    );
    assert_eq!(ends[1]["actor"], desk.me(&desk.ada).await["user"]["id"]);
    for end in &ends[2..] {
        assert_eq!(end["actor"], "system:support");
    }
    for end in &ends[..5] {
        assert_eq!(end["detail"]["supporter"]["user"], user);
    }
    must_be_allowed(&desk.product);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_42_look_that_two_end_at_once_has_one_end() {
    let (mut desk, cookie) = Desk::looking().await;

    let leave = desk.product.api.delete(CURRENT).cookie(&cookie).send();
    let (left, ()) = tokio::join!(leave, desk.withdraw());

    let mary = left.expect(204).cookie();
    let (begun, ends) = desk.looks().await;
    assert_eq!((begun, ends.len()), (1, 1), "{ends:?}");
    allow(&desk.product, &desk.tenant, &desk.ada).await;
    desk.look(&mary).await;
    desk.product.clock.advance(SignedDuration::from_hours(1));
    tokio::join!(desk.a_minute_later(), desk.a_minute_later());
    let (begun, ends) = desk.looks().await;
    assert_eq!((begun, ends.len()), (2, 2), "{ends:?}");
    assert_eq!(reasons(&ends)[1], "expired");
}
