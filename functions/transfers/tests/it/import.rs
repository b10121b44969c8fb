//! What another tenant had, in a tenant.

use std::sync::Arc;

use cloud::faults::{Effects, Fault, FaultPlan, Faulty};
use cloud::objects::ObjectKey;
use domain::delivery::State;
use domain::event::EventKind;
use domain::import::{FAILURES_MAX, Import, ImportState, VolumeTerms};
use domain::membership::{AccountLimit, Role};
use domain::{Clock as _, ImportId};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use store::{StoredPost, VersionedMedia};
use testkit::TestMember;
use testkit::http::colleague;
use transfers::Ctx;

use crate::bundle::{Bundle, sha256};
use crate::world::{PostPlan, World, writes};

const PIXELS: &[u8] = include_bytes!("../../../../shared/networks/tests/it/pixels.png");

impl World {
    /// An import whose volumes are uploaded.
    pub(crate) async fn announce(&self, by: &TestMember, volumes: &[Vec<u8>]) -> ImportId {
        let id = ImportId::generate(self.table.ids());
        let terms = volumes.iter().map(|volume| VolumeTerms {
            bytes: u64::try_from(volume.len()).unwrap(),
            sha256: sha256(volume),
        });
        let now = self.clock.now();
        let import = Import::new(id, by.tenant, by.user, now, terms.collect());
        let tenant = self.table.tenant(&by.scope);
        tenant.create_import(&import, &self.act(by)).await.unwrap();
        for (volume, number) in volumes.iter().zip(1..) {
            let key = ObjectKey::import_upload(by.tenant, id, number);
            self.objects.upload(key, "application/zip", volume.clone());
        }
        id
    }

    async fn import_of(&self, by: &TestMember, id: ImportId) -> Import {
        let tenant = self.table.tenant(&by.scope);
        let found = tenant.import(id, self.clock.now()).await.unwrap();
        found.unwrap()
    }

    async fn begin(&self, by: &TestMember, id: ImportId, state: ImportState) {
        let next = self.import_of(by, id).await.begun(state);
        let tenant = self.table.tenant(&by.scope);
        let (kind, act) = (EventKind::ImportStarted, self.act(by));
        assert!(tenant.begin_import(&next, kind, &act).await.unwrap());
    }

    pub(crate) async fn check(&self, by: &TestMember, id: ImportId) -> Import {
        self.begin(by, id, ImportState::Checking).await;
        self.run().await;
        self.import_of(by, id).await
    }

    async fn apply(&self, by: &TestMember, id: ImportId) -> Import {
        self.begin(by, id, ImportState::Importing).await;
        self.run().await;
        self.import_of(by, id).await
    }

    pub(crate) async fn exported(&self, by: &TestMember) -> Vec<Vec<u8>> {
        let id = self.request(by).await;
        self.run().await;
        self.volumes(by, id).await
    }

    /// Everything of one tenant, in another one.
    pub(crate) async fn moved(&self, from: &TestMember, to: &TestMember) -> Import {
        let id = self.announce(to, &self.exported(from).await).await;
        let checked = self.check(to, id).await;
        assert_eq!(
            (checked.state, &checked.fault),
            (ImportState::Checked, &None)
        );
        let done = self.apply(to, id).await;
        assert_eq!((done.state, &done.fault), (ImportState::Done, &None));
        assert_eq!(done.counts, checked.counts);
        assert_eq!(done.problems, checked.problems);
        done
    }

    async fn media_of(&self, by: &TestMember) -> Vec<VersionedMedia> {
        let tenant = self.table.tenant(&by.scope);
        tenant.media_page(None, 100).await.unwrap().media
    }

