//! Every route, once, as its function's role lets it: a call that the role forbids ends as 503.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use testkit::SoftPasskey;
use tests::caller::{Answer, Caller};

use crate::deployment::{Deployment, PIXELS, in_seconds, instant};
use crate::{consent, transfers};

const PASSWORD: &str = "correct horse battery staple";

/// A call with an idempotency key, made twice: both have the same answer.
pub(crate) async fn twice(caller: &Caller, path: &str, body: &Value) -> Value {
    let key = format!("key of {path}");
    let call = || {
        let request = caller.request("POST", path).json(body);
        caller.send(request.header("idempotency-key", &key))
    };
    let first = call().await.expect(201).body;
    let again = call().await.expect(201).body;
    assert_eq!(again["id"], first["id"], "{path}");
    first
}

/// A change of what was read last.
pub(crate) async fn change(
    caller: &Caller,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let seen = caller.get(path).await.expect(200);
    let mut request = caller
        .request(method, path)
        .header("if-match", seen.etag.unwrap());
    if let Some(body) = body {
        request = request.json(body);
    }
    caller.send(request).await
}

pub(crate) fn id(body: &Value) -> &str {
    body["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_posts_work_under_their_role() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("posts").await;
    let (_, account) = deployment.connect(&ada, "weaver").await;
    let medium = ada.upload(PIXELS, "A loom").await;
    let later = in_seconds(3_600);
    let draft = json!({
        "when": { "draft": true },
        "base": { "text": "Walk", "media": [medium] },
        "targets": [{ "account_id": account }],
    });

    ada.post("/v1/posts?dry_run=true", &draft).await.expect(200);
    let post = twice(&ada, "/v1/posts", &draft).await;
    let path = format!("/v1/posts/{}", id(&post));
    let at = json!({ "when": { "at": later.to_string() } });
    ada.post(&format!("{path}/schedule"), &at).await.expect(200);
    for act in ["hold", "resume", "unschedule"] {
        ada.post(&format!("{path}/{act}"), &json!({}))
            .await
            .expect(200);
    }
    let edit = json!({ "base": { "text": "Walk on" } });
    change(&ada, "PATCH", &path, Some(&edit)).await.expect(200);
    let copy = twice(&ada, &format!("{path}/duplicate"), &json!({})).await;
    change(&ada, "DELETE", &format!("/v1/posts/{}", id(&copy)), None)
        .await
        .expect(204);
    ada.post(&format!("{path}/schedule"), &at).await.expect(200);
    ada.post(&format!("{path}/cancel"), &json!({}))
        .await
        .expect(200);
    ada.post(&format!("{path}/retry"), &json!({}))
        .await
        .expect(409);
    let target = id(&post["targets"][0]);
    let resolution = json!({ "outcome": "not_published" });
    ada.post(&format!("{path}/targets/{target}/resolve"), &resolution)
        .await
        .expect(409);

    // What is not theirs is noted in the audit log.
    let random = format!("/v1/posts/{}", id(&post).replacen("post_0", "post_1", 1));
    ada.get(&random).await.expect(404);
    let elsewhere = json!({ "tenant_id": "ten_1000000000000000000000000z" });
    ada.post("/v1/auth/switch", &elsewhere).await.expect(404);

    let range = format!("from={}&to={}", in_seconds(-60), in_seconds(7_200));
    for read in [
        format!("{path}/timeline"),
        "/v1/posts".to_owned(),
        "/v1/posts?state=cancelled".to_owned(),
        format!("/v1/posts?account={account}"),
        format!("/v1/posts?{range}"),
        format!("/v1/calendar?{range}&zone=UTC"),
    ] {
        ada.get(&read).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_accounts_and_media_work_under_their_roles() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("accounts").await;
    let pds = deployment.pds();
    let remote = pds.create_account("spinner").await;
    let credentials = json!({
        "service": pds.service(),
        "identifier": remote.handle,
        "app_password": remote.app_password,
    });
    let new = json!({ "network": "bluesky", "credentials": credentials });

    ada.get("/v1/networks").await.expect(200);
    let state = "A".repeat(43);
    let brought = json!({ "state": state, "code": "y", "iss": "https://bsky.social" });
    ada.post("/v1/accounts/authorizations/complete", &brought)
        .await
        .expect(410);
    consent::connect(&deployment, &ada).await;
    let account = twice(&ada, "/v1/accounts", &new).await;
    let path = format!("/v1/accounts/{}", id(&account));
    ada.get("/v1/accounts").await.expect(200);
    ada.post(&format!("{path}/check"), &json!({}))
        .await
        .expect(200);
    let again = json!({ "credentials": credentials });
    ada.post(&format!("{path}/reconnect"), &again)
        .await
        .expect(200);
    let post = json!({
        "when": { "at": in_seconds(3_600).to_string() },
        "base": { "text": "Cancelled with its account" },
        "targets": [{ "account_id": id(&account) }],
    });
    let post = ada.post("/v1/posts", &post).await.expect(201).body;
    let disconnect = ada.request("DELETE", &path);
    ada.send(disconnect).await.expect(204);
    let followed = ada
        .get(&format!("/v1/posts/{}", id(&post)))
        .await
        .expect(200);
    assert_eq!(followed.body["state"], "cancelled");

    let announced = json!({
        "file_name": "loom.png",
        "content_type": "image/png",
        "bytes": PIXELS.len(),
        "alt_text": "A loom",
    });
    let medium = twice(&ada, "/v1/media", &announced).await;
    let path = format!("/v1/media/{}", id(&medium));
    ada.post(&format!("{path}/complete"), &json!({}))
        .await
        .expect(422);
    ada.get("/v1/media").await.expect(200);
    let defaults = json!({ "network": "bluesky", "options": { "langs": ["en"] } });
    let set = ada
        .request("PATCH", "/v1/networks/defaults")
        .json(&defaults);
    ada.send(set).await.expect(200);
    let edit = json!({ "alt_text": "Another loom" });
    change(&ada, "PATCH", &path, Some(&edit)).await.expect(200);
    let delete = ada.request("DELETE", &path);
    ada.send(delete).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_people_and_tenants_work_under_their_roles_for_programs() {
    let deployment = Deployment::of_this_run();
    let email = "people@example.com";
    let ada = deployment.member("people").await;

    // Who is known gets the same answer, and another mail.
    deployment.stranger().enter(email).await;
    let again = json!({ "email": email });
    ada.post("/v1/auth/resend-verification", &again)
        .await
        .expect(202);
    ada.get("/v1/me").await.expect(200);
    ada.get("/v1/tenants").await.expect(200);
    let new = json!({ "name": "Looms", "time_zone": "UTC" });
    let tenant = twice(&ada, "/v1/tenants", &new).await;
    let path = format!("/v1/tenants/{}", id(&tenant));
    let edit = json!({ "name": "Better looms" });
    change(&ada, "PATCH", &path, Some(&edit)).await.expect(200);
    security(&ada, &format!("{path}/security")).await;
    let consent = format!("{path}/support-consent");
    ada.post(&consent, &json!({ "days": 3 })).await.expect(200);
    ada.get(&consent).await.expect(200);
    let withdraw = ada.request("DELETE", &consent);
    ada.send(withdraw).await.expect(204);
    let look = json!({ "tenant_id": id(&tenant), "reason": "Ticket 1843: no post" });
    // For browsers, and people of the platform.
    ada.post("/v1/support-sessions", &look).await.expect(403);
    ada.get("/v1/audit").await.expect(200);
    let export = ada.request("GET", "/v1/audit/export").send().await;
    assert_eq!(export.unwrap().status(), 200);
    transfers::out_and_in_again(&deployment, &ada).await;
    change(&ada, "DELETE", &path, None).await.expect(204);
    ada.get("/v1/tenants/deleted").await.expect(200);
    ada.post(&format!("{path}/restore"), &json!({}))
        .await
        .expect(200);
    let login = json!({ "email": email, "password": PASSWORD, "mode": "token" });
    let login = ada.post("/v1/auth/login", &login).await.expect(200).body;
    let refresh = json!({ "refresh_token": login["refresh_token"] });
    let refreshed = ada
        .post("/v1/auth/refresh", &refresh)
        .await
        .expect(200)
        .body;
    assert_ne!(refreshed["refresh_token"], login["refresh_token"]);
    ada.post("/v1/auth/logout", &json!({})).await.expect(204);
}

/// What a tenant asks of whoever acts in it.
async fn security(owner: &Caller, path: &str) {
    let factor = json!({ "requires_second_factor": true });
    // Who requires it must have one.
    change(owner, "PATCH", path, Some(&factor))
        .await
        .expect(422);
    let seen = owner.get(path).await.expect(200).body;
    // Owners are told of both, which is owed in the same transaction.
    for addresses in [json!([{ "range": seen["your_address"] }]), json!([])] {
        let edit = json!({ "allowed_addresses": addresses });
        change(owner, "PATCH", path, Some(&edit)).await.expect(200);
        let now = owner.get(path).await.expect(200).body;
        let listed = now["allowed_addresses"].as_array().unwrap().len();
        assert_eq!(listed, addresses.as_array().unwrap().len());
    }
}

/// The dashboard's way: a cookie in place of a token.
struct Browser {
    caller: Caller,
    cookie: String,
}

impl Browser {
    async fn send(&mut self, request: RequestBuilder) -> Answer {
        let request = request
            .header("cookie", &self.cookie)
            .header("origin", "https://app.example.com")
            .header("sec-fetch-site", "same-origin");
        let answer = self.caller.send(request).await;
        if let Some(cookie) = &answer.cookie {
            cookie
                .split(';')
                .next()
                .unwrap()
                .clone_into(&mut self.cookie);
        }
        answer
    }

    async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let request = self.caller.request("POST", path).json(body);
        self.send(request).await
    }

    /// The life of a passkey.
    async fn passkeys(&mut self) {
        let mut passkey = SoftPasskey::new("phone", "https://app.example.com");
        let path = "/v1/me/passkeys";
        let options = format!("{path}/options");
        let options = self.post(&options, &json!({})).await.expect(200).body;
        let body = json!({ "name": "Phone", "registration": passkey.create(&options) });
        let made = self.post(path, &body).await.expect(201).body;
        let proof = "/v1/auth/reauthenticate";
        let options = format!("{proof}/options");
        let options = self.post(&options, &json!({})).await.expect(200).body;
        let body = json!({ "passkey": passkey.get(&options) });
        self.post(proof, &body).await.expect(200);
        let sign_in = "/v1/auth/passkey";
        let options = format!("{sign_in}/options");
        let options = self.post(&options, &json!({})).await.expect(200).body;
        let body = json!({ "assertion": passkey.get(&options) });
        self.post(sign_in, &body).await.expect(200);
        let own = format!("{path}/{}", id(&made["passkey"]));
        let name = json!({ "name": "Old phone" });
        let rename = self.caller.request("PATCH", &own).json(&name);
        self.send(rename).await.expect(204);
        let list = self.caller.request("GET", path);
        self.send(list).await.expect(200);
        let remove = self.caller.request("DELETE", &own);
        self.send(remove).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_people_and_tenants_work_under_their_roles_for_browsers() {
    let deployment = Deployment::of_this_run();
    deployment.member("browser").await;
    let mut browser = Browser {
        caller: deployment.stranger(),
        cookie: String::new(),
    };
    let login = json!({ "email": "browser@example.com", "password": PASSWORD, "mode": "cookie" });
    let new = json!({ "name": "Looms", "time_zone": "UTC" });

    let request = browser
        .caller
        .request("POST", "/v1/auth/login")
        .json(&login);
    browser.send(request).await.expect(200);
    let request = browser.caller.request("GET", "/v1/me");
    browser.send(request).await.expect(200);
    browser.passkeys().await;
    let request = browser.caller.request("POST", "/v1/tenants").json(&new);
    let tenant = browser.send(request).await.expect(201).body;
    let switch = json!({ "tenant_id": tenant["id"] });
    let request = browser
        .caller
        .request("POST", "/v1/auth/switch")
        .json(&switch);
    browser.send(request).await.expect(200);
    let request = browser.caller.request("GET", "/v1/tenants");
    browser.send(request).await.expect(200);
    let request = browser
        .caller
        .request("POST", "/v1/auth/logout")
        .json(&json!({}));
    browser.send(request).await.expect(204);
    let request = browser.caller.request("GET", "/v1/me");
    browser.send(request).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn account_that_may_not_post_any_more_fails_its_posts_and_its_person_hears_of_it() {
    let deployment = Deployment::of_this_run();
    let ada = deployment.member("lost").await;
    let (remote, account) = deployment.connect(&ada, "lost").await;
    let new = |seconds| {
        json!({
            "when": { "at": in_seconds(seconds).to_string() },
            "base": { "text": "Not to be seen" },
            "targets": [{ "account_id": account }],
        })
    };
    // Long enough for a busy machine to deactivate the account before it.
    let soon = ada.post("/v1/posts", &new(25)).await.expect(201).body;
    let later = ada.post("/v1/posts", &new(3_600)).await.expect(201).body;
    deployment.pds().deactivate(&remote).await;

    let longest = std::time::Duration::from_mins(2);
    let failed = ada
        .wait_for(id(&soon), longest, |post| post["state"] == "failed")
        .await;
    let checked = ada
        .post(&format!("/v1/accounts/{account}/check"), &json!({}))
        .await
        .expect(200)
        .body;
    ada.wait_for(id(&later), longest, |post| post["state"] == "held")
        .await;
    deployment
        .eventually("a mail about each", async || {
            // One says how to register.
            (deployment.mails_to("lost@example.com").await.len() == 3).then_some(())
        })
        .await;

    let error = &failed["targets"][0]["error"];
    assert_eq!(error["code"], "account_not_active");
    assert_eq!(checked["state"], "reconnect_needed");
    assert!(instant(&later["targets"][0]["due_at"]) > in_seconds(60));
}
