use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use cloud::signing::{Signer as _, SoftwareSigner};
use domain::Clock;
use domain::event::{Actor, EventKind, Subject};
use domain::membership::Role;
use engine::{Notifier, Outbox, Reconciler, Waker};
use jiff::SignedDuration;
use serde_json::json;
use store::{Act, AttentionWork, Table};
use testkit::{Mailbox, MemoryArchive, MemoryObjects, MemoryQueue, TestClock, TestMember, member};

use super::*;

mod route;
mod writers;

/// A product that seals and keeps checkpoints, and what it gives out.
struct World {
    client: Client,
    clock: TestClock,
    table: Table,
    member: TestMember,
    archive: Arc<MemoryArchive>,
    signer: Arc<SoftwareSigner>,
    upkeep: upkeep::Ctx,
}

impl World {
    async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T09:00:00Z");
        let client = testkit::table::client().await;
        let table = testkit::table_with(client.clone(), testkit::clock::ids(&clock)).await;
        let archive = Arc::new(MemoryArchive::default());
        let signer = testkit::signer();
        Self {
            member: member(&table, &clock, Role::Owner).await,
            upkeep: upkeep::Ctx {
                reconciler: reconciler(&table, &clock),
                objects: MemoryObjects::new(),
                archive: Arc::<MemoryArchive>::clone(&archive),
                signer: Arc::<SoftwareSigner>::clone(&signer),
                environment: "test".to_owned(),
            },
            client,
            clock,
            table,
            archive,
            signer,
        }
    }

    /// That many events happen and are sealed.
    async fn happen(&self, events: usize) {
        let act = Act {
            actor: Actor::User(self.member.user),
            at: self.clock.now(),
        };
        let tenant = self.table.tenant(&self.member.scope);
        let subject = Subject::Tenant(self.member.tenant);
        for number in 0..events {
            let detail = json!({ "number": number });
            tenant
                .record(&act, EventKind::TenantChanged, subject, detail)
                .await
                .unwrap();
        }
        let system = self.table.system();
        let now = self.clock.now();
        for shard in 0..system.shards() {
            for entry in system.attention(shard, now, 1_000).await.unwrap() {
                if let AttentionWork::Seal { owner, event } = entry.work {
                    system.seal(owner, &[event], now).await.unwrap();
                }
            }
        }
        self.clock.advance(SignedDuration::from_hours(1));
    }

    async fn checkpoint(&self) -> usize {
        upkeep::checkpoint(&self.upkeep).await.unwrap().chains
    }

    async fn events(&self) -> Vec<String> {
        let tenant = self.table.tenant(&self.member.scope);
        let page = tenant.audit_after(0, 100).await.unwrap();
        let records = page.records.iter();
        records
            .map(|record| serde_json::to_string(record).unwrap())
            .collect()
    }

    async fn witnesses(&self) -> Vec<String> {
        let tenant = self.table.tenant(&self.member.scope);
        let witnesses = tenant.audit_witnesses(0, u64::MAX / 1_000).await.unwrap();
        witnesses
            .iter()
            .map(|witness| serde_json::to_string(witness).unwrap())
            .collect()
    }

    fn kept(&self) -> Vec<String> {
        let kept = self.archive.kept();
        kept.into_values()
            .map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
            .collect()
    }

    async fn verify(&self, lines: &[String]) -> Result<Verified> {
        let key = public(&self.signer).await;
        verify_by(&[key], lines)
    }

    async fn refusal(&self, lines: &[String]) -> String {
        format!("{:#}", self.verify(lines).await.unwrap_err())
    }
}

fn verify_by(keys: &[PublicKey], lines: &[String]) -> Result<Verified> {
    verify_of(keys, None, lines)
}

fn verify_of(keys: &[PublicKey], asked: Option<Owner>, lines: &[String]) -> Result<Verified> {
    let lines = lines.join("\n");
    verify(keys, asked, [("export", lines.as_str())].into_iter())
}

async fn public(signer: &SoftwareSigner) -> PublicKey {
    PublicKey(signer.public_key().await.unwrap())
}

fn reconciler(table: &Table, clock: &TestClock) -> Reconciler {
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let mailbox = Arc::new(Mailbox::default());
    Reconciler {
        waker: Waker {
            table: table.clone(),
            queue: MemoryQueue::new(clock),
            clock: Arc::clone(&shared),
        },
        notifier: Notifier {
            table: table.clone(),
            mailer: Arc::<Mailbox>::clone(&mailbox),
            clock: Arc::clone(&shared),
            dashboard: "https://app.test".to_owned(),
        },
        outbox: Outbox {
            table: table.clone(),
            envelope: testkit::envelope(table, clock),
            mailer: mailbox,
            clock: shared,
        },
    }
}

