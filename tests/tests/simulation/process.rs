//! A process of the product: its clock, and its awaited effects. Each of them is a point where it can die, stand still,
//! or learn nothing.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use domain::delivery::decisions::{Decision, Wakeup, next_message};
use domain::delivery::{Delivery, DeliveryMessage, Transition};
use jiff::{SignedDuration, Timestamp};

use crate::table::{Id, Verdict};
use crate::weather::EffectFault;
use crate::words::number;
use crate::world::{Outside, Wish, World};

/// Requests that the SDK makes before it gives up.
const SDK_TRIES: u32 = 3;
const LATENCY: SignedDuration = SignedDuration::from_millis(5);

/// A running process.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) world: World,
    /// What its clock is wrong by.
    skew: SignedDuration,
    /// Whether it runs the older of two versions.
    pub(crate) is_old: bool,
}

/// There was no answer: it may have happened or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoAnswer;

pub(crate) type Result<T> = std::result::Result<T, NoAnswer>;

impl Process {
    pub(crate) fn start(world: &World) -> Self {
        let mut outside = world.outside();
        let skew = if outside.weather.clocks {
            outside.tape.pick(&[0, 300, -300, 30, -30, 3, -3])
        } else {
            0
        };
        let is_old = outside.weather.versions_behind > 0 && outside.tape.happens(2);
        drop(outside);
        Self {
            world: world.clone(),
            skew: SignedDuration::from_secs(skew),
            is_old,
        }
    }

