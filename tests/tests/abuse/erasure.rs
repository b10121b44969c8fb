//! What a deleted tenant leaves: everything while it can come back, then a tombstone and what proves its erasure.

mod canaries;

use cloud::signing::Signer as _;
use domain::tenant::GRACE;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Answer;
use testkit::http::session;
use tests::product::Product;
use upkeep::Erasures;

use crate::canary::watch::{Log, Place};
use crate::fixture::Person;
use crate::ids;
use crate::roles::must_be_allowed;
use crate::stored::Stored;
use crate::world::World;

use canaries::seen_in;

/// What a tombstone has. All but its place in the tree, the times, who deleted it, and the end of its log is as in a tenant
/// that was never set.
const TOMBSTONE: [&str; 22] = [
    "PK",
    "SK",
    "ancestors",
    "audit_end",
    "ca",
    "del_by",
    "gone",
    "id",
    "limits",
    "loc",
    "max_late_h",
    "name",
    "op",
    "parent",
    "sf",
    "st",
    "ty",
    "tz",
    "ua",
    "v",
    "ver",
    "week",
];

/// From where Ada does everything.
const OFFICE: &str = "203.0.113.7";

impl World {
    async fn act(&self, method: Method, path: &str, cookie: &str, body: &Value) -> Answer {
        let call = self.product.api.call(method, path).cookie(cookie);
        call.from_address(OFFICE).json(body).send().await
    }

    /// The cookie of another sign-in, in no tenant.
    async fn enter(&self, person: &Person) -> String {
        let Product { table, clock, .. } = &self.product;
        let mut ids = person.ids.iter();
        let user = ids.find(|id| ids::prefix(id) == "usr").unwrap();
        session(table, clock, user.parse().unwrap(), None).await
    }

    /// Ada deletes her tenant, and what wants attention at once is done.
    async fn delete(&self) {
        let Person { cookie, tenant, .. } = &self.ada;
        let path = format!("/v1/tenants/{tenant}");
        self.act(Method::DELETE, &path, cookie, &Value::Null)
            .await
            .expect(204);
        // The second time behind requests that were under way.
        for _ in 0..2 {
            self.product.clock.advance(SignedDuration::from_mins(1));
            self.tick().await;
        }
    }

    async fn tick(&self) {
        for shard in 0..self.product.table.system().shards() {
            dispatch::backlog(&self.product.dispatch, shard)
                .await
                .unwrap();
        }
    }

    /// Ada has another export and the check of the import begin.
    async fn begin_transfers(&self) {
        let Person { cookie, ids, .. } = &self.ada;
        let import = ids.iter().find(|id| ids::prefix(id) == "imp").unwrap();
        let nothing = json!({});
        let check = format!("/v1/imports/{import}/check");
        for path in ["/v1/exports", &check] {
            self.act(Method::POST, path, cookie, &nothing)
                .await
                .expect(202);
        }
    }

    /// Keys of the objects of a tenant.
    fn objects_of(&self, tenant: &str) -> Vec<String> {
        let all = self.product.objects.all().into_iter();
        let mut keys: Vec<String> = all
            .map(|(key, ..)| key.to_string())
            .filter(|key| key.contains(tenant))
            .collect();
        keys.sort();
        keys
    }

    async fn erase(&self) -> Erasures {
        upkeep::erase(&self.product.upkeep).await.unwrap()
    }

    async fn stored(&self) -> Stored {
        let Product { client, table, .. } = &self.product;
        Stored::read(client, &table.settings().name).await
    }