#[tokio::test]
async fn checkpoints_prove_the_chain_from_the_archive_and_from_the_owners_witnesses() {
    let world = World::new().await;
    member(&world.table, &world.clock, Role::Owner).await;
    world.happen(3).await;
    assert_eq!(world.checkpoint().await, 4, "of two tenants and two people");
    world.happen(2).await;
    assert_eq!(world.checkpoint().await, 1, "only one chain grew");
    assert_eq!(world.checkpoint().await, 0);
    world.happen(1).await;
    let expected = Verified {
        owner: Owner::Tenant(world.member.tenant),
        events: 7,
        proven: 6,
        checkpoints: 2,
        signed: [(public(&world.signer).await.fingerprint(), 2)].into(),
    };

    let events = world.events().await;
    let by_archive = world.verify(&[events.clone(), world.kept()].concat()).await;
    let by_witnesses = [events.clone(), world.witnesses().await].concat();

    assert_eq!(by_archive.unwrap(), expected);
    assert_eq!(world.verify(&by_witnesses).await.unwrap(), expected);
    assert_eq!(world.verify(&events).await.unwrap().proven, 0);
}

#[tokio::test]
async fn end_that_was_cut_off_is_found_by_the_checkpoint() {
    let world = World::new().await;
    world.happen(4).await;
    world.checkpoint().await;
    let mut events = world.events().await;
    events.truncate(3);
    assert_eq!(world.verify(&events).await.unwrap().events, 3);

    let refusal = world.refusal(&[events, world.kept()].concat()).await;

    assert!(refusal.starts_with("event 4: it is missing"), "{refusal}");
}

#[tokio::test]
async fn log_that_was_cut_off_as_a_whole_is_found_by_the_checkpoint_of_whoever_it_is() {
    let world = World::new().await;
    let own = Owner::Tenant(world.member.tenant);
    world.happen(4).await;
    world.checkpoint().await;
    let keys = [public(&world.signer).await];
    let refusal = |asked, lines: &[String]| {
        let refusal = verify_of(&keys, asked, lines).unwrap_err();
        format!("{refusal:#}")
    };

    let by_witnesses = refusal(None, &world.witnesses().await);
    let by_archive = refusal(Some(own), &world.kept());
    let of_nobody = refusal(None, &world.kept());
    let of_nothing = refusal(Some(own), &[]);

    for cut in [by_witnesses, by_archive] {
        assert!(cut.starts_with("event 1: it is missing"), "{cut}");
    }
    assert!(of_nobody.contains("name it with --owner"), "{of_nobody}");
    assert!(
        of_nothing.contains(&format!("no event of {own}")),
        "{of_nothing}"
    );
}

#[tokio::test]
async fn export_of_another_owner_does_not_pass_for_the_one_that_was_asked_for() {
    let world = World::new().await;
    let own = Owner::Tenant(world.member.tenant);
    let stranger = member(&world.table, &world.clock, Role::Owner).await;
    let other = Owner::Tenant(stranger.tenant);
    world.happen(2).await;
    world.checkpoint().await;
    let key = [public(&world.signer).await];
    let events = world.events().await;
    let witnesses = world.witnesses().await;
    let whole = [events.clone(), world.kept()].concat();
    assert_eq!(verify_of(&key, Some(own), &whole).unwrap().proven, 3);

    let of_own: Vec<Vec<String>> = vec![whole, events.clone(), witnesses.clone()];
    for lines in of_own {
        let refusal = format!("{:#}", verify_of(&key, Some(other), &lines).unwrap_err());
        assert!(
            refusal.contains(&format!("of {own}, and not of {other}")),
            "{refusal}"
        );
    }
    // Another's events beside what proves the end of the own ones.
    let tenant = world.table.tenant(&stranger.scope);
    let record = tenant.audit_after(0, 100).await.unwrap().records.remove(0);
    let mixed = [vec![serde_json::to_string(&record).unwrap()], witnesses].concat();
    let refusal = world.refusal(&mixed).await;
    assert!(refusal.contains("logs of several"), "{refusal}");
}

#[tokio::test]
async fn chain_that_was_sealed_anew_is_found_by_the_checkpoint() {
    let world = World::new().await;
    world.happen(2).await;
    world.checkpoint().await;
    world.happen(2).await;
    world.checkpoint().await;
    let mut prev = ChainHash::GENESIS;
    let mut forged = Vec::new();
    for line in world.events().await {
        let mut record: AuditRecord = serde_json::from_str(&line).unwrap();
        if record.event.seq == 4 {
            record.event.detail = json!({ "number": "forged" });
        }
        record.prev = prev;
        record.hash = prev.followed_by(&record.event.canonical().unwrap());
        prev = record.hash;
        forged.push(serde_json::to_string(&record).unwrap());
    }
    assert_eq!(world.verify(&forged).await.unwrap().events, 5);

    let refusal = world.refusal(&[forged, world.kept()].concat()).await;

    assert!(
        refusal.starts_with("event 4, or a later one up to 5"),
        "{refusal}"
    );
}

#[tokio::test]
async fn event_that_was_tampered_with_is_named() {
    let world = World::new().await;
    world.happen(4).await;
    let events = world.events().await;
    let number = |n: usize| events[n].replace("\"number\":1", "\"number\":7");

    let mut changed = events.clone();
    changed[2] = number(2);
    assert!(
        world
            .refusal(&changed)
            .await
            .contains("event 3: it was changed")
    );
    let mut removed = events.clone();
    removed.remove(1);
    assert!(
        world
            .refusal(&removed)
            .await
            .contains("event 2: it is missing")
    );
    let mut torn = events.clone();
    torn[3].truncate(40);
    assert!(
        world
            .refusal(&torn)
            .await
            .contains("event 4: it cannot be read")
    );
}

