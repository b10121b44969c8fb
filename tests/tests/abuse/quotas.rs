//! Sixty-four who want what there is room for only forty times: a quota is counted in the transaction of the act, so it is
//! never exceeded, nothing of a refused act is there, and what is given back is there for the next one.

use domain::event::Actor;
use domain::membership::{AccountLimit, Membership, Role};
use domain::tenant::Limits;
use domain::{Clock as _, Error, Result, UserId};
use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::{Act, Admission, Admitted, MemberSaved, TenantTable};
use testkit::http::{member_of, tenant};
use testkit::{Answer, FakeNetwork, TestMember};
use tests::product::Product;

const AT_ONCE: usize = 64;
const ROOM: usize = 40;
/// What one medium has.
const BYTES: u64 = 100;

/// Somebody whose plan has little room.
struct Plan {
    product: Product,
    owner: TestMember,
}

impl Plan {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Limits)) -> Self {
        let product = Product::new().await;
        let room = ROOM as u64;
        let mut tenant = tenant(&product.table, &product.clock);
        tenant.limits = Limits {
            accounts: room,
            members: room,
            posts_per_month: room,
            targets_per_month: room,
            media_bytes: room * BYTES,
        };
        change(&mut tenant.limits);
        let user = UserId::generate(product.table.ids());
        let owner = member_of(&product.table, &product.clock, user, &tenant, Role::Owner).await;
        Self { product, owner }
    }

    fn table(&self) -> TenantTable<'_> {
        self.product.table.tenant(&self.owner.scope)
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let call = self.product.api.post(path).by(&self.owner);
        call.json(body).send().await
    }

    async fn delete(&self, path: &str) {
        let call = self.product.api.call(Method::DELETE, path);
        call.by(&self.owner).send().await.expect(204);
    }

    /// So many calls at once, of which as many succeed as there is room for; what was made.
    async fn fill(&self, path: &str, bodies: Vec<Value>, room: usize, quota: &str) -> Vec<String> {
        let answers = join_all(bodies.iter().map(|body| self.post(path, body))).await;
        let mut made = Vec::new();
        let mut left = Vec::new();
        for answer in answers {
            if answer.status == 201 {
                left.push(left_of(&answer, quota));
                made.push(answer.body["id"].as_str().unwrap().to_owned());
            } else {
                answer.expect_problem(402, "plan_limit");
            }
        }
        assert_eq!(made.len(), room, "{path}");
        assert_eq!(left.iter().min(), Some(&0), "{quota} is told to be used up");
        made
    }
}

/// What an answer tells to be left of a quota.
fn left_of(answer: &Answer, quota: &str) -> u64 {
    let begin = format!("\"{quota}\";r=");
    let values = answer.headers.get_all("ratelimit").into_iter();
    let mut texts = values.filter_map(|value| value.to_str().unwrap().strip_prefix(&begin));
    texts.next().unwrap().parse().unwrap()
}

