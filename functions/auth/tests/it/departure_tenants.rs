//! What becomes of tenants whose members' accounts end.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::membership::Role;
use domain::tenant::{Tenant, TenantState};
use domain::{Clock as _, EventId, OperationId};
use futures::future::join_all;
use serde_json::Value;
use store::Admitted;
use testkit::TestMember;

use crate::app::{App, text};
use crate::departure::{Stored, admit, delete_me, finish, items, other, owned, user_of};

#[tokio::test]
async fn last_owner_must_hand_over_or_delete_what_they_own_before_their_account_ends() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let user = user_of(&app, &cookie).await;
    let looms = owned(&app, user, "Looms").await;
    owned(&app, user, "Engines").await;

    let refused = delete_me(&app, &cookie).await;

    let body = refused.expect_problem(409, "owns_workspaces").body;
    let detail = text(&body, "detail");
    assert!(
        detail.contains("Looms") && detail.contains("Engines"),
        "{detail}"
    );
    app.me_by_cookie(&cookie).await.expect(200);
    let members = app.table.tenant(&looms.scope).members_used().await;
    assert_eq!(members.unwrap(), 1);
}

#[tokio::test]
async fn person_who_leaves_is_counted_and_remembered_in_no_tenant_any_more() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let user = user_of(&app, &cookie).await;
    let grace = user_of(&app, &other(&app).await).await;
    let owned_by_both = owned(&app, user, "Looms").await;
    admit(&app, &owned_by_both, grace, Role::Owner).await;
    let of_grace = owned(&app, grace, "Compilers").await;
    admit(&app, &of_grace, user, Role::Editor).await;

    delete_me(&app, &cookie).await.expect(204);

    for place in [&owned_by_both, &of_grace] {
        let tenant = app.table.tenant(&place.scope);
        assert_eq!(tenant.members_used().await.unwrap(), 1);
        assert!(tenant.membership(user).await.unwrap().is_none());
        let events = items(&app, &format!("T#{}#EVT", place.tenant)).await;
        let kinds = events.iter().map(|event| event["event"].as_s().unwrap());
        let removed = kinds.filter(|kind| *kind == "member.removed").count();
        assert_eq!(removed, 1);
    }
    // Who is left is the last owner.
    let leaving = app.table.system().leavings(grace, None).await.unwrap();
    assert!(leaving.iter().all(store::Leaving::needs_them));
}

#[tokio::test]
async fn person_with_very_many_tenants_leaves_all_of_them() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let user = user_of(&app, &cookie).await;
    let grace = user_of(&app, &other(&app).await).await;
    let mut places = Vec::new();
    for number in 0..34 {
        let place = owned(&app, grace, &format!("Tenant {number}")).await;
        assert_eq!(
            admit(&app, &place, user, Role::Author).await,
            Admitted::Done
        );
        places.push(place);
    }

    delete_me(&app, &cookie).await.expect(204);

    for place in places {
        let tenant = app.table.tenant(&place.scope);
        assert_eq!(tenant.members_used().await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_stays_where_both_delete_themselves_64_times_at_once() {
    let app = App::new().await;
    let cookies = [app.browser().await, other(&app).await];
    let mut users = Vec::new();
    for cookie in &cookies {
        users.push(user_of(&app, cookie).await);
    }
    let place = owned(&app, users[0], "Looms").await;
    admit(&app, &place, users[1], Role::Owner).await;

    let calls = (0..64).map(|number| delete_me(&app, &cookies[number % 2]));
    let answers = join_all(calls).await;

    let gone = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(gone, 1);
    let refusals: BTreeSet<u16> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    // The one who is gone, the one who stays, and whoever met too many others.
    assert!(
        refusals.is_subset(&BTreeSet::from([204, 401, 409, 412, 503])),
        "{refusals:?}"
    );
    let tenant = app.table.tenant(&place.scope);
    assert_eq!(tenant.members_used().await.unwrap(), 1);
    let mut left = Vec::new();
    for cookie in &cookies {
        left.extend((app.me_by_cookie(cookie).await.status == 200).then_some(cookie));
    }
    let refused = delete_me(&app, left.pop().unwrap()).await;
    refused.expect_problem(409, "owns_workspaces");
    assert!(left.is_empty());
}

#[tokio::test]
async fn owner_of_a_deleted_tenant_goes_and_nobody_takes_it_back() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let user = user_of(&app, &cookie).await;
    let place = owned(&app, user, "Looms").await;
    delete_tenant(&app, &place).await;

    delete_me(&app, &cookie).await.expect(204);

    assert!(finish(&app).await);
    let table = app.table.tenant(&place.scope);
    let deleted = table.head().await.unwrap();
    let restored = Tenant {
        state: TenantState::Active,
        version: deleted.version + 1,
        ..deleted
    };
    let event = event(&app, &place, EventKind::TenantRestored);
    let back = table.restore_head(&restored, user, &event).await;
    assert!(matches!(back, Err(domain::Error::StaleVersion)), "{back:?}");
}

#[tokio::test]
async fn person_whose_account_ended_joins_nothing() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let user = user_of(&app, &cookie).await;
    let grace = user_of(&app, &other(&app).await).await;
    let place = owned(&app, grace, "Compilers").await;
    delete_me(&app, &cookie).await.expect(204);

    let admitted = admit(&app, &place, user, Role::Owner).await;

    assert_eq!(admitted, Admitted::Stale);
}