    async fn deleted(&self, cookie: &str) -> Value {
        let list = self.product.api.get("/v1/tenants/deleted").cookie(cookie);
        list.send().await.expect(200).body["items"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn id_44_erased_tenant_leaves_a_tombstone_and_a_certificate_and_others_keep_everything() {
    let log = Log::of_this_process();
    let world = World::new().await;
    let Person { tenant, ids, .. } = &world.ada;
    let mut watch = world.release_canaries().await;
    world.tick().await;
    world.pack_canaries().await;
    let mut before = watch.clone();
    world.look(&mut before).await;
    let in_bytes = ["bytes of a medium", "bytes of an import"];
    let (table, objects) = (Place::Table, Place::Objects);
    let written = [seen_in(&before, table), in_bytes.to_vec()].concat();
    assert_eq!(
        written.len(),
        canaries::COUNT,
        "all are there first: {written:?}"
    );
    for name in [
        &in_bytes[..],
        &["text of a post", "tag", "handle of an account"],
    ]
    .concat()
    {
        assert!(seen_in(&before, objects).contains(&name), "{name}");
    }
    let before = world.stored().await;
    let keys = format!("T#{tenant}#TK ");
    assert_ne!(before.beginning(&keys), [] as [String; 0]);
    world.begin_transfers().await;
    let kinds_of_objects = |tenant: &str| {
        let keys = world.objects_of(tenant);
        let kinds = ["exports/", "uploads/", "ten_"];
        kinds.map(|kind| keys.iter().filter(|key| key.starts_with(kind)).count())
    };
    assert_eq!(
        kinds_of_objects(tenant),
        [2, 1, 2],
        "exports, import, media"
    );
    let of_bob = before.of(&world.bob.tenant);
    let objects_of_bob = world.objects_of(&world.bob.tenant);

    world.delete().await;
    // What was being made stops.
    let transfers = &world.product.transfers;
    let stopped = transfers::run(transfers).await.unwrap();
    assert_eq!((stopped.steps, stopped.failed), (2, 0));
    assert_eq!(kinds_of_objects(tenant), [2, 1, 2]);
    let idle = transfers::run(transfers).await.unwrap();
    assert_eq!(idle, transfers::Run::default());
    world
        .product
        .clock
        .advance(GRACE - SignedDuration::from_hours(1));
    assert_eq!(world.erase().await, Erasures::default(), "too early");
    let deleted = world.stored().await;
    assert_ne!(deleted.beginning(&keys), [] as [String; 0]);
    world.product.clock.advance(SignedDuration::from_hours(1));
    // With one of each person that the fixture deleted.
    assert_eq!(world.erase().await.erased, 3);

    let after = world.stored().await;
    assert_eq!(after.beginning(&keys), [] as [String; 0]);
    world.look(&mut watch).await;
    let lines = log.lines();
    assert!(lines.len() > 100, "{lines:?}");
    for line in lines {
        watch.see(Place::Log, "line", line);
    }
    assert_eq!(watch.sightings(), [] as [String; 0]);
    for place in [table, objects, Place::Archive, Place::Log] {
        assert!(
            watch.seen()[&place] > 0,
            "nothing was looked at of {place:?}"
        );
    }
    let left = after.beginning(&format!("T#{tenant}"));
    // The tombstone, and for a day what keeps the audit log closed.
    let [tombstone, closing] = left.as_slice() else {
        panic!("{left:?}");
    };
    assert_eq!(*tombstone, format!("T#{tenant} META"));
    assert!(
        closing.starts_with(&format!("T#{tenant}#AUD 0")),
        "{closing}"
    );
    assert_eq!(
        after.attributes(&format!("T#{tenant}"), "META"),
        TOMBSTONE,
        "whoever adds a setting decides what a tombstone says of it"
    );
    for id in ids.iter().filter(|id| ids::prefix(id) != "usr") {
        let left = after.mentioning(id);
        let is_known = |key: &String| {
            // A tombstone, the closed log, the person, and what the platform remembers.
            key.ends_with(" META")
                || key.starts_with(&format!("T#{id}#AUD "))
                || key.starts_with("U#")
                || key.starts_with(&format!("T#{}#", domain::tenant::ROOT_TENANT))
        };
        assert!(left.iter().all(is_known), "{id} is in {left:?}");
    }
    assert_eq!(after.of(&world.bob.tenant), of_bob);
    assert_eq!(world.objects_of(tenant), [] as [String; 0]);
    assert_eq!(world.objects_of(&world.bob.tenant), objects_of_bob);
    assert_eq!(world.erase().await, Erasures::default(), "once");
    must_be_allowed(&world.product);
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_is_proven_by_a_certificate_that_the_verifier_accepts() {
    let world = World::new().await;
    let tenant = &world.ada.tenant;
    world.delete().await;
    world.product.clock.advance(GRACE);
    world.erase().await;

    let cookie = world.enter(&world.ada).await;
    let deleted = world.deleted(&cookie).await;
    let erased = deleted.as_array().unwrap().last().unwrap();

    assert_eq!(
        (&erased["id"], &erased["state"]),
        (&json!(tenant), &json!("erased"))
    );
    assert_eq!(erased["name"], Value::Null);
    let kept = world.product.archive.kept();
    let kept: Value = serde_json::from_slice(&kept[&format!("erasures/{tenant}.json")]).unwrap();
    assert_eq!(erased["certificate"], kept);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let key = testkit::signer().public_key().await.unwrap();
    std::fs::write(file("key.pem"), local::audit::pem(&key)).unwrap();
    std::fs::write(file("erased.json"), kept.to_string()).unwrap();
    let arguments = ["--key".to_owned(), file("key.pem"), file("erased.json")];
    let proven = local::erasure::verify_erasure(&arguments).unwrap().0;
    assert_eq!(proven.tenant.to_string(), *tenant);
    assert!(proven.audit_end.unwrap().seq > 5);
    let other = world.enter(&world.bob).await;
    let others = world.deleted(&other).await;
    assert!(!others.to_string().contains(tenant));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_tenant_comes_back_within_its_grace_and_never_after() {
    let world = World::new().await;
    let tenant = &world.ada.tenant;
    let path = format!("/v1/tenants/{tenant}");
    let restore = format!("{path}/restore");
    let restored = async |cookie: &str| {
        let nothing = json!({});
        world.act(Method::POST, &restore, cookie, &nothing).await
    };
    restored(&world.ada.cookie).await.expect(404);
    world.delete().await;
    world
        .product
        .clock
        .advance(GRACE - SignedDuration::from_hours(1));

    let bob = world.enter(&world.bob).await;
    let foreign = restored(&bob).await;
    let ada = world.enter(&world.ada).await;
    let listed = world.deleted(&ada).await.to_string();
    let back = restored(&ada).await;

    foreign.expect(404);
    assert!(listed.contains(tenant));
    assert_eq!(back.expect(200).body["state"], "active");
    assert!(!world.deleted(&ada).await.to_string().contains(tenant));
    let ada = world.enter(&world.ada).await;
    let read = world.product.api.get(&path).cookie(&ada).send().await;
    read.expect(200);
    world.product.clock.advance(GRACE);
    world.erase().await;
    let ada = world.enter(&world.ada).await;
    world
        .product
        .api
        .get(&path)
        .cookie(&ada)
        .send()
        .await
        .expect(200);
    world
        .act(Method::DELETE, &path, &ada, &Value::Null)
        .await
        .expect(204);
    world.product.clock.advance(SignedDuration::from_mins(2));
    world.tick().await;
    world.product.clock.advance(GRACE);
    // No run of the sweeper has come yet.
    let ada = world.enter(&world.ada).await;
    restored(&ada).await.expect(404);
    assert!(!world.deleted(&ada).await.to_string().contains(tenant));
    let erased = world.erase().await;
    assert_eq!(erased.erased, 1);
    let ada = world.enter(&world.ada).await;
    restored(&ada).await.expect(404);
}
