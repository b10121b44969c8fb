//! Planned faults at awaited effects: fail before the effect, after it, delay it, or crash around it.
//!
//! Every effect that goes through one [`Effects`] has a number, from 0, in the order in which they begin. A
//! [`FaultPlan`] names numbers and faults. A harness runs a use case once to count its effects, then once for each
//! number and fault:
//!
//! ```text
//! let effects = Effects::new(FaultPlan::at(3, Fault::CrashAfter));
//! let outcome = effects.until_crash(use_case(&effects)).await; // None: it crashed, its future was dropped
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Error, Result};
use futures::future::{Either, select};
use tokio::sync::Notify;

mod connector;
mod services;

pub use connector::FaultyHttpClient;
pub use services::Faulty;

/// What happens at an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The effect does not happen; the caller sees an error.
    FailBefore,
    /// The effect happens; the caller sees an error all the same (the answer was lost).
    FailAfter,
    /// The effect happens, but only after this time.
    Delay(Duration),
    /// The process dies before the effect: nothing happens, and the caller never hears.
    CrashBefore,
    /// The process dies right after the effect: the caller never hears.
    CrashAfter,
}

/// Which effects go wrong, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan(BTreeMap<u32, Fault>);

impl FaultPlan {
    /// Nothing goes wrong.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// One fault, at effect `number`.
    pub fn at(number: u32, fault: Fault) -> Self {
        Self::none().and(number, fault)
    }

    /// The same plan with one more fault.
    #[must_use]
    pub fn and(mut self, number: u32, fault: Fault) -> Self {
        self.0.insert(number, fault);
        self
    }
}

/// Is told of every effect, for a harness that wants to know where a crash would leave something else behind.
pub trait Watch: fmt::Debug + Send + Sync {
    /// The effect with this number is about to happen.
    fn before(&self, number: u32, effect: &'static str);

    /// It has happened, and nobody has heard of it yet.
    fn after(&self, number: u32, effect: &'static str);
}

/// Numbers the effects of everything that shares it (clones do) and applies a plan to them.
#[derive(Clone, Debug, Default)]
pub struct Effects(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    crash: Notify,
}

#[derive(Debug, Default)]
struct State {
    plan: FaultPlan,
    watch: Option<Arc<dyn Watch>>,
    begun: Vec<&'static str>,
    crashed: bool,
}

/// The error that a planned fault shows to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("planned fault at effect {number} ({effect})")]
pub struct PlannedFault {
    /// The effect's number.
    pub number: u32,
    /// The effect's name.
    pub effect: &'static str,
}

impl From<PlannedFault> for Error {
    fn from(fault: PlannedFault) -> Self {
        Self::unavailable(fault.effect, fault)
    }
}

impl Effects {
    /// Effects that follow `plan`.
    pub fn new(plan: FaultPlan) -> Self {
        let effects = Self::default();
        effects.state().plan = plan;
        effects
    }

    /// Effects of which none goes wrong, and of which `watch` is told.
    pub fn watched(watch: Arc<dyn Watch>) -> Self {
        let effects = Self::default();
        effects.state().watch = Some(watch);
        effects
    }

    /// The names of the effects that have begun, in order.
    pub fn begun(&self) -> Vec<&'static str> {
        self.state().begun.clone()
    }

    /// Whether a planned crash has happened. From then on no effect happens or answers.
    pub fn has_crashed(&self) -> bool {
        self.state().crashed
    }

    /// Runs one effect under the plan.
    pub async fn apply<T>(
        &self,
        name: &'static str,
        effect: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match self.guard(name, effect).await {
            Ok(result) => result,
            Err(fault) => Err(fault.into()),
        }
    }

    /// Runs one effect of any output under the plan; a planned failure is the error.
    pub async fn guard<T>(
        &self,
        name: &'static str,
        effect: impl Future<Output = T>,
    ) -> std::result::Result<T, PlannedFault> {
        let (number, fault) = self.begin(name).await;
        let planned = PlannedFault {
            number,
            effect: name,
        };
        match fault {
            None => Ok(self.answer(self.watch(planned, effect).await).await),
            Some(Fault::FailBefore) => Err(planned),
            Some(Fault::FailAfter) => {
                self.answer(effect.await).await;
                Err(planned)
            }
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                Ok(self.answer(effect.await).await)
            }
            Some(Fault::CrashBefore) => self.crash().await,
            Some(Fault::CrashAfter) => {
                effect.await;
                self.crash().await
            }
        }
    }

    /// Runs `work` until it ends or a planned crash happens, and drops it then; `None` after a crash.
    pub async fn until_crash<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let crashed = self.0.crash.notified();
        match select(pin!(work), pin!(crashed)).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(((), _)) => None,
        }
    }

    async fn begin(&self, name: &'static str) -> (u32, Option<Fault>) {
        if self.has_crashed() {
            std::future::pending::<()>().await;
        }
        let mut state = self.state();
        let number = u32::try_from(state.begun.len()).unwrap_or(u32::MAX);
        state.begun.push(name);
        (number, state.plan.0.get(&number).copied())
    }

    async fn watch<T>(&self, planned: PlannedFault, effect: impl Future<Output = T>) -> T {
        let PlannedFault {
            number,
            effect: name,
        } = planned;
        let watch = self.state().watch.clone();
        if let Some(watch) = &watch {
            watch.before(number, name);
        }
        let output = effect.await;
        if let Some(watch) = &watch {
            watch.after(number, name);
        }
        output
    }

    /// An effect of another task that was under way at the crash happened, but nobody hears of it.
    async fn answer<T>(&self, output: T) -> T {
        if self.has_crashed() {
            std::future::pending::<()>().await;
        }
        output
    }

    async fn crash<T>(&self) -> T {
        self.state().crashed = true;
        self.0.crash.notify_one();
        std::future::pending().await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