fn account(number: usize) -> Value {
    let named = json!({ "identifier": format!("loom{number}") });
    json!({ "network": FakeNetwork::ID, "credentials": named })
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_of_accounts_is_not_exceeded_by_64_at_once_and_given_back_by_disconnecting() {
    let plan = Plan::new().await;
    let wishes = (0..AT_ONCE).map(account).collect();

    let made = plan.fill("/v1/accounts", wishes, ROOM, "accounts").await;

    assert_eq!(plan.table().accounts_used().await.unwrap(), ROOM as u64);
    let listed = plan.table().account_page(None, 200).await.unwrap();
    assert_eq!(listed.accounts.len(), ROOM, "nothing of a refused act");
    plan.delete(&format!("/v1/accounts/{}", made[0])).await;
    assert_eq!(plan.table().accounts_used().await.unwrap(), ROOM as u64 - 1);
    let more = (AT_ONCE..2 * AT_ONCE).map(account).collect();
    plan.fill("/v1/accounts", more, 1, "accounts").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_of_bytes_is_not_exceeded_by_64_at_once_and_given_back_by_deletion() {
    let plan = Plan::new().await;
    let medium = json!({ "file_name": "a.png", "content_type": "image/png", "bytes": BYTES });
    let wishes = || vec![medium.clone(); AT_ONCE];

    let made = plan.fill("/v1/media", wishes(), ROOM, "media-bytes").await;

    let used = || async { plan.table().media_bytes_used().await.unwrap() };
    assert_eq!(used().await, ROOM as u64 * BYTES);
    let listed = plan.table().media_page(None, 200).await.unwrap();
    assert_eq!(listed.media.len(), ROOM, "nothing of a refused act");
    plan.delete(&format!("/v1/media/{}", made[0])).await;
    assert_eq!(used().await, (ROOM as u64 - 1) * BYTES);
    plan.fill("/v1/media", wishes(), 1, "media-bytes").await;
}

/// Posts are counted in the month in which they are made: what is cancelled or deleted stays counted.
#[tokio::test(flavor = "multi_thread")]
async fn f_28_quota_of_posts_is_not_exceeded_by_64_at_once_and_counts_what_was_made_in_the_month() {
    let plan = Plan::new().await;
    let connected = plan.post("/v1/accounts", &account(0)).await.expect(201);
    let post = |number: usize| {
        let when = match number % 2 {
            0 => json!({ "draft": true }),
            _ => json!({ "at": "2026-12-24T09:00:00Z" }),
        };
        json!({
            "when": when,
            "base": { "text": format!("Walk {number}") },
            "targets": [{ "account_id": connected.body["id"] }],
        })
    };
    let wishes = (0..AT_ONCE).map(post).collect();

    let made = plan.fill("/v1/posts", wishes, ROOM, "posts").await;

    let used = || async {
        let now = plan.product.clock.now();
        let [month] = plan.table().months_used([now]).await.unwrap();
        month.posts
    };
    assert_eq!(used().await, ROOM as u64);
    let (listed, _) = plan.table().post_ids(None, 500).await.unwrap();
    assert_eq!(listed.len(), ROOM, "nothing of a refused act");
    for id in &made {
        let path = format!("/v1/posts/{id}");
        let read = plan.product.api.get(&path).by(&plan.owner).send().await;
        if read.expect(200).body["state"] == "draft" {
            plan.delete(&path).await;
        } else {
            let cancelled = plan.post(&format!("{path}/cancel"), &json!({})).await;
            cancelled.expect(200);
        }
    }
    assert_eq!(used().await, ROOM as u64);
    let more = plan.post("/v1/posts", &post(0)).await;
    more.expect_problem(402, "plan_limit");
    let january = "2027-01-01T00:00:00Z".parse().unwrap();
    let [january] = plan.table().months_used([january]).await.unwrap();
    assert_eq!(january.posts, 0);
}

/// Targets are counted in the month in which they are due: what is cancelled is given back, and other months have room.
#[tokio::test(flavor = "multi_thread")]
async fn quota_of_targets_is_not_exceeded_by_64_at_once_and_given_back_by_cancelling() {
    let plan = Plan::with(|limits| limits.posts_per_month = 2 * AT_ONCE as u64).await;
    let connected = plan.post("/v1/accounts", &account(0)).await.expect(201);
    let post = |when: &Value| {
        json!({
            "when": when,
            "base": { "text": "Walk" },
            "targets": [{ "account_id": connected.body["id"] }],
        })
    };
    let january = json!({ "at": "2027-01-24T09:00:00Z" });
    let drafts = vec![post(&json!({ "draft": true })); AT_ONCE];
    let drafts = join_all(drafts.iter().map(|draft| plan.post("/v1/posts", draft))).await;
    let drafts = drafts
        .into_iter()
        .map(|made| made.expect(201).body["id"].clone());
    let drafts: Vec<String> = drafts.map(|id| id.as_str().unwrap().to_owned()).collect();

    let wishes = vec![post(&january); AT_ONCE];
    let made = plan.fill("/v1/posts", wishes, ROOM, "targets").await;

    let used = || async {
        let month = "2027-01-01T00:00:00Z".parse().unwrap();
        let [month] = plan.table().months_used([month]).await.unwrap();
        month.targets
    };
    assert_eq!(used().await, ROOM as u64);
    let schedule_all = |when: Value| {
        let schedule = drafts
            .iter()
            .map(|draft| format!("/v1/posts/{draft}/schedule"));
        let (paths, plan) = (schedule.collect::<Vec<_>>(), &plan);
        async move { join_all(paths.iter().map(|path| plan.post(path, &when))).await }
    };
    for refused in schedule_all(json!({ "when": january })).await {
        refused.expect_problem(402, "plan_limit");
    }
    let cancel = format!("/v1/posts/{}/cancel", made[0]);
    plan.post(&cancel, &json!({})).await.expect(200);
    assert_eq!(used().await, ROOM as u64 - 1);
    let answers = schedule_all(json!({ "when": january })).await;
    let scheduled: Vec<_> = answers.iter().filter(|one| one.status == 200).collect();
    assert_eq!(scheduled.len(), 1);
    assert_eq!(left_of(scheduled[0], "targets"), 0);
    assert_eq!(used().await, ROOM as u64);
    let february = json!({ "when": { "at": "2027-02-24T09:00:00Z" } });
    let answers = schedule_all(february).await;
    let scheduled = answers.iter().filter(|one| one.status == 200);
    let left = scheduled.map(|answer| left_of(answer, "targets")).min();
    assert_eq!(left, Some(0), "another month has room of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_of_members_is_not_exceeded_by_64_at_once_and_given_back_by_removal() {
    let plan = Plan::new().await;
    let act = Act {
        actor: Actor::User(plan.owner.user),
        at: plan.product.clock.now(),
    };
    let member = || Membership {
        tenant: plan.owner.tenant,
        user: UserId::generate(plan.product.table.ids()),
        role: Role::Viewer.into(),
        limit: AccountLimit::Unlimited,
        version: 1,
        created_at: act.at,
    };
    let admit = async |membership: Membership| {
        let admission = Admission {
            membership: &membership,
            members_max: ROOM as u64,
            held: &[],
            invitation: None,
        };
        let admitted = plan.table().admit_member(&admission, &act).await;
        admitted.map(|admitted| (admitted, membership))
    };
    let all = async |number: usize| {
        let members: Vec<Membership> = (0..number).map(|_| member()).collect();
        join_all(members.into_iter().map(&admit)).await
    };
    let done = |all: Vec<Result<(Admitted, Membership)>>| {
        let mut done = Vec::new();
        for one in all {
            match one {
                Ok((Admitted::Done, member)) => done.push(member),
                Err(Error::QuotaExceeded { limit, .. }) => assert_eq!(limit, ROOM as u64),
                other => panic!("{other:?}"),
            }
        }
        done
    };

    let admitted = done(all(AT_ONCE).await);

    // The owner has a place, too.
    assert_eq!(admitted.len(), ROOM - 1);
    let used = || async { plan.table().members_used().await.unwrap() };
    assert_eq!(used().await, ROOM as u64);
    let listed = plan.table().member_page(None, 200).await.unwrap();
    assert_eq!(listed.members.len(), ROOM, "nothing of a refused act");
    let removed = plan.table().remove_member(&admitted[0], &[], &act).await;
    assert_eq!(removed.unwrap(), MemberSaved::Done);
    assert_eq!(used().await, ROOM as u64 - 1);
    assert_eq!(done(all(AT_ONCE).await).len(), 1);
}
