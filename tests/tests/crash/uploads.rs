//! Media whose function dies anywhere: in the end bytes are where a medium names them, or nowhere.

use std::collections::BTreeSet;

use cloud::faults::{Effects, Fault, FaultPlan};
use cloud::objects::ObjectKey;
use domain::MediaId;
use jiff::SignedDuration;
use serde_json::json;

use crate::READ_BACK;
use crate::deaths::die_everywhere;
use crate::invariants::UNDISTURBED;
use crate::world::{Process, World};

const PIXELS: &[u8] = include_bytes!("../../../shared/networks/tests/it/pixels.png");
const KIND: &str = "image/png";
/// How long announced bytes are awaited.
const AWAITED: SignedDuration = SignedDuration::from_hours(24);
/// How long after a deletion somebody might still be storing bytes.
const BYTES_MAY_COME: SignedDuration = SignedDuration::from_hours(1);

pub(crate) async fn announce_and_upload(world: &World, process: &Process) -> MediaId {
    world.sign_in().await;
    let announced = json!({
        "file_name": "loom.png",
        "content_type": KIND,
        "bytes": PIXELS.len(),
        "alt_text": "A loom",
    });
    let call = process.api.post("/v1/media").by(&world.member);
    let announced = call.json(&announced).send().await.expect(201).body;
    let media = announced["id"].as_str().unwrap().parse().unwrap();
    let key = ObjectKey::upload(world.member.tenant, media);
    world.objects.upload(key, KIND, PIXELS);
    media
}

async fn complete(world: &World, process: &Process, media: MediaId) {
    let path = format!("/v1/media/{media}/complete");
    let call = process.api.post(path).by(&world.member);
    call.send().await.expect(200);
}

async fn delete(world: &World, process: &Process, media: MediaId) {
    let path = format!("/v1/media/{media}");
    let call = process.api.delete(path).by(&world.member);
    call.send().await.expect(204);
}

/// What a completion stores that looked at the medium before.
pub(crate) fn keep_bytes(world: &World, media: MediaId) {
    let key = ObjectKey::new(world.member.tenant, media);
    world.objects.upload(key, KIND, PIXELS);
}

/// What timers do while nobody comes back to a medium.
async fn give_up(world: &World, process: &Process) {
    world.clock.advance(AWAITED);
    dispatch::tick(&process.dispatch).await.unwrap();
    world.clock.advance(BYTES_MAY_COME);
    upkeep::remove_media(&process.upkeep).await.unwrap();
}

/// What media name is there, nothing else is, and it is counted. Uploads are left out: the store forgets them by itself.
async fn assert_bytes_and_media_agree(world: &World, place: &str) {
    let tenant = world.table.tenant(&world.member.scope);
    let page = tenant.media_page(None, 100).await.unwrap();
    let live = page.media.iter().map(|live| &live.media);
    let named: BTreeSet<String> = live
        .clone()
        .map(|media| ObjectKey::new(media.tenant, media.id).to_string())
        .collect();
    let objects = world.objects.all().into_iter();
    let stored: BTreeSet<String> = objects
        .map(|(key, _, _)| key.to_string())
        .filter(|key| !key.starts_with(ObjectKey::UPLOADS))
        .collect();
    let items = world.copy().await.into_iter();
    let items = items.filter(|item| item["PK"].as_s().unwrap().ends_with("#M"));
    let used = tenant.media_bytes_used().await.unwrap();

    assert_eq!(stored, named, "{place}");
    assert_eq!(items.count(), named.len(), "{place}");
    assert_eq!(used, live.map(|media| media.bytes).sum::<u64>(), "{place}");
}

#[tokio::test]
async fn upload_or_deletion_that_dies_anywhere_leaves_no_bytes_without_a_medium() {
    die_everywhere(READ_BACK, async |world, effects, place| {
        let dying = world.start(effects.clone());
        let deleted = async {
            let media = announce_and_upload(world, &dying).await;
            complete(world, &dying, media).await;
            delete(world, &dying, media).await;
        };
        effects.until_crash(deleted).await;

        give_up(world, &world.start(Effects::default())).await;
        assert_bytes_and_media_agree(world, place).await;
    })
    .await;
}

#[tokio::test]
async fn removal_that_dies_anywhere_is_done_by_the_next_run() {
    die_everywhere(READ_BACK, async |world, effects, place| {
        let media = announce_and_upload(world, &world.start(Effects::default())).await;
        keep_bytes(world, media);
        let dying = world.start(effects.clone());
        effects.until_crash(give_up(world, &dying)).await;

        give_up(world, &world.start(Effects::default())).await;
        assert_bytes_and_media_agree(world, place).await;
        assert_eq!(world.objects.count(), 0, "{place}");
    })
    .await;
}

#[tokio::test]
async fn removal_that_fails_is_tried_again_after_a_pause() {
    let world = World::new(READ_BACK).await;
    let process = world.start(Effects::default());
    let media = announce_and_upload(&world, &process).await;
    delete(&world, &process, media).await;
    keep_bytes(&world, media);
    world.clock.advance(BYTES_MAY_COME);
    // The query of each shard comes first.
    let shards = world.table.settings().shards;
    let effects = Effects::new(FaultPlan::at(shards, Fault::FailBefore));
    let failing = world.start(effects.clone());

    for _ in 0..2 {
        let removed = upkeep::remove_media(&failing.upkeep).await.unwrap();
        assert_eq!(removed, 0);
    }
    let deletions = effects.begun().into_iter();
    let deletions = deletions.filter(|effect| *effect == "objects.delete");
    assert_eq!(deletions.count(), 1, "the second run left it alone");
    world.clock.advance(BYTES_MAY_COME);
    let removed = upkeep::remove_media(&failing.upkeep).await.unwrap();

    assert_eq!(removed, 1);
    assert_bytes_and_media_agree(&world, UNDISTURBED).await;
    assert_eq!(world.objects.count(), 0);
}

#[tokio::test]
async fn bytes_that_are_stored_after_the_deletion_by_whoever_then_dies_are_removed() {
    let world = World::new(READ_BACK).await;
    let process = world.start(Effects::default());
    let media = announce_and_upload(&world, &process).await;
    delete(&world, &process, media).await;
    assert_bytes_go_after_an_hour(&world, &process, media).await;

    let abandoned = announce_and_upload(&world, &process).await;
    world.clock.advance(AWAITED);
    dispatch::tick(&process.dispatch).await.unwrap();
    assert_bytes_go_after_an_hour(&world, &process, abandoned).await;
}

async fn assert_bytes_go_after_an_hour(world: &World, process: &Process, media: MediaId) {
    keep_bytes(world, media);
    let removed = upkeep::remove_media(&process.upkeep).await.unwrap();
    assert_eq!(removed, 0, "more bytes may come");

    world.clock.advance(BYTES_MAY_COME);
    let removed = upkeep::remove_media(&process.upkeep).await.unwrap();

    assert_eq!(removed, 1);
    assert_bytes_and_media_agree(world, UNDISTURBED).await;
    assert_eq!(world.objects.count(), 0);
}
