//! The audit log, as admins read and export it.

use domain::Clock;
use domain::membership::{AccountLimit, Permission, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::AttentionWork;
use store::audit::{AuditRecord, ChainCheck};
use testkit::http::{account_group, another_session, api_key, colleague};
use testkit::{TestMember, gate, member};

use crate::App;

impl App {
    async fn rename(&self, member: &TestMember, name: &str) {
        let path = format!("/v1/tenants/{}", member.tenant);
        let call = self.api.patch(path).by(member);
        call.json(&json!({ "name": name })).send().await.expect(200);
        self.clock.advance(SignedDuration::from_secs(60));
    }

    /// What the dispatcher does every minute.
    pub(crate) async fn seal(&self) {
        let system = self.table.system();
        let now = self.clock.now();
        for shard in 0..system.shards() {
            for entry in system.attention(shard, now, 1_000).await.unwrap() {
                if let AttentionWork::Seal { owner, event } = entry.work {
                    system.seal(owner, &[event], now).await.unwrap();
                }
            }
        }
    }

    pub(crate) async fn audit(&self, member: &TestMember, query: &str) -> Value {
        let path = format!("/v1/audit{query}");
        let answer = self.api.get(path).by(member).send().await;
        answer.expect(200).body
    }
}

fn kinds(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn audit_log_tells_who_did_what_newest_first_once_it_is_sealed() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    app.rename(&owner, "Looms").await;
    assert_eq!(app.audit(&owner, "").await["items"], json!([]));

    app.seal().await;

    let page = app.audit(&owner, "").await;
    assert_eq!(kinds(&page), ["tenant.changed", "tenant.created"]);
    let newest = &page["items"][0];
    assert_eq!(newest["seq"], 2);
    assert_eq!(newest["actor"], owner.user.to_string());
    assert_eq!(newest["subject"]["kind"], "tenant");
    assert_eq!(newest["detail"]["name"], "Looms");
    assert_eq!(newest["at"], "2026-12-01T08:00:00Z");
    assert_eq!(page["next"], Value::Null);
}

#[tokio::test]
async fn audit_log_is_read_in_pages_and_by_kind_actor_subject_and_time() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    for name in ["A", "B", "C"] {
        app.rename(&owner, name).await;
        app.seal().await;
    }

    let first = app.audit(&owner, "?limit=3").await;
    let cursor = first["next"].as_str().unwrap();
    let rest = app
        .audit(&owner, &format!("?limit=3&cursor={cursor}"))
        .await;

    assert_eq!(kinds(&first), ["tenant.changed"; 3]);
    assert_eq!(kinds(&rest), ["tenant.created"]);
    assert_eq!(rest["next"], Value::Null);
    for (query, found) in [
        ("?kind=tenant.created".to_owned(), 1),
        ("?kind=tenant".to_owned(), 4),
        ("?kind=ten".to_owned(), 0),
        (format!("?actor={}", owner.user), 4),
        ("?actor=system:tenants".to_owned(), 0),
        (format!("?subject={}", owner.tenant), 4),
        (format!("?subject={}", owner.user), 0),
        ("?from=2026-12-01T08:01:00Z".to_owned(), 2),
        ("?to=2026-12-01T08:01:00Z".to_owned(), 2),
    ] {
        let page = app.audit(&owner, &query).await;
        assert_eq!(kinds(&page).len(), found, "{query}");
    }
    let stranger = app.api.get(format!("/v1/audit?kind=post&cursor={cursor}"));
    let answer = stranger.by(&owner).send().await;
    answer.expect_problem(400, "invalid_cursor");
}

#[tokio::test]
async fn audit_log_is_for_admins_and_who_is_refused_is_in_it() {
    let app = App::new().await;
    let editor = member(&app.table, &app.clock, Role::Editor).await;
    app.clock.advance(SignedDuration::from_secs(30));

    for path in ["/v1/audit", "/v1/audit/export"] {
        let answer = app.api.get(path).by(&editor).send().await;
        answer.expect_problem(403, "forbidden");
    }
    app.seal().await;

    let tenant = app.table.tenant(&editor.scope);
    let log = tenant.audit_after(0, 10).await.unwrap().records;
    let last = &log.last().unwrap().event;
    assert_eq!(log.len(), 3);
    assert_eq!(last.kind, "access.denied");
    assert_eq!(last.actor.to_string(), editor.user.to_string());
    assert_eq!(last.detail["route"], "GET /v1/audit/export");
}

#[tokio::test]
async fn audit_log_of_another_tenant_is_never_shown() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let other = member(&app.table, &app.clock, Role::Owner).await;
    app.rename(&other, "Theirs").await;
    app.seal().await;

    let page = app.audit(&owner, "").await;

    assert_eq!(kinds(&page), ["tenant.created"]);
}

