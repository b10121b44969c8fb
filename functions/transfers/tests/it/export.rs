use std::process::Command;

use domain::Clock as _;
use domain::export::{Export, ExportState, Position, Volume};
use jiff::SignedDuration;
use serde_json::json;
use store::ExportAdvance;
use transfers::bundle::{BundleReader, Record};

use crate::world::{SECRET, VOLUME, World};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn export_has_everything_of_its_tenant_and_nothing_of_others() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    let bob = world.furnished("bob@example.com").await;
    let id = world.request(&ada).await;

    assert_eq!(world.run().await, 1);

    let bundle = world.bundle(&ada, id).await;
    let manifest = &bundle.manifests[0];
    assert_eq!(manifest["format"], "m1autoposter-export");
    assert_eq!(manifest["version"], 1);
    assert_eq!(manifest["tenant"], ada.tenant.to_string());
    assert_eq!(
        manifest["counts"],
        json!({ "accounts": 2, "account_groups": 1, "roles": 0, "members": 1, "media": 1, "posts": 2 })
    );
    assert_eq!(bundle.records("tenant")[0]["name"], "Analytical Engines");
    assert_eq!(bundle.records("member")[0]["email"], ADA);
    assert_eq!(bundle.records("account").len(), 2);
    let media = &bundle.records("media")[0];
    assert_eq!(media["file_name"], "loom.png");
    let file = media["file"].as_str().unwrap();
    assert_eq!(file, format!("media/{}.png", media["id"].as_str().unwrap()));
    assert_eq!(bundle.files[file], b"not really a picture");
    let posts = bundle.records("post");
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0]["targets"][0]["state"], "scheduled");
    assert_eq!(posts[0]["when"]["due"], "2026-12-02T08:00:00Z");
    let text = bundle.text();
    assert!(!text.contains(&bob.tenant.to_string()) && !text.contains("bob@example.com"));
}

#[tokio::test]
async fn export_has_no_secret_of_its_tenant() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    let id = world.request(&ada).await;
    world.run().await;

    let text = world.bundle(&ada, id).await.text();

    let secret = String::from_utf8_lossy(SECRET);
    assert!(!text.contains(&*secret));
    // Base64, in which the table keeps bytes.
    assert!(!text.contains("YSBzZWFsZWQgY3JlZGVudGlhb"));
    assert!(!text.contains("sealed"));
}

#[tokio::test]
async fn volume_opens_in_a_reader_that_is_not_ours() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    let id = world.request(&ada).await;
    world.run().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("volume.zip");
    std::fs::write(&file, &world.volumes(&ada, id).await[0]).unwrap();

    let read = |option: &str| {
        let mut command = Command::new("python3");
        let command = command.args(["-m", "zipfile", option]).arg(&file);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };

    // It answers with the first file whose checksum is wrong.
    assert_eq!(read("--test").trim(), "Done testing");
    let list = read("--list");
    for name in ["media/med_", "records/000001.jsonl", "manifest/000001.json"] {
        assert!(list.contains(name), "{list}");
    }
}

#[tokio::test]
async fn export_of_more_than_a_volume_holds_is_made_volume_by_volume() {
    let world = World::new().await;
    let ada = world.owner(ADA).await;
    let large = vec![7; VOLUME / 2 + 100];
    for _ in 0..3 {
        world.media(&ada, &large).await;
    }
    let account = world.account(&ada, "loom").await;
    let post = world.post(&ada, account).await;
    let id = world.request(&ada).await;

    assert!(world.run().await > 1);

    let volumes = world.volumes(&ada, id).await;
    assert!(volumes.iter().all(|volume| volume.len() < 2 * VOLUME));
    let bundle = world.bundle(&ada, id).await;
    assert_eq!(bundle.records("media").len(), 3);
    let pictures = bundle.files.values().filter(|file| **file == large);
    assert_eq!(pictures.count(), 3);
    assert_eq!(bundle.records("post")[0]["id"], post.to_string());
}

#[tokio::test]
async fn export_is_taken_by_the_reader_of_exports() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    world.media(&ada, &[7; VOLUME]).await;
    let id = world.request(&ada).await;
    world.run().await;
    let volumes = world.volumes(&ada, id).await;
    assert!(volumes.len() > 1);

    let mut reader = BundleReader::default();
    let mut records = Vec::new();
    for volume in &volumes {
        let contents = reader.volume(volume).unwrap();
        records.extend(contents.records.iter().map(Result::unwrap));
    }

    let written = world.bundle(&ada, id).await;
    let posts = records.iter().filter_map(|record| match record {
        Record::Post(post) => Some(serde_json::to_value(post).unwrap()),
        _ => None,
    });
    for (read, mut written) in posts.zip(written.records("post")) {
        written.as_object_mut().unwrap().remove("type");
        assert_eq!(read, written);
    }
    assert_eq!(reader.finish().unwrap().counts.posts, 2);
}

