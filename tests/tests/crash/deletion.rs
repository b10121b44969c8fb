//! A tenant is deleted: whoever dies on the way, the sweeper alone goes on until nothing but a tombstone and the proof is
//! left.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use cloud::faults::Effects;
use cloud::objects::ObjectKey;
use domain::event::Actor;
use domain::export::Export;
use domain::import::{Import, VolumeTerms};
use domain::tenant::{GRACE, ROOT_TENANT, TenantState};
use domain::{Clock as _, ExportId, ImportId, TenantId};
use jiff::{SignedDuration, Timestamp};
use store::{Act, SignedCertificate};

use crate::READ_BACK;
use crate::deaths::die_everywhere;
use crate::uploads::{announce_and_upload, keep_bytes};
use crate::world::{Process, World};

/// From one sweep to the next.
const SWEEPS: SignedDuration = SignedDuration::from_mins(5);

/// What the sweeper does about a deleted tenant, while no dispatcher runs, until its grace is over.
pub(crate) async fn sweep_until_erased(world: &World, process: &Process) {
    for _ in 0..2 {
        world.clock.advance(SWEEPS);
        // What a failed one left is for the next.
        upkeep::sweep(&process.upkeep).await.ok();
    }
    world.clock.advance(GRACE);
    upkeep::erase(&process.upkeep).await.ok();
}

/// Gives the tenant a medium, an export and an import, each with bytes.
pub(crate) async fn furnish(world: &World) {
    let process = world.start(Effects::default());
    let medium = announce_and_upload(world, &process).await;
    keep_bytes(world, medium);
    let (user, tenant) = (world.member.user, world.member.tenant);
    let (ids, now) = (world.table.ids(), world.clock.now());
    let act = Act {
        actor: Actor::User(user),
        at: now,
    };
    let table = world.table.tenant(&world.member.scope);
    let export = Export::new(ExportId::generate(ids), tenant, user, now);
    assert!(table.request_export(&export, None, &act).await.unwrap());
    let made = transfers::run(&process.transfers).await.unwrap();
    assert!(made.steps > 0 && made.failed == 0, "{made:?}");
    let volumes = vec![VolumeTerms {
        bytes: 9,
        sha256: "0".repeat(64),
    }];
    let import = Import::new(ImportId::generate(ids), tenant, user, now, volumes);
    let turn = table.import_turn(now).await.unwrap();
    assert!(table.create_import(&import, &turn, &act).await.unwrap());
    let upload = ObjectKey::import_upload(tenant, import.id, 1);
    world.objects.upload(upload, "application/zip", "a volume.");
    // The medium as it was uploaded and as it is kept, a volume of the export, and one of the import.
    assert_eq!(world.objects.count(), 4);
}

/// The keys of all items that name a tenant, wherever in them, but its own ones, what its members keep (sessions, the
/// certificate) and what the platform's audit log says.
fn named_elsewhere(items: &[HashMap<String, AttributeValue>], tenant: TenantId) -> Vec<String> {
    let name = tenant.to_string();
    let naming = items
        .iter()
        .filter(|item| format!("{item:?}").contains(&name));
    let keys = naming.map(|item| ["PK", "SK"].map(|part| item[part].as_s().unwrap().as_str()));
    let others = keys.filter(|[partition, sort]| {
        let is_of = |owner: TenantId| partition.starts_with(&format!("T#{owner}"));
        let is_members = partition.starts_with("U#")
            && ["SES#", "ERA#"].iter().any(|kept| sort.starts_with(kept));
        !is_of(tenant) && !is_of(ROOT_TENANT) && !is_members
    });
    others.map(|key| key.join(" ")).collect()
}

/// Nothing is left but the tombstone, and what says so says it once.
pub(crate) async fn assert_erased_once(world: &World, place: &str) -> SignedCertificate {
    let tenant = world.member.tenant;
    let partition = format!("T#{tenant}");
    let items = world.copy().await;
    let text = |name: &str| {
        let values = items.iter().filter_map(|item| item.get(name)?.as_s().ok());
        values.cloned().collect::<Vec<_>>()
    };
    let mut left = text("PK");
    // Hashes in idempotency keys go by themselves.
    left.retain(|key| key.starts_with(&partition) && !key.contains("#IDEM#"));
    // The tombstone, and for a day what keeps the audit log closed.
    let closing = format!("{partition}#AUD");
    assert_eq!(left, [partition, closing], "{place}");
    assert_eq!(named_elsewhere(&items, tenant), [""; 0], "{place}");
    let mut events = text("event");
    events.retain(|kind| kind == "tenant.erased");
    assert_eq!(events.len(), 1, "{place}: events of {ROOT_TENANT}");
    let system = world.table.system();
    let tombstone = system.deleted_tenant(tenant).await.unwrap().unwrap();
    assert_eq!(tombstone.state, TenantState::Erased, "{place}");
    let due = system.tenants_to_erase(Timestamp::MAX).await.unwrap();
    assert_eq!(due.len(), 0, "{place}: nobody looks at it any more");
    assert_eq!(world.objects.count(), 0, "{place}");

    let kept = world.archive.kept();
    let names: Vec<&String> = kept.keys().collect();
    let name = format!("erasures/{tenant}.json");
    assert_eq!(names, [&name], "{place}");
    let kept: SignedCertificate = serde_json::from_slice(&kept[&name]).unwrap();
    kept
}

/// Whoever deleted it has this certificate, and no other.
pub(crate) async fn assert_given(world: &World, kept: &SignedCertificate, place: &str) {
    let system = world.table.system();
    let given = system.certificates(world.member.user).await.unwrap();
    assert_eq!(given, std::slice::from_ref(kept), "{place}");
}

#[tokio::test]
async fn deletion_whose_sweeper_dies_anywhere_is_gone_on_with_by_the_next_sweeps() {
    die_everywhere(READ_BACK, async |world, effects, place| {
        furnish(world).await;
        // Whoever deleted it died right after the transaction that says so.
        world.delete_tenant().await;
        let dying = world.start(effects.clone());
        effects.until_crash(sweep_until_erased(world, &dying)).await;

        sweep_until_erased(world, &world.start(Effects::default())).await;

        let kept = assert_erased_once(world, place).await;
        assert_given(world, &kept, place).await;
    })
    .await;
}

#[tokio::test]
async fn deletion_by_two_sweepers_at_once_is_proven_once() {
    let world = World::new(READ_BACK).await;
    furnish(&world).await;
    world.delete_tenant().await;
    let [one, two] = [Effects::default(), Effects::default()].map(|effects| world.start(effects));
    for _ in 0..2 {
        world.clock.advance(SWEEPS);
        upkeep::sweep(&one.upkeep).await.unwrap();
    }
    world.clock.advance(GRACE);
    // Somebody died right after the tombstone, and both find it.
    let table = world.table.tenant(&world.member.scope);
    let begun = table.begin_erasure(world.clock.now()).await.unwrap();
    assert!(begun.is_some());

    let both = futures::future::join(upkeep::erase(&one.upkeep), upkeep::erase(&two.upkeep));
    let (one, two) = both.await;

    assert_eq!((one.unwrap().erased, two.unwrap().erased), (1, 1));
    let kept = assert_erased_once(&world, "two at once").await;
    assert_given(&world, &kept, "two at once").await;
}