    async fn posts_of(&self, by: &TestMember) -> Vec<StoredPost> {
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

/// The records of an export but those of the tenant and its members, with a number in the place of each id.
fn without_ids(bundle: &Bundle) -> Vec<Value> {
    let mut text = String::new();
    for kind in ["account", "account_group", "role", "media", "post"] {
        for mut record in bundle.records(kind) {
            let record = record.as_object_mut().unwrap();
            // Whoever imports has made all of it.
            record.remove("created_by");
            record.remove("connected_by");
            text += &serde_json::to_string(record).unwrap();
            text.push('\n');
        }
    }
    for prefix in ["acc", "grp", "rol", "med", "post", "dlv"] {
        let mut number = 0;
        while let Some(at) = text.find(&format!("{prefix}_0")) {
            let id = text[at..at + prefix.len() + 27].to_owned();
            number += 1;
            text = text.replace(&id, &format!("{prefix}-{number}"));
        }
    }
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn plans() -> impl Strategy<Value = Vec<PostPlan>> {
    let state = proptest::sample::select(vec![
        State::Draft,
        State::Scheduled,
        State::Held,
        State::Calling,
        State::Uncertain,
        State::Asking,
        State::Published,
        State::HandedOver,
        State::Failed,
        State::Cancelled,
        State::Missed,
    ]);
    let targets = proptest::collection::vec(state, 1..3);
    let plan = ("[a-zA-Z äß☃]{1,40}", targets, any::<bool>());
    let plan = plan.prop_map(|(text, states, has_media)| PostPlan {
        text,
        states,
        has_media,
    });
    proptest::collection::vec(plan, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn export_of_an_import_equals_the_export_that_was_imported_modulo_ids(plans in plans()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let ada = world.owner("ada@example.com").await;
            let bob = world.owner("bob@example.com").await;
            let eve = world.owner("eve@example.com").await;
            world.furnish(&ada, PIXELS, &plans).await;

            world.moved(&ada, &bob).await;
            world.moved(&bob, &eve).await;

            let first = Bundle::of_volumes(&world.exported(&bob).await);
            let second = Bundle::of_volumes(&world.exported(&eve).await);
            assert_eq!(without_ids(&first), without_ids(&second));
            let before = Bundle::of_volumes(&world.exported(&ada).await);
            let said = |bundle: &Bundle| -> Vec<Value> {
                let posts = bundle.records("post").into_iter();
                posts.map(|post| json!([post["base"]["text"], post["tags"], post["created_at"]])).collect()
            };
            assert_eq!(said(&before), said(&first));
        });
    }
}

#[tokio::test]
async fn import_makes_drafts_of_what_waits_and_keeps_what_is_out() {
    let world = World::new().await;
    let (ada, bob) = (
        world.owner("ada@example.com").await,
        world.owner("bob@example.com").await,
    );
    let states = [State::Scheduled, State::Published, State::Calling];
    let plans = states.map(|state| PostPlan {
        text: format!("{state:?}"),
        states: vec![state],
        has_media: false,
    });
    world.furnish(&ada, PIXELS, &plans).await;

    let done = world.moved(&ada, &bob).await;

    assert_eq!(done.counts.posts, 3);
    let after = world.posts_of(&bob).await;
    let states: Vec<State> = after.iter().map(|post| post.deliveries[0].state).collect();
    assert_eq!(states, [State::Draft, State::Published, State::Asking]);
    assert_eq!(after[0].post.schedule, None);
    assert!(after[1].deliveries[0].evidence.is_some());
    assert!(after.iter().all(|post| post.post.created_by == bob.user));
    let system = world.table.system();
    for shard in 0..system.shards() {
        let until = "2099-01-01T00:00:00Z".parse().unwrap();
        let waiting = system.attention(shard, until, 1_000).await.unwrap();
        let of_bob = waiting.iter().filter(|entry| {
            entry.tenant() == Some(bob.tenant)
                && !matches!(entry.work, store::AttentionWork::Seal { .. })
        });
        assert_eq!(of_bob.count(), 0, "nothing of it waits for anything");
    }
}

#[tokio::test]
async fn import_takes_accounts_that_are_connected_for_those_of_the_export() {
    let world = World::new().await;
    let (ada, bob) = (
        world.owner("ada@example.com").await,
        world.owner("bob@example.com").await,
    );
    let theirs = world.account(&ada, "loom").await;
    world.post(&ada, theirs).await;
    let volumes = world.exported(&ada).await;
    let tenant = world.table.tenant(&ada.scope);
    let account = tenant.account(theirs).await.unwrap().unwrap();
    let gone = tenant.disconnect_account(&account, &world.act(&ada)).await;
    gone.unwrap();
    let own = world.account(&bob, "loom").await;

    let id = world.announce(&bob, &volumes).await;
    world.check(&bob, id).await;
    world.apply(&bob, id).await;

    let posts = world.posts_of(&bob).await;
    assert_eq!(posts[0].deliveries[0].account, own);
}

#[tokio::test]
async fn check_of_an_import_says_what_it_would_make_and_makes_nothing() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.furnished("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world.begin(&bob, id, ImportState::Checking).await;
    let before = world.stored(&bob).await;

    world.run().await;

    assert_eq!(world.stored(&bob).await, before);
    let import = world.import_of(&bob, id).await;
    assert_eq!(import.state, ImportState::Checked);
    assert_eq!((import.counts.posts, import.counts.accounts), (2, 2));
    // What `furnished` calls a picture is none.
    let codes: Vec<&str> = import.problems.iter().map(|one| &*one.code).collect();
    assert_eq!(codes, ["type_mismatch"]);
    assert_eq!((import.problems[0].volume, import.counts.media), (1, 0));
}

#[tokio::test]
async fn import_of_files_that_are_not_as_announced_is_refused_and_makes_nothing() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let volumes = world.exported(&ada).await;
    let place = volumes[0]
        .windows(5)
        .position(|five| five == b"Analy")
        .unwrap();
    let mut tampered = volumes.clone();
    tampered[0][place] = b'O';
    let twice = [volumes.clone(), volumes.clone()].concat();
    let cases = [
        (tampered, "volume_changed"),
        (vec![b"PK".to_vec()], "volume_changed"),
        (twice, "volume_order"),
    ];

    for (volumes, code) in cases {
        let id = world.announce(&bob, &volumes).await;
        let import = world.check(&bob, id).await;
        assert_eq!(import.state, ImportState::Failed);
        assert_eq!(import.fault.as_deref(), Some(code));
    }
    let id = world.announce(&bob, &volumes).await;
    let key = ObjectKey::import_upload(bob.tenant, id, 1);
    world.objects.upload(key, "application/zip", "another");
    let import = world.check(&bob, id).await;
    assert_eq!(import.fault.as_deref(), Some("volume_missing"));
    assert_eq!(world.posts_of(&bob).await, []);
}

#[tokio::test]
async fn import_of_somebody_who_lost_their_rights_stops() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let all = AccountLimit::Unlimited;
    let editor = Role::Editor.into();
    let editor = colleague(&world.table, &world.clock, &bob, editor, all).await;
    let id = world.announce(&editor, &world.exported(&ada).await).await;