#[tokio::test]
async fn export_whose_time_is_up_goes_on_in_the_next_run() {
    let world = World::new().await;
    let ada = world.owner(ADA).await;
    for _ in 0..2 {
        world.media(&ada, &[7; VOLUME]).await;
    }
    let id = world.request(&ada).await;
    let ctx = transfers::Ctx {
        time_max: SignedDuration::ZERO,
        ..world.function()
    };

    let first = transfers::run(&ctx).await.unwrap();
    let halfway = world.export(&ada, id).await;
    world.run().await;

    assert_eq!(first.steps, 1);
    assert_eq!(halfway.state, ExportState::Running);
    assert_eq!(halfway.counts.media, 1);
    assert_eq!(world.bundle(&ada, id).await.records("media").len(), 2);
}

#[tokio::test]
async fn export_that_two_runs_make_at_once_is_made_once() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    for _ in 0..2 {
        world.media(&ada, &[7; VOLUME]).await;
    }
    let id = world.request(&ada).await;
    let (one, other) = (world.function(), world.function());

    let (one, other) = tokio::join!(transfers::run(&one), transfers::run(&other));

    let volumes = world.volumes(&ada, id).await.len();
    assert_eq!(one.unwrap().steps + other.unwrap().steps, volumes);
    let bundle = world.bundle(&ada, id).await;
    assert_eq!(bundle.records("media").len(), 3);
    assert_eq!(bundle.records("post").len(), 2);
    assert_eq!(world.mailbox.to(ADA).len(), 1);
}

#[tokio::test]
async fn export_that_is_ready_is_told_once_to_whoever_asked() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    world.request(&ada).await;

    world.run().await;
    world.run().await;

    let mails = world.mailbox.to(ADA);
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0]
            .text
            .contains("https://app.test/settings/workspace")
    );
    let now = world.clock.now();
    let waiting = world.table.system().waiting_transfers(now).await;
    assert_eq!(waiting.unwrap(), []);
}

#[tokio::test]
async fn export_that_expired_is_gone() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    let id = world.request(&ada).await;
    world.run().await;

    world.clock.advance(SignedDuration::from_hours(7 * 24));

    let tenant = world.table.tenant(&ada.scope);
    let now = world.clock.now();
    assert_eq!(tenant.export(id, now).await.unwrap(), None);
    assert_eq!(tenant.exports(now).await.unwrap(), []);
}

#[tokio::test]
async fn export_that_does_not_get_done_in_two_days_is_given_up() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    let id = world.request(&ada).await;
    world.clock.advance(SignedDuration::from_hours(48));

    world.run().await;

    assert_eq!(world.export(&ada, id).await.state, ExportState::Failed);
    let now = world.clock.now();
    let waiting = world.table.system().waiting_transfers(now).await;
    assert_eq!(waiting.unwrap(), []);
    assert!(world.mailbox.to(ADA).is_empty());
}

#[tokio::test]
async fn export_of_a_tenant_that_is_deleted_meanwhile_stops_and_tells_nobody() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    world.media(&ada, &[7; VOLUME]).await;
    let id = world.request(&ada).await;
    let one_step = transfers::Ctx {
        time_max: SignedDuration::ZERO,
        ..world.function()
    };
    transfers::run(&one_step).await.unwrap();
    assert_eq!(world.export(&ada, id).await.volumes, 1);

    world.delete(&ada).await;
    world.run().await;

    let export = world.export(&ada, id).await;
    assert_eq!((export.state, export.volumes), (ExportState::Failed, 1));
    assert_eq!(world.objects.count(), 3, "two media and one volume");
    assert!(world.mailbox.to(ADA).is_empty());
    assert_eq!(world.run().await, 0);
}

#[tokio::test]
async fn export_step_that_wakes_up_after_another_claimed_it_counts_for_nothing() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    let id = world.request(&ada).await;
    let tenant = world.table.tenant(&ada.scope);
    let claim = async || {
        let seen = world.export(&ada, id).await;
        let claimed = seen.claimed(world.clock.now());
        assert!(tenant.claim_export(&seen, &claimed).await.unwrap());
        (seen, claimed)
    };
    let volume = Volume {
        number: 1,
        bytes: 10,
        sha256: "00ff".to_owned(),
    };
    let end = async |seen: &Export| {
        let next = seen.with(&volume, seen.counts, Position::End, world.clock.now());
        let advance = ExportAdvance {
            seen,
            next: &next,
            volume: &volume,
            owes: None,
        };
        tenant.advance_export(&advance).await.unwrap()
    };

    let (seen, sleeper) = claim().await;
    assert!(!tenant.claim_export(&seen, &sleeper).await.unwrap(), "once");
    assert_eq!(world.run().await, 0, "it is being made");
    world.clock.advance(SignedDuration::from_mins(1));
    let (_, other) = claim().await;

    assert!(!end(&sleeper).await);
    assert!(end(&other).await);
}

#[tokio::test]
async fn entry_of_a_kind_that_only_newer_code_knows_keeps_no_export_waiting() {
    let world = World::new().await;
    let ada = world.furnished(ADA).await;
    world.store_newer_kind(&ada).await;
    let id = world.request(&ada).await;

    assert_eq!(world.run().await, 1);

    assert!(matches!(
        world.export(&ada, id).await.state,
        ExportState::Ready { .. }
    ));
}
