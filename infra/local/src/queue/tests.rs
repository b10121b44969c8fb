use std::path::Path;
use std::pin::Pin;
use std::sync::Mutex;

use cloud::queue::Delay;
use domain::TenantId;
use tokio::sync::watch;

use super::*;

/// Stands still until it is moved; waiting moves it.
#[derive(Debug)]
struct SteppingClock(Mutex<Timestamp>);

impl SteppingClock {
    fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for SteppingClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn wait_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        *self.0.lock().unwrap() = instant;
        Box::pin(std::future::ready(()))
    }
}

struct Bench {
    clock: Arc<SteppingClock>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            clock: Arc::new(SteppingClock(Mutex::new(Timestamp::UNIX_EPOCH))),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    async fn open(&self) -> LocalQueue {
        let sqlite = Sqlite::open(&self.path().join("host.sqlite"), SCHEMA).unwrap();
        let clock: Arc<dyn Clock> = Arc::<SteppingClock>::clone(&self.clock);
        LocalQueue::open(sqlite, clock).await.unwrap()
    }
}

fn message(tenant: u8, body: &str, delay: u64) -> Outgoing {
    let tenant = format!("ten_0000000000000000000000000{tenant}");
    Outgoing {
        body: body.to_owned(),
        tenant: tenant.parse::<TenantId>().unwrap(),
        delay: Delay::from_seconds(delay),
    }
}

async fn send(queue: &LocalQueue, messages: &[Outgoing]) {
    for result in queue.send(messages).await {
        result.unwrap();
    }
}

async fn dead(queue: &LocalQueue) -> u64 {
    let count = |sqlite: &Connection| {
        sqlite.query_row("SELECT COUNT(*) FROM dead_message", [], |row| row.get(0))
    };
    queue.sqlite.transaction(count).await.unwrap()
}

async fn bodies(queue: &LocalQueue, most: usize) -> Vec<String> {
    let received = queue.receive(most).await.unwrap();
    received.into_iter().map(|message| message.body).collect()
}

#[tokio::test]
async fn delayed_message_is_received_at_its_time_and_not_before() {
    let bench = Bench::new();
    let queue = bench.open().await;
    send(&queue, &[message(1, "later", 30), message(1, "now", 0)]).await;

    assert_eq!(bodies(&queue, 10).await, ["now"]);
    bench.clock.advance(29);
    assert!(bodies(&queue, 10).await.is_empty());
    bench.clock.advance(1);
    assert_eq!(bodies(&queue, 10).await, ["later"]);
}

#[tokio::test]
async fn sent_message_survives_the_death_of_the_process() {
    let bench = Bench::new();
    send(&bench.open().await, &[message(1, "kept", 0)]).await;

    assert_eq!(bodies(&bench.open().await, 10).await, ["kept"]);
}

#[tokio::test]
async fn message_received_by_a_dead_process_is_received_again_at_once() {
    let bench = Bench::new();
    let queue = bench.open().await;
    send(&queue, &[message(1, "kept", 0), message(1, "delayed", 60)]).await;
    assert_eq!(bodies(&queue, 10).await, ["kept"]);

    assert_eq!(bodies(&bench.open().await, 10).await, ["kept"]);
}

#[tokio::test]
async fn message_that_is_not_deleted_is_received_again_after_its_time_out() {
    let bench = Bench::new();
    let queue = bench.open().await;
    send(&queue, &[message(1, "again", 0)]).await;
    let first = queue.receive(10).await.unwrap();

    assert!(queue.receive(10).await.unwrap().is_empty());
    bench.clock.advance(90);
    let second = queue.receive(10).await.unwrap();
    queue.delete(&first).await.unwrap();
    bench.clock.advance(90);
    let third = queue.receive(10).await.unwrap();
    queue.delete(&third).await.unwrap();
    bench.clock.advance(90);

    assert_eq!((second[0].receives, third[0].receives), (2, 3));
    assert!(queue.receive(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn message_received_too_often_dies() {
    let bench = Bench::new();
    let queue = bench.open().await;
    send(&queue, &[message(1, "poison", 0)]).await;

    for _ in 0..5 {
        assert_eq!(bodies(&queue, 10).await, ["poison"]);
        bench.clock.advance(90);
    }

    assert!(bodies(&queue, 10).await.is_empty());
    assert_eq!(dead(&queue).await, 1);
}

#[tokio::test]
async fn tenant_with_many_messages_does_not_delay_another() {
    let bench = Bench::new();
    let queue = bench.open().await;
    let many: Vec<_> = (0..50)
        .map(|n| message(1, &format!("loud {n}"), 0))
        .collect();
    send(&queue, &many).await;
    bench.clock.advance(1);
    send(&queue, &[message(2, "quiet", 0)]).await;

    let batch = bodies(&queue, 4).await;

    assert_eq!(batch, ["loud 0", "quiet", "loud 1", "loud 2"]);
}

#[tokio::test]
async fn tenant_whose_messages_take_long_does_not_hold_every_worker() {
    let bench = Bench::new();
    let queue = bench.open().await;
    let slow: Vec<_> = (0..50)
        .map(|n| message(1, &format!("slow {n}"), 0))
        .collect();
    send(&queue, &slow).await;
    assert_eq!(bodies(&queue, 10).await.len(), 10);
    bench.clock.advance(1);
    let quick: Vec<_> = (0..5)
        .map(|n| message(2, &format!("quick {n}"), 0))
        .collect();
    send(&queue, &quick).await;

    let batch = bodies(&queue, 6).await;

    let first = ["quick 0", "quick 1", "quick 2", "quick 3", "quick 4"];
    assert_eq!(batch[..5], first);
    assert_eq!(batch[5], "slow 10");
}

#[tokio::test]
async fn pool_deletes_what_succeeded_and_receives_again_what_failed() {
    let bench = Bench::new();
    let queue = bench.open().await;
    send(&queue, &[message(1, "good", 0), message(1, "bad", 0)]).await;
    let (stop, stopped) = watch::channel(false);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let handler: BatchHandler = {
        let seen = Arc::clone(&seen);
        Arc::new(move |batch| {
            let seen = Arc::clone(&seen);
            let stop = stop.clone();
            Box::pin(async move {
                let mut failed = BTreeSet::new();
                let mut seen = seen.lock().unwrap();
                for message in batch {
                    if message.body == "bad" && message.receives < 3 {
                        failed.insert(message.id);
                    }
                    seen.push((message.body, message.receives));
                }
                if failed.is_empty() {
                    stop.send(true).unwrap();
                }
                failed
            })
        })
    };

    Pool::new(queue.clone(), handler, 1).run(stopped).await;

    let seen = seen.lock().unwrap().clone();
    let bad = |receives| ("bad".to_owned(), receives);
    assert_eq!(seen, [("good".to_owned(), 1), bad(1), bad(2), bad(3)]);
    bench.clock.advance(90);
    assert!(bodies(&queue, 10).await.is_empty());
}
