//! A post with one delivery, as tests need it.

use domain::delivery::acts::Plan;
use domain::delivery::{Delivery, Target};
use domain::event::{Actor, EventKind, Subject};
use domain::membership::Role;
use domain::network::NetworkId;
use domain::post::{Body, Content, Override, Post, TargetContent};
use domain::preflight::{Validated, validate};
use domain::schedule::Schedule;
use domain::tenant::{Limits, TimeZoneName};
use domain::{AccountId, Clock, DeliveryId, PostId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Act, Commit, NewPost, Table, TenantScope};

use crate::clock::TestClock;
use crate::http::member;

/// How late a post may go out.
pub const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(6);

/// A tenant with an account.
#[derive(Clone, Debug)]
pub struct Owner {
    /// What it reaches.
    pub scope: TenantScope,
    /// Who writes its posts.
    pub user: domain::UserId,
    /// Where they go.
    pub account: AccountId,
    /// The account's network.
    pub network: NetworkId,
}

/// A fresh tenant.
pub async fn owner(table: &Table, clock: &TestClock) -> Owner {
    let member = member(table, clock, Role::Owner).await;
    Owner {
        scope: member.scope,
        user: member.user,
        account: AccountId::generate(table.ids()),
        network: NetworkId::PLAYGROUND,
    }
}

/// What content without rules passes.
pub fn checked() -> Validated {
    validate(&[]).expect("a valid post")
}

/// A post with one delivery that is not stored yet.
#[derive(Clone, Debug)]
pub struct Draft {
    post: Post,
    body: Body,
    delivery: Delivery,
}

impl Draft {
    /// A fresh one that is due at `due`.
    pub fn new(table: &Table, clock: &TestClock, owner: &Owner, due: Timestamp) -> Self {
        let now = clock.now();
        let id = PostId::generate(table.ids());
        let target = Target {
            id: DeliveryId::generate(table.ids()),
            tenant: owner.scope.tenant(),
            post: id,
            account: owner.account,
            network: owner.network.clone(),
        };
        let body = Body {
            revision: 1,
            base: Content {
                text: "text ".repeat(60),
                ..Content::default()
            },
            targets: vec![TargetContent {
                delivery: target.id,
                account: target.account,
                network: target.network.clone(),
                overridden: Override::default(),
                options: Value::Null,
            }],
        };
        let post = Post {
            id,
            tenant: owner.scope.tenant(),
            version: 1,
            body: 1,
            schedule: Some(Schedule {
                local: due.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
                zone: TimeZoneName::utc(),
                due,
                adjusted: false,
                database: "test".to_owned(),
            }),
            tags: vec![],
            snippet: "text".to_owned(),
            created_by: owner.user,
            created_at: now,
            updated_at: now,
        };
        let delivery = Delivery::scheduled(target, Plan::new(&checked(), due, MAX_LATENESS));
        Self {
            post,
            body,
            delivery,
        }
    }

    /// The post.
    pub fn id(&self) -> PostId {
        self.post.id
    }

    /// Stores it where the tenant may make so many posts in a month.
    pub async fn store(
        &self,
        table: &Table,
        owner: &Owner,
        posts_per_month: u64,
    ) -> domain::Result<Commit> {
        let new = NewPost {
            post: &self.post,
            body: &self.body,
            deliveries: std::slice::from_ref(&self.delivery),
            limits: Limits {
                posts_per_month,
                ..Limits::DEFAULT
            },
            claim: None,
            events: vec![(
                EventKind::PostCreated,
                Subject::Post(self.post.id),
                json!({}),
            )],
        };
        let act = Act {
            actor: Actor::User(owner.user),
            at: self.post.created_at,
        };
        table.tenant(&owner.scope).create_post(new, &act).await
    }
}

/// A stored post that is due at `due`.
pub async fn scheduled(
    table: &Table,
    clock: &TestClock,
    owner: &Owner,
    due: Timestamp,
) -> Delivery {
    let draft = Draft::new(table, clock, owner, due);
    assert_eq!(
        draft
            .store(table, owner, 100_000)
            .await
            .expect("a valid post"),
        Commit::Done
    );
    draft.delivery
}
