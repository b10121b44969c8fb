//! What a tenant asks of whoever acts in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::membership::{AccountLimit, Role};
use domain::notice::{Notice, NoticeCause};
use domain::{Clock, UserId};
use engine::Notifier;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::AttentionWork;
use testkit::http::{colleague, register};
use testkit::{Answer, Mailbox, TestMember, member};

use crate::App;

const OFFICE: &str = "203.0.113.7";

async fn patch(app: &App, by: &TestMember, body: &Value) -> Answer {
    let path = format!("/v1/tenants/{}/security", by.tenant);
    let call = app.api.patch(path).by(by).from_address(OFFICE);
    call.json(body).send().await
}

async fn get(app: &App, by: &TestMember) -> Answer {
    let path = format!("/v1/tenants/{}/security", by.tenant);
    let call = app.api.get(path).by(by).from_address(OFFICE);
    call.send().await
}

#[tokio::test]
async fn security_is_changed_one_by_one_and_taken_back() {
    let app = App::new().await;
    let admin = member(&app.table, &app.clock, Role::Admin).await;
    let before = get(&app, &admin).await.expect(200);
    assert_eq!(
        before.body,
        json!({
            "requires_second_factor": false,
            "allowed_addresses": [],
            "session_hours": null,
            "idle_minutes": null,
            "your_address": OFFICE,
            "is_your_address_allowed": true,
        })
    );

    let addresses = json!({ "allowed_addresses": [
        { "range": " 203.0.113.0/24", "note": " Office " },
        { "range": "2001:db8::/32" },
        { "range": "::ffff:198.51.100.0/120", "note": "Depot" },
    ] });
    patch(&app, &admin, &addresses).await.expect(200);
    let times = json!({ "session_hours": 12, "idle_minutes": 30 });
    let changed = patch(&app, &admin, &times).await.expect(200);

    let after = get(&app, &admin).await.expect(200);
    assert_eq!(after.headers["etag"], changed.headers["etag"]);
    assert_eq!(
        after.body["allowed_addresses"],
        json!([
            { "range": "203.0.113.0/24", "note": "Office" },
            { "range": "2001:db8::/32", "note": "" },
            { "range": "198.51.100.0/24", "note": "Depot" },
        ])
    );
    assert_eq!(after.body["session_hours"], 12);
    assert_eq!(after.body["idle_minutes"], 30);
    let nothing = json!({ "allowed_addresses": [], "session_hours": null, "idle_minutes": null });
    patch(&app, &admin, &nothing).await.expect(200);
    assert_eq!(get(&app, &admin).await.expect(200).body, before.body);
}

