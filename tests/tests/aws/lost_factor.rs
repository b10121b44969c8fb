//! A member lost their second factor, and a manager of the tenant lets them start over. That it works three days later
//! is told elsewhere: a deployment has no clock to move.

use serde_json::json;
use testkit::SoftPasskey;
use tests::caller::Caller;

use crate::deployment::Deployment;

const PASSWORD: &str = "correct horse battery staple";
const DASHBOARD: &str = "https://app.example.com";

/// `member` is where the owner of the tenant finds the person, who signs in with this address.
pub(crate) async fn start_over(
    deployment: &Deployment,
    owner: &Caller,
    (person, email): (&Caller, &str),
    member: &str,
) {
    let factor = format!("{member}/second-factor");
    let reset = format!("{factor}/reset");
    let missing = owner.post(&reset, &json!({})).await.expect(409);
    assert_eq!(missing.body["code"], "no_second_factor");
    let mut passkey = SoftPasskey::new("lost phone", DASHBOARD);
    let passkeys = "/v1/me/passkeys";
    let options = person
        .post(&format!("{passkeys}/options"), &json!({}))
        .await;
    let registration = passkey.create(&options.expect(200).body);
    let new = json!({ "name": "Lost phone", "registration": registration });
    person.post(passkeys, &new).await.expect(201);

    let stranger = deployment.stranger();
    let lost = json!({ "email": email, "password": PASSWORD });
    let asked = stranger.post("/v1/auth/lost-second-factor", &lost).await;
    asked.expect(202);
    owner.post(&reset, &json!({})).await.expect(201);
    let state = owner.get(&factor).await.expect(200).body;
    assert!(state["reset"].is_object(), "{state}");
    let token = deployment.token_of(email, "reset-second-factor", 1).await;
    let link = json!({ "token": token });
    let early = stranger.post("/v1/auth/reset-second-factor", &link).await;
    assert_eq!(early.expect(409).body["code"], "reset_too_early");
    owner
        .send(owner.request("DELETE", &reset))
        .await
        .expect(204);
    let stop = "/v1/auth/stop-second-factor-reset";
    stranger.post(stop, &link).await.expect(204);
}