#[tokio::test]
async fn checkpoint_that_is_forged_is_refused() {
    let world = World::new().await;
    world.happen(2).await;
    world.checkpoint().await;
    let events = world.events().await;
    let mut kept: Checkpoint = serde_json::from_str(&world.kept()[0]).unwrap();
    let lines = |kept: &Checkpoint| {
        let kept = serde_json::to_string(kept).unwrap();
        [events.clone(), vec![kept]].concat()
    };

    kept.leaves[0].seq = 2;
    let changed = world.refusal(&lines(&kept)).await;
    assert!(
        changed.contains("was changed after it was signed"),
        "{changed}"
    );
    let mut header = kept.checkpoint.header.clone();
    header = store::audit::CheckpointHeader::over(&mut kept.leaves, &header.environment, header.at)
        .unwrap();
    kept.checkpoint.header = header;
    let resigned = world.refusal(&lines(&kept)).await;
    assert!(resigned.contains("not signed by this key"), "{resigned}");
}

#[tokio::test]
async fn chain_over_which_two_keys_signed_is_proven_by_both() {
    let mut world = World::new().await;
    world.happen(2).await;
    world.checkpoint().await;
    let later = Arc::new(SoftwareSigner::new(&[8; 32]).unwrap());
    world.upkeep.signer = Arc::<SoftwareSigner>::clone(&later);
    for _ in 0..2 {
        world.happen(1).await;
        world.checkpoint().await;
    }
    let lines = [world.events().await, world.witnesses().await].concat();
    let keys = [public(&later).await, public(&world.signer).await];

    let proven = verify_by(&keys, &lines).unwrap();

    assert_eq!((proven.proven, proven.checkpoints), (5, 3));
    let [later, first] = &keys;
    let expected = [(first.fingerprint(), 1), (later.fingerprint(), 2)];
    assert_eq!(proven.signed, expected.into());
    let words = proven.to_string();
    assert!(
        words.contains(&format!("The key {} signed 2", later.fingerprint())),
        "{words}"
    );
    for alone in &keys {
        let refusal = verify_by(std::slice::from_ref(alone), &lines);
        let refusal = format!("{:#}", refusal.unwrap_err());
        assert!(refusal.contains("not signed by this key"), "{refusal}");
    }
    let foreign = PublicKey(vec![1]);
    let refusal = verify_by(&[foreign.clone(), foreign], &lines);
    let refusal = format!("{:#}", refusal.unwrap_err());
    assert!(refusal.contains("any of these keys"), "{refusal}");
}

#[tokio::test]
async fn key_survives_its_file() {
    let key = public(&testkit::signer()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, pem(&key.0)).unwrap();

    assert_eq!(PublicKey::read(&path).unwrap(), key);
}

/// As an auditor calls it: files and keys, and nothing of the product that made them.
#[tokio::test]
async fn verifier_of_files_proves_an_export_offline_and_names_what_was_changed() {
    let world = World::new().await;
    world.happen(3).await;
    world.checkpoint().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let events = world.events().await;
    let key = write("key.pem", &pem(&public(&world.signer).await.0));
    let kept = write("checkpoint.json", &world.kept()[0]);
    let arguments = |events: &[String]| {
        let export = write("export.jsonl", &events.join("\n"));
        ["--key".to_owned(), key.clone(), export, kept.clone()]
    };

    let proven = verify_audit(&arguments(&events)).unwrap();

    assert_eq!((proven.events, proven.proven), (4, 4));
    for (named, lines) in [
        (
            "event 2: it is missing",
            [&events[..1], &events[2..]].concat(),
        ),
        ("event 4: it is missing", events[..3].to_vec()),
    ] {
        let refusal = format!("{:#}", verify_audit(&arguments(&lines)).unwrap_err());
        assert!(refusal.contains(named), "{refusal}");
    }
    let asked = |owner: &str| {
        let [option, key, files @ ..] = arguments(&[]);
        let asked = [option, key, "--owner".to_owned(), owner.to_owned()];
        let refusal = verify_audit(&[asked.as_slice(), &files].concat()).unwrap_err();
        format!("{refusal:#}")
    };
    let all_cut = asked(&world.member.tenant.to_string());
    assert!(all_cut.contains("event 1: it is missing"), "{all_cut}");
    let unknown = asked("Ada");
    assert!(unknown.contains("\"Ada\" is neither a tenant"), "{unknown}");
}

#[test]
fn wrong_arguments_are_answered_with_the_usage() {
    for arguments in [
        &[][..],
        &["file"],
        &["--key", "file"],
        &["--key"],
        &["--key", "file", "--owner", "ten_1"],
        &["--key", "file", "--owner"],
    ] {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let refusal = verify_audit(&arguments).unwrap_err().to_string();
        assert!(refusal.starts_with("usage:"), "{refusal}");
    }
}