/// The index did not know of it yet.
#[tokio::test]
async fn tenant_that_was_made_right_before_is_left_or_deleted_by_the_follow_up() {
    let app = App::new().await;
    let cookie = app.browser().await;
    let user = user_of(&app, &cookie).await;
    let grace = user_of(&app, &other(&app).await).await;
    let own = owned(&app, user, "Looms").await;
    let joined = owned(&app, user, "Engines").await;
    admit(&app, &joined, grace, Role::Admin).await;
    let of_grace = owned(&app, grace, "Compilers").await;
    admit(&app, &of_grace, user, Role::Editor).await;
    let mut late = Vec::new();
    for place in [&own, &joined, &of_grace] {
        let members = items(&app, &format!("T#{}", place.tenant)).await;
        let sort = AttributeValue::S(format!("MEM#{user}"));
        let membership = members.into_iter().find(|item| item["SK"] == sort).unwrap();
        let mut unknown = membership.clone();
        unknown.retain(|name, _| !name.starts_with("mem_"));
        put(&app, unknown).await;
        late.push(membership);
    }
    delete_me(&app, &cookie).await.expect(204);
    for membership in late {
        put(&app, membership).await;
    }

    assert!(finish(&app).await);

    for ownerless in [&own, &joined] {
        let tenant = app.table.tenant(&ownerless.scope).head().await.unwrap();
        assert_eq!(tenant.state, TenantState::Deleted);
    }
    let left = app.table.tenant(&of_grace.scope);
    assert!(left.membership(user).await.unwrap().is_none());
    assert_eq!(left.members_used().await.unwrap(), 1);
}

async fn put(app: &App, item: Stored) {
    let put = app.client.put_item().table_name(&app.table.settings().name);
    put.set_item(Some(item)).send().await.unwrap();
}

fn event(app: &App, place: &TestMember, kind: EventKind) -> Event {
    Event {
        id: EventId::generate(app.table.ids()),
        owner: Owner::Tenant(place.tenant),
        at: app.clock.now(),
        kind,
        actor: Actor::User(place.user),
        subject: Subject::Tenant(place.tenant),
        origin: None,
        detail: Value::Null,
        operation: OperationId::generate(app.table.ids()),
    }
}

async fn delete_tenant(app: &App, place: &TestMember) {
    let table = app.table.tenant(&place.scope);
    let live = table.head().await.unwrap();
    let deleted = Tenant {
        state: TenantState::Deleted,
        version: live.version + 1,
        updated_at: app.clock.now(),
        ..live
    };
    let event = event(app, place, EventKind::TenantDeleted);
    let done = table.delete_head(&deleted, place.user, &event).await;
    done.unwrap();
}