    /// The present instant by its own clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.world.outside().now + self.skew
    }

    pub(crate) async fn wait_until(&self, instant: Timestamp) {
        self.wake_at(instant - self.skew, SignedDuration::ZERO)
            .await;
    }

    pub(crate) async fn sleep(&self, pause: SignedDuration) {
        let at = self.world.outside().now + pause;
        self.wake_at(at, SignedDuration::ZERO).await;
    }

    /// The outcome of some work, or nothing if it is not done at this time, as `tokio::time::timeout` has it: whoever
    /// stood still past it goes on until it waits again.
    pub(crate) async fn until<T>(&self, at: Timestamp, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            let mut outside = self.world.outside();
            match outside.wish {
                Wish::Wake(_, _) if outside.now >= at => return Poll::Ready(None),
                Wish::Wake(wake_at, still) if still.is_zero() && at < wake_at => {
                    outside.wish = Wish::Wake(at, SignedDuration::ZERO);
                }
                Wish::Wake(_, _) | Wish::Die => {}
            }
            Poll::Pending
        })
        .await
    }

    /// One awaited effect.
    pub(crate) async fn reach<T>(
        &self,
        what: &'static str,
        act: impl FnOnce(&mut Outside) -> T,
    ) -> Result<T> {
        let fault = self.world.outside().fault();
        match fault {
            Some(EffectFault::PauseBefore) => self.stand_still(what, "before").await,
            Some(EffectFault::Slow) => self.sleep(SignedDuration::from_secs(3)).await,
            _ => self.sleep(LATENCY).await,
        }
        match fault {
            Some(EffectFault::CrashBefore) => self.die(what, "before").await,
            Some(EffectFault::LostRequest) => {
                self.world
                    .outside()
                    .say(|| format!("the request is lost: {what}"));
                return Err(NoAnswer);
            }
            _ => {}
        }
        let answer = act(&mut self.world.outside());
        match fault {
            Some(EffectFault::CrashAfter) => self.die(what, "after").await,
            Some(EffectFault::PauseAfter) => self.stand_still(what, "after").await,
            Some(EffectFault::LostAnswer) => {
                self.world
                    .outside()
                    .say(|| format!("the answer is lost: {what}"));
                return Err(NoAnswer);
            }
            _ => {}
        }
        Ok(answer)
    }

    /// One request to the table, repeated by the SDK.
    pub(crate) async fn table<T>(
        &self,
        what: &'static str,
        mut act: impl FnMut(&mut Outside) -> T,
    ) -> Result<T> {
        for _ in 0..SDK_TRIES {
            let is_throttled = self.world.outside().is_throttled();
            if is_throttled {
                self.sleep(SignedDuration::from_millis(50)).await;
            } else if let Ok(answer) = self.reach(what, &mut act).await {
                let is_repeated = self.world.outside().is_repeated();
                if is_repeated {
                    self.sleep(LATENCY).await;
                    return Ok(act(&mut self.world.outside()));
                }
                return Ok(answer);
            }
        }
        self.world.outside().say(|| format!("given up: {what}"));
        Err(NoAnswer)
    }

    pub(crate) async fn read(&self, id: Id) -> Result<Delivery> {
        self.table("read", |outside| outside.table.delivery(id).clone())
            .await
    }

    /// One transition.
    pub(crate) async fn step(&self, id: Id, transition: &Transition) -> Result<Verdict> {
        let operation = self.world.outside().operation();
        self.table(transition.name.as_str(), |outside| {
            outside.step(id, transition.clone(), operation)
        })
        .await
    }

    /// A decision, with the mail that it owes, as `engine::Notifier` makes it.
    pub(crate) async fn decide(&self, id: Id, decision: Decision) -> Result<Verdict> {
        let Decision { transition, owes } = decision;
        if owes.is_none() {
            return self.step(id, &transition).await;
        }
        self.read(id).await?;
        match self.step(id, &transition).await? {
            Verdict::Done(_) => Ok(Verdict::Done(self.read(id).await?)),
            refused @ Verdict::Refused(_) => Ok(refused),
        }
    }

    /// A message as this version knows it: the one before knew no looks, and ignored what it did not know.
    pub(crate) fn as_known(&self, message: DeliveryMessage) -> DeliveryMessage {
        match message {
            DeliveryMessage::Work { key, rev, nb, .. } if self.is_old => DeliveryMessage::Work {
                key,
                rev,
                nb,
                look: None,
            },
            DeliveryMessage::Work { .. } | DeliveryMessage::Reap { .. } => message,
        }
    }

    /// Sends one message, as `engine::Waker` does.
    pub(crate) async fn send(&self, message: DeliveryMessage) -> Result<()> {
        let message = self.as_known(message);
        let delay = i64::try_from(message.delay_seconds(self.now()).min(900)).unwrap();
        let delay = SignedDuration::from_secs(delay);
        let is_new = self.world.outside().weather.versions_behind > 1 && !self.is_old;
        for _ in 0..SDK_TRIES {
            let sent = self
                .reach("send", |outside| outside.enqueue(message, is_new, delay))
                .await;
            if sent.is_ok() {
                return Ok(());
            }
        }
        Err(NoAnswer)
    }

    /// Messages first, then marks.
    pub(crate) async fn wake(&self, wakeups: &[Wakeup]) -> usize {
        let mut sent = Vec::new();
        for wakeup in wakeups {
            if self.send(wakeup.message()).await.is_ok() {
                sent.push(*wakeup);
            }
        }
        for wakeup in &sent {
            let mark = wakeup.mark(self.now());
            // Whatever fails here is left to the next tick.
            let _ = self.step(number(&wakeup.key), &mark).await;
        }
        sent.len()
    }

    pub(crate) async fn nudge(&self, delivery: &Delivery) {
        if let Some(wakeup) = Wakeup::of(delivery, self.now()) {
            self.wake(&[wakeup]).await;
        }
    }

    /// What comes after a step.
    pub(crate) async fn follow_up(&self, delivery: &Delivery) {
        self.nudge(delivery).await;
        if let Some(message) = next_message(delivery, self.now()) {
            // A message that is lost is replaced by the next tick.
            let _ = self.send(message).await;
        }
    }

    async fn stand_still(&self, what: &'static str, side: &'static str) {
        let pause = {
            let mut outside = self.world.outside();
            let seconds = outside.tape.pick(&[100, 200, 600]);
            outside.say(|| format!("a process stands still for {seconds} s {side} {what}"));
            SignedDuration::from_secs(seconds)
        };
        let at = self.world.outside().now + pause;
        self.wake_at(at, pause).await;
    }

    async fn die(&self, what: &'static str, side: &'static str) {
        self.world
            .outside()
            .say(|| format!("a process dies {side} {what}"));
        Suspended {
            world: &self.world,
            wish: Wish::Die,
        }
        .await;
    }

    async fn wake_at(&self, at: Timestamp, still: SignedDuration) {
        Suspended {
            world: &self.world,
            wish: Wish::Wake(at, still),
        }
        .await;
    }
}

/// Gives the event loop a wish, and goes on when that is fulfilled.
struct Suspended<'a> {
    world: &'a World,
    wish: Wish,
}

impl Future for Suspended<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut outside = self.world.outside();
        if let Wish::Wake(at, _) = self.wish
            && at <= outside.now
        {
            return Poll::Ready(());
        }
        outside.wish = self.wish;
        Poll::Pending
    }
}