#[tokio::test]
async fn f_14_audit_log_asked_for_a_foreign_actor_or_subject_answers_as_for_an_unknown_one() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let other = member(&app.table, &app.clock, Role::Owner).await;
    for name in ["A", "B", "C"] {
        app.rename(&owner, name).await;
        app.rename(&other, name).await;
        app.seal().await;
    }
    let unknown = "usr_00000000000000000000000007";

    for filter in [
        format!("?subject={}", other.tenant),
        format!("?actor={}", other.user),
        format!("?actor={}&subject={}", owner.user, other.tenant),
        format!("?subject={}&from=2026-12-01T08:01:00Z", other.tenant),
        format!("?actor={unknown}"),
        format!("?actor=support:{unknown}"),
        "?subject=post_00000000000000000000000007&kind=post".to_owned(),
    ] {
        let answer = app.api.get(format!("/v1/audit{filter}"));
        let answer = answer.by(&owner).send().await;
        answer.expect_problem(404, "not_found");
    }
    for (filter, found) in [
        // Their own, also where nothing is found of them.
        (format!("?actor={}&kind=post", owner.user), 0),
        (format!("?subject={}", owner.user), 0),
        (
            format!("?subject={}&to=2026-12-01T07:00:00Z", owner.tenant),
            0,
        ),
        ("?actor=system:publishing".to_owned(), 0),
        (format!("?actor={}&subject={}", owner.user, owner.tenant), 4),
    ] {
        let page = app.audit(&owner, &filter).await;
        assert_eq!(kinds(&page).len(), found, "{filter}");
    }
}

#[tokio::test]
async fn f_14_search_of_the_audit_log_that_meets_nobody_ends_with_404_on_its_last_page() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    // A page reads 4 × 5 blocks; each time that is sealed makes one.
    for number in 0..24 {
        app.rename(&owner, &format!("Looms {number}")).await;
        app.seal().await;
    }
    let unknown = "usr_00000000000000000000000007";
    let search = async |actor: &str| {
        let first = app
            .audit(&owner, &format!("?actor={actor}&kind=post"))
            .await;
        assert_eq!(first["items"], json!([]));
        let cursor = first["next"].as_str().unwrap();
        let path = format!("/v1/audit?actor={actor}&kind=post&cursor={cursor}");
        app.api.get(path).by(&owner).send().await
    };

    search(unknown).await.expect_problem(404, "not_found");
    let met = search(&owner.user.to_string()).await.expect(200).body;
    assert_eq!(met["next"], Value::Null);
}

#[tokio::test]
async fn export_is_the_whole_chain_as_json_lines_and_leaves_an_event() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    app.rename(&owner, "Looms \u{1f9f5}").await;
    app.seal().await;

    let answer = app.api.get("/v1/audit/export").by(&owner).send().await;
    let answer = answer.expect(200);
    let text = answer.body.as_str().unwrap();
    let mut check = ChainCheck::default();
    for line in text.lines() {
        let record: AuditRecord = serde_json::from_str(line).unwrap();
        check.follow(&record).unwrap();
    }

    assert_eq!(check.seq(), 2);
    assert!(answer.headers.get("link").is_none());
    app.seal().await;
    assert_eq!(
        kinds(&app.audit(&owner, "?kind=audit").await),
        ["audit.exported"]
    );
    let rest = app.api.get("/v1/audit/export?after=2").by(&owner);
    let rest = rest.send().await.expect(200).body;
    assert_eq!(rest.as_str().unwrap().lines().count(), 1);
    // Whoever takes only a part takes the log, too.
    app.seal().await;
    let exports = app.audit(&owner, "?kind=audit").await;
    let from = |index: usize| &exports["items"][index]["detail"]["after"];
    assert_eq!(kinds(&exports), ["audit.exported"; 2]);
    assert_eq!((from(0), from(1)), (&json!(2), &json!(0)));
}

#[tokio::test]
async fn f_14_audit_log_is_not_for_whoever_is_limited_to_some_accounts() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let group = account_group(&app.table, &app.clock, &owner, &[]).await;
    let limit = AccountLimit::Groups([group].into());
    let role = Role::Admin.into();
    let limited = colleague(&app.table, &app.clock, &owner, role, limit).await;
    app.seal().await;
    let gate = gate(&app.table, &app.clock).await;
    let key = api_key(
        &app.table,
        &app.clock,
        &gate,
        &limited,
        [Permission::ReadAudit],
    )
    .await;

    let filter = format!("/v1/audit?subject={group}");
    for path in ["/v1/audit", &filter, "/v1/audit/export"] {
        let answer = app.api.get(path).by(&limited).send().await;
        answer.expect_problem(403, "limited_to_accounts");
    }
    // A key has no more accounts than its maker.
    let answer = app.api.get("/v1/audit").bearer(&key).send().await;
    answer.expect_problem(403, "limited_to_accounts");

    app.seal().await;
    let log = app.audit(&owner, "").await;
    assert!(!kinds(&log).contains(&"audit.exported"), "{log}");
}

#[tokio::test]
async fn id_18_export_of_the_audit_log_needs_a_recent_proof_and_no_key_has_one() {
    let app = App::new().await;
    let owner = member(&app.table, &app.clock, Role::Owner).await;
    let gate = gate(&app.table, &app.clock).await;
    let key = api_key(
        &app.table,
        &app.clock,
        &gate,
        &owner,
        [Permission::ReadAudit],
    )
    .await;
    app.clock.advance(SignedDuration::from_mins(10));
    app.seal().await;

    let late = app.api.get("/v1/audit/export").by(&owner).send().await;
    let program = app.api.get("/v1/audit/export").bearer(&key).send().await;
    let read = app.api.get("/v1/audit").bearer(&key).send().await;

    late.expect_problem(401, "insufficient_user_authentication");
    program.expect_problem(403, "person_required");
    read.expect(200);
    let fresh = another_session(&app.table, &app.clock, owner.user, Some(owner.tenant)).await;
    let export = app.api.get("/v1/audit/export").cookie(&fresh).send().await;
    export.expect(200);
}
