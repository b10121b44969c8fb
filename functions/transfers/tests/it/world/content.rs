//! Accounts, media and posts.

use cloud::objects::ObjectKey;
use domain::account::{Account, AccountState, RemoteIdentity};
use domain::delivery::{
    Delivery, Evidence, Fault, FaultActor, FaultCategory, ProofKind, State, Target,
};
use domain::media::{Media, MediaFacts, MediaKind, MediaState};
use domain::membership::{AccountGroup, CustomRole, Permission};
use domain::network::NetworkId;
use domain::post::{Body, Content, Override, Post, TargetContent, ThreadPart};
use domain::schedule::Schedule;
use domain::tenant::Limits;
use domain::{AccountGroupId, AccountId, Clock as _, DeliveryId, MediaId, PostId, RoleId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{
    Commit, Connection, Defined, MediaCreated, NewMedia, NewPost, SealedCredential, Standing,
    StoredPost, VersionedMedia,
};
use testkit::TestMember;
use testkit::posts::Owner;

use super::{SECRET, World};
use crate::bundle::sha256;

/// A post that is to be stored as it is, whatever led to it.
#[derive(Clone, Debug)]
pub(crate) struct PostPlan {
    pub(crate) text: String,
    /// One target for each, on as many accounts.
    pub(crate) states: Vec<State>,
    pub(crate) has_media: bool,
}

impl World {
    pub(crate) async fn account(&self, by: &TestMember, name: &str) -> AccountId {
        let now = self.clock.now();
        let account = Account {
            id: AccountId::generate(self.table.ids()),
            tenant: by.tenant,
            network: NetworkId::PLAYGROUND,
            identity: RemoteIdentity {
                remote_id: name.to_owned(),
                handle: name.to_owned(),
                name: name.to_owned(),
                avatar_url: Some("https://network.test/avatar.png".to_owned()),
            },
            state: AccountState::Connected,
            credential_version: 1,
            checked_at: now,
            connected_by: by.user,
            created_at: now,
        };
        let connection = Connection {
            account: &account,
            credential: &SealedCredential {
                version: 1,
                sealed: SECRET.to_vec(),
            },
            limit: 100,
            claim: None,
        };
        let tenant = self.table.tenant(&by.scope);
        let connected = tenant.connect_account(&connection, &self.act(by)).await;
        connected.unwrap();
        account.id
    }

    /// A medium with these bytes, whatever they are.
    pub(crate) async fn media(&self, by: &TestMember, bytes: &[u8]) -> MediaId {
        let act = self.act(by);
        let length = u64::try_from(bytes.len()).unwrap();
        let media = Media {
            id: MediaId::generate(self.table.ids()),
            tenant: by.tenant,
            file_name: "loom.png".to_owned(),
            content_type: "image/png".to_owned(),
            bytes: length,
            alt_text: "A loom".to_owned(),
            state: MediaState::Uploading,
            uses: 0,
            created_by: by.user,
            created_at: act.at,
            updated_at: act.at,
        };
        let new = NewMedia {
            media: &media,
            limit: u64::MAX >> 1,
            claim: None,
        };
        let tenant = self.table.tenant(&by.scope);
        let created = tenant.create_media(&new, &act).await.unwrap();
        assert_eq!(created, MediaCreated::Done);
        let (width, height) = size(bytes);
        let facts = MediaFacts {
            kind: MediaKind::Image,
            content_type: "image/png".to_owned(),
            bytes: length,
            width,
            height,
            duration_ms: None,
            sha256: sha256(bytes),
        };
        self.objects.upload(
            ObjectKey::new(by.tenant, media.id),
            "image/png",
            bytes.to_vec(),
        );
        let completed = tenant.complete_media(media.id, &facts, &act).await.unwrap();
        assert!(completed.is_some());
        media.id
    }

    /// A post on the account that is due in a day.
    pub(crate) async fn post(&self, by: &TestMember, account: AccountId) -> PostId {
        let owner = Owner {
            scope: by.scope.clone(),
            user: by.user,
            account,
            network: NetworkId::PLAYGROUND,
        };
        let due = self.clock.now() + SignedDuration::from_hours(24);
        let delivery = testkit::posts::scheduled(&self.table, &self.clock, &owner, due).await;
        delivery.post
    }

    /// A tenant with some of everything.
    pub(crate) async fn furnished(&self, address: &str) -> TestMember {
        let owner = self.owner(address).await;
        let accounts = [
            self.account(&owner, &format!("{address}/1")).await,
            self.account(&owner, &format!("{address}/2")).await,
        ];
        testkit::http::account_group(&self.table, &self.clock, &owner, &accounts).await;
        self.media(&owner, b"not really a picture").await;
        for account in accounts {
            self.post(&owner, account).await;
        }
        owner
    }

    /// Two accounts, a group, a role, a medium of these bytes and these posts, each a second after the one before.
    pub(crate) async fn furnish(&self, by: &TestMember, pixels: &[u8], plans: &[PostPlan]) {
        let first = self.account(by, &format!("{}/1", by.tenant)).await;
        self.clock.advance(SignedDuration::from_secs(1));
        let accounts = [first, self.account(by, &format!("{}/2", by.tenant)).await];
        self.group(by, "Looms", &accounts).await;
        self.role(by, "Client").await;
        let media = self.media(by, pixels).await;
        for plan in plans {
            self.clock.advance(SignedDuration::from_secs(1));
            self.planned(by, &accounts, media, plan).await;
        }
    }

    /// A role that may read posts.
    async fn role(&self, by: &TestMember, name: &str) {
        let act = self.act(by);
        let role = CustomRole {
            id: RoleId::generate(self.table.ids()),
            name: name.to_owned(),
            permissions: [Permission::ReadPosts].into_iter().collect(),
            members: 0,
            version: 1,
            created_at: act.at,
        };
        let (tenant, standing) = (self.table.tenant(&by.scope), self.standing(by).await);
        let defined = tenant.create_role(&role, None, &standing, &act).await;
        assert_eq!(defined.unwrap(), Defined::Done);
    }

    pub(crate) async fn group(
        &self,
        by: &TestMember,
        name: &str,
        accounts: &[AccountId],
    ) -> AccountGroupId {
        let act = self.act(by);
        let group = AccountGroup {
            id: AccountGroupId::generate(self.table.ids()),
            name: name.to_owned(),
            accounts: accounts.iter().copied().collect(),
            members: 0,
            version: 1,
            created_at: act.at,
        };
        let (tenant, standing) = (self.table.tenant(&by.scope), self.standing(by).await);
        let defined = tenant.create_account_group(&group, None, &standing, &act);
        assert_eq!(defined.await.unwrap(), Defined::Done);
        group.id
    }

    async fn standing(&self, of: &TestMember) -> Standing {
        let member = self.table.system().member(of.user, of.tenant).await;
        member.unwrap().unwrap().standing
    }

    async fn planned(
        &self,
        by: &TestMember,
        accounts: &[AccountId],
        media: MediaId,
        plan: &PostPlan,
    ) {
        let now = self.clock.now();
        let post = PostId::generate(self.table.ids());
        let mut deliveries = Vec::new();
        for (state, account) in plan.states.iter().zip(accounts) {
            let draft = Delivery::draft(Target {
                id: DeliveryId::generate(self.table.ids()),
                tenant: by.tenant,
                post,
                account: *account,
                network: NetworkId::PLAYGROUND,
            });
            deliveries.push(in_state(draft, *state, now));
        }
        let media: Vec<MediaId> = plan.has_media.then_some(media).into_iter().collect();
        let thread = |more: &str| {
            let part = ThreadPart {
                text: format!("{} {more}", plan.text),
                media: media.clone(),
            };
            plan.has_media.then_some(part)
        };
        let target = |delivery: &Delivery| TargetContent {
            delivery: delivery.id,
            account: delivery.account,
            network: delivery.network.clone(),
            overridden: Override {
                text: Some(format!("{} at {}", plan.text, delivery.network)),
                media: plan.has_media.then(|| media.clone()),
                thread: thread("there").map(|part| vec![part]),
            },
            options: json!({ "note": plan.text }),
        };
        let body = Body {
            revision: 1,
            base: Content {
                text: plan.text.clone(),
                thread: thread("goes on").into_iter().collect(),
                media: media.clone(),
            },
            targets: deliveries.iter().map(target).collect(),
        };
        let head = Post {
            id: post,
            tenant: by.tenant,
            version: 1,
            body: 1,
            schedule: (plan.states != [State::Draft]).then(|| schedule(now)),
            tags: vec!["loom".to_owned()],
            snippet: plan.text.clone(),
            created_by: by.user,
            created_at: now,
            updated_at: now,
        };
        let new = NewPost {
            post: &head,
            body: &body,
            deliveries: &deliveries,
            limits: Limits::DEFAULT,
            claim: None,
            events: Vec::new(),
        };
        let tenant = self.table.tenant(&by.scope);
        let stored = tenant.create_post(new, &self.act(by)).await.unwrap();
        assert_eq!(stored, Commit::Done);
    }

    pub(crate) async fn media_of(&self, by: &TestMember) -> Vec<VersionedMedia> {
        let tenant = self.table.tenant(&by.scope);
        tenant.media_page(None, 100).await.unwrap().media
    }

    pub(crate) async fn posts_of(&self, by: &TestMember) -> Vec<StoredPost> {
        let tenant = self.table.tenant(&by.scope);
        let (ids, next) = tenant.post_ids(None, 500).await.unwrap();
        assert_eq!(next, None);
        let mut posts = Vec::new();
        for id in ids {
            posts.push(tenant.post(id).await.unwrap().unwrap());
        }
        posts
    }
}

/// Nine o'clock in Berlin, as somebody meant it.
fn schedule(due: Timestamp) -> Schedule {
    Schedule {
        local: "2026-12-01T09:00:00".parse().unwrap(),
        zone: "Europe/Berlin".parse().unwrap(),
        due,
        adjusted: true,
        database: "2026b".to_owned(),
    }
}

/// What the header of a PNG says; of anything else it is one dot.
fn size(bytes: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    if bytes.starts_with(b"\x89PNG") {
        (number(16), number(20))
    } else {
        (1, 1)
    }
}

/// A delivery that is in this state, with what belongs to it.
fn in_state(draft: Delivery, state: State, now: Timestamp) -> Delivery {
    let due = (state != State::Draft).then_some(now);
    let evidence = Evidence {
        // Not in the form of our ids, which are others after an import.
        remote_id: Some(draft.id.as_uuid().to_string()),
        permalink: Some("https://network.test/1".to_owned()),
        proof: ProofKind::Response,
        published_at: now,
    };
    let is_out = matches!(state, State::Published | State::HandedOver);
    let has_fault = matches!(
        state,
        State::RetryWait | State::Asking | State::Failed | State::Missed
    );
    let fault = Fault::new(
        "network_unavailable",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        "It does not answer",
        "Wait",
    );
    Delivery {
        state,
        due,
        not_before: due.filter(|_| !state.is_settled()),
        attention: due.filter(|_| !state.is_settled()),
        deadline: due.filter(|_| !state.is_settled()),
        called_at: due.filter(|_| domain::post::is_past_intent(state)),
        evidence: is_out.then_some(evidence),
        fault: has_fault.then_some(fault),
        ..draft
    }
}