#[tokio::test]
async fn security_is_for_those_who_manage_the_tenant() {
    let app = App::new().await;
    let editor = member(&app.table, &app.clock, Role::Editor).await;

    get(&app, &editor).await.expect_problem(403, "forbidden");
    let times = json!({ "session_hours": 12 });
    let refused = patch(&app, &editor, &times).await;
    refused.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn security_that_was_changed_meanwhile_is_not_overwritten() {
    let app = App::new().await;
    let admin = member(&app.table, &app.clock, Role::Admin).await;
    let seen = get(&app, &admin).await.expect(200).headers["etag"].clone();
    let times = json!({ "session_hours": 12 });
    patch(&app, &admin, &times).await.expect(200);

    let path = format!("/v1/tenants/{}/security", admin.tenant);
    let call = app.api.patch(path).by(&admin).from_address(OFFICE);
    let call = call.header("if-match", seen.to_str().unwrap());
    let late = call.json(&json!({ "session_hours": 1 })).send().await;

    late.expect_problem(412, "stale_version");
    assert_eq!(get(&app, &admin).await.body["session_hours"], 12);
}

#[tokio::test]
async fn security_that_is_wrong_is_named_by_its_place() {
    let app = App::new().await;
    let admin = member(&app.table, &app.clock, Role::Admin).await;
    let list = |ranges: &[&str]| {
        let ranges = ranges.iter().map(|range| json!({ "range": range }));
        json!({ "allowed_addresses": ranges.collect::<Vec<_>>() })
    };
    let many: Vec<String> = (0..51).map(|last| format!("203.0.113.{last}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let noted = |note: &str| json!({ "allowed_addresses": [{ "range": OFFICE, "note": note }] });
    for (body, pointer, code) in [
        (list(&many), "/allowed_addresses", "too_many"),
        (
            list(&[OFFICE, "203.0.113.1/24"]),
            "/allowed_addresses/1/range",
            "invalid_address",
        ),
        (
            list(&[OFFICE, "::ffff:203.0.113.7"]),
            "/allowed_addresses/1/range",
            "duplicate_range",
        ),
        (
            list(&["198.51.100.0/24"]),
            "/allowed_addresses",
            "own_address_missing",
        ),
        (
            noted(&"a".repeat(61)),
            "/allowed_addresses/0/note",
            "invalid_note",
        ),
        (noted("a\nb"), "/allowed_addresses/0/note", "invalid_note"),
        (
            json!({ "session_hours": 0 }),
            "/session_hours",
            "out_of_range",
        ),
        (
            json!({ "session_hours": 721 }),
            "/session_hours",
            "out_of_range",
        ),
        (
            json!({ "idle_minutes": 14 }),
            "/idle_minutes",
            "out_of_range",
        ),
        (
            json!({ "idle_minutes": 61 }),
            "/idle_minutes",
            "out_of_range",
        ),
    ] {
        let answer = patch(&app, &admin, &body).await;
        let answer = answer.expect_problem(422, "invalid_request");
        let error = &answer.body["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code))
        );
    }
    let fifty = patch(&app, &admin, &list(&many[..50])).await;
    fifty.expect(200);
}

#[tokio::test]
async fn change_of_security_is_one_event_that_says_what_was_before() {
    let app = App::new().await;
    let admin = member(&app.table, &app.clock, Role::Admin).await;
    let hours = json!({ "session_hours": 12 });
    patch(&app, &admin, &hours).await.expect(200);
    app.clock.advance(SignedDuration::from_secs(1));
    let both = json!({ "session_hours": 8, "allowed_addresses": [{ "range": OFFICE }] });
    patch(&app, &admin, &both).await.expect(200);
    // It is so already.
    patch(&app, &admin, &both).await.expect(200);

    app.clock.advance(SignedDuration::from_mins(1));
    app.seal().await;
    let call = app.api.get("/v1/audit?kind=tenant.security_changed");
    let page = call.by(&admin).from_address(OFFICE).send().await;
    let items = page.expect(200).body["items"].clone();
    let newest_first = items.as_array().unwrap().iter();
    let mut events: Vec<Value> = newest_first.map(|item| item["detail"].clone()).collect();
    events.reverse();
    let list = json!([{ "range": OFFICE, "note": "" }]);
    assert_eq!(
        events,
        [
            json!({ "session_hours": 12, "before": { "session_hours": null } }),
            json!({
                "session_hours": 8,
                "allowed_addresses": list,
                "before": { "session_hours": 12, "allowed_addresses": [] },
            }),
        ]
    );
}

/// Mails that are owed to people.
async fn owed(app: &App) -> Vec<Notice> {
    let system = app.table.system();
    let soon = app.clock.now() + SignedDuration::from_mins(2);
    let mut owed = Vec::new();
    for shard in 0..system.shards() {
        for entry in system.attention(shard, soon, 100).await.unwrap() {
            if let AttentionWork::Notice(id) = entry.work {
                owed.extend(system.owed_notice(id).await.unwrap());
            }
        }
    }
    owed
}

#[tokio::test]
async fn owners_are_told_of_other_addresses_once_and_of_nothing_else() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let all = AccountLimit::Unlimited;
    let [second, admin] = [Role::Owner, Role::Admin].map(|role| {
        let (owner, all) = (&owner, all.clone());
        let (table, clock) = (&app.table, &app.clock);
        async move { colleague(table, clock, owner, role.into(), all).await }
    });
    let (second, admin) = (second.await, admin.await);
    register(&app.table, &app.clock, &owner).await;
    let office = json!({ "allowed_addresses": [{ "range": OFFICE, "note": "Office" }] });
    let elsewhere = json!({ "allowed_addresses": [{ "range": "198.51.100.7" }] });

    let times = json!({ "session_hours": 12, "idle_minutes": 30 });
    patch(&app, &admin, &times).await.expect(200);
    patch(&app, &admin, &elsewhere).await.expect(422);
    assert_eq!(owed(&app).await, []);
    let changed = patch(&app, &admin, &office).await.expect(200);
    // The same once more.
    patch(&app, &admin, &office).await.expect(200);

    let notices = owed(&app).await;
    let told: BTreeSet<UserId> = notices.iter().map(|notice| notice.user).collect();
    assert_eq!(told, BTreeSet::from([owner.user, second.user]));
    assert_eq!(notices.len(), 2);
    assert_eq!(changed.headers["etag"], "\"3\"");
    let cause = NoticeCause::AllowedAddressesChanged {
        tenant: owner.tenant,
        version: 3,
    };
    assert!(notices.iter().all(|notice| notice.cause == cause));
    let mailbox = Mailbox::default();
    let notifier = Notifier {
        table: app.table.clone(),
        mailer: Arc::new(mailbox.clone()),
        clock: Arc::new(app.clock.clone()),
        dashboard: "https://app.example".to_owned(),
    };
    for notice in &notices {
        notifier.send_owed(notice.id).await.unwrap();
    }
    assert_eq!(owed(&app).await, []);
    let mails = mailbox.to(&format!("{}@example.com", owner.user));
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("Analytical Engines"), "{mails:?}");
    // Where an owner whose address was left out can set them again.
    assert!(
        mails[0]
            .text
            .contains("https://app.example/settings/workspace"),
        "{mails:?}"
    );
}