    let import = world.check(&editor, id).await;

    assert_eq!(import.fault.as_deref(), Some("importer_lacks_rights"));
}

#[tokio::test]
async fn import_into_a_tenant_that_is_deleted_meanwhile_stops_and_makes_nothing() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world.begin(&bob, id, ImportState::Importing).await;

    world.delete(&bob).await;
    world.run().await;

    let import = world.import_of(&bob, id).await;
    assert_eq!(import.state, ImportState::Failed);
    assert_eq!(import.fault.as_deref(), Some("importer_lacks_rights"));
    assert_eq!(world.posts_of(&bob).await, []);
    assert_eq!(world.run().await, 0);
}

#[tokio::test]
async fn import_of_more_media_than_the_plan_has_leaves_no_bytes_behind() {
    let world = World::new().await;
    let ada = world.owner("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    world.furnish(&ada, PIXELS, &[]).await;
    let volumes = world.exported(&ada).await;
    world
        .set(&bob, |tenant| tenant.limits.media_bytes = 1)
        .await;
    let id = world.announce(&bob, &volumes).await;
    let objects = world.objects.count();

    let import = world.apply(&bob, id).await;

    assert_eq!(import.fault.as_deref(), Some("plan_limit"));
    assert_eq!(world.objects.count(), objects);
    assert_eq!(world.media_of(&bob).await.len(), 0);
}

#[tokio::test]
async fn import_whose_steps_fail_waits_between_them_and_has_failed_after_ten() {
    let world = World::new().await;
    let ada = world.furnished("ada@example.com").await;
    let bob = world.owner("bob@example.com").await;
    let id = world.announce(&bob, &world.exported(&ada).await).await;
    world.begin(&bob, id, ImportState::Checking).await;
    let plan = (0..100).fold(FaultPlan::none(), |plan, number| {
        plan.and(number, Fault::FailBefore)
    });
    let objects = Faulty::new(Arc::clone(&world.objects), Effects::new(plan));
    let broken = Ctx {
        objects: Arc::new(objects),
        ..world.function()
    };

    let first = transfers::run(&broken).await.unwrap();
    let at_once = transfers::run(&broken).await.unwrap();

    assert_eq!((first.steps, first.failed), (0, 1));
    assert_eq!((at_once.steps, at_once.failed), (0, 0));
    for _ in 1..FAILURES_MAX {
        assert_eq!(world.import_of(&bob, id).await.state, ImportState::Checking);
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(transfers::run(&broken).await.unwrap().failed, 1);
    }
    let failed = world.import_of(&bob, id).await;
    assert_eq!(failed.state, ImportState::Failed);
    assert_eq!(failed.fault.as_deref(), Some("failed_repeatedly"));
    assert_eq!(
        world.check(&bob, id).await.state,
        ImportState::Checked,
        "it may be begun again"
    );
}

#[tokio::test]
async fn import_that_dies_at_any_write_is_made_once_by_the_next_run() {
    let world = World::new().await;
    let ada = world.owner("ada@example.com").await;
    let plans = [State::Published, State::Draft].map(|state| PostPlan {
        text: format!("{state:?}"),
        states: vec![state],
        has_media: true,
    });
    world.furnish(&ada, PIXELS, &plans).await;
    let volumes = world.exported(&ada).await;
    let undisturbed = world.owner("first@example.com").await;
    let id = world.announce(&undisturbed, &volumes).await;
    world.check(&undisturbed, id).await;
    world.begin(&undisturbed, id, ImportState::Importing).await;
    let counted = Effects::default();
    transfers::run(&world.start(&counted)).await.unwrap();
    let done = world.import_of(&undisturbed, id).await;
    assert_eq!(done.state, ImportState::Done);
    let used = world.usage(&undisturbed).await;
    let effects = counted.begun();
    assert!(effects.len() > 15, "{effects:?}");

    for (number, effect) in writes(&effects) {
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let place = format!("{fault:?} effect {number} ({effect})");
            let owner = world.owner(&format!("{number}{fault:?}@example.com")).await;
            let id = world.announce(&owner, &volumes).await;
            world.begin(&owner, id, ImportState::Importing).await;
            let objects = world.objects.count();
            let plan = FaultPlan::at(u32::try_from(number).unwrap(), fault);
            let effects = Effects::new(plan);
            let dying = world.start(&effects);
            let _ = effects.until_crash(transfers::run(&dying)).await;
            let named = world.media_of(&owner).await.len();
            assert!(
                world.objects.count() - objects <= named,
                "{place}: bytes that nothing names"
            );
            world.run().await;

            let media = world.media_of(&owner).await;
            let ready = media.iter().filter(|one| one.media.facts().is_some());
            assert_eq!((media.len(), ready.count()), (1, 1), "{place}");
            let import = world.import_of(&owner, id).await;
            assert_eq!(import.state, ImportState::Done, "{place}");
            assert_eq!(import.counts, done.counts, "{place}");
            assert_eq!(world.usage(&owner).await, used, "{place}");
            assert_eq!(world.posts_of(&owner).await.len(), 2, "{place}");
        }
    }
}
