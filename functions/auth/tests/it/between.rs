//! What happens between the function and its table: another caller who is faster, and a process that dies.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

type Act = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Stands between them.
#[derive(Clone, Default)]
pub(crate) struct Between {
    before: Arc<Mutex<Meddling>>,
    before_read: Arc<Mutex<Option<Read>>>,
    left: Arc<Mutex<Option<usize>>>,
}

/// A read, and what is done before it.
struct Read {
    /// The sort key of its item.
    of: &'static str,
    act: Act,
}

/// What is done before transactions.
#[derive(Default)]
enum Meddling {
    #[default]
    Nothing,
    Once(Act),
    Always(Box<dyn FnMut() -> Act + Send>),
}

impl Between {
    /// Does something right before the next transaction is sent. The transaction waits for it in its thread, so the test
    /// needs a runtime of several.
    pub(crate) fn before_next_transaction(&self, act: impl Future<Output = ()> + Send + 'static) {
        *self.before.lock().unwrap() = Meddling::Once(Box::pin(act));
    }

    /// The same right before an item of this sort key is read next.
    pub(crate) fn before_next_read_of(
        &self,
        of: &'static str,
        act: impl Future<Output = ()> + Send + 'static,
    ) {
        let act = Box::pin(act);
        *self.before_read.lock().unwrap() = Some(Read { of, act });
    }

    /// Does something before every transaction from now on, but for those of what is done itself.
    pub(crate) fn before_every_transaction<F>(&self, mut act: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let act = Box::new(move || Box::pin(act()) as Act);
        *self.before.lock().unwrap() = Meddling::Always(act);
    }

    /// Lets the process die after so many transactions from now on: nothing that it asks of the table afterwards is heard.
    pub(crate) fn die_after_transactions(&self, number: usize) {
        *self.left.lock().unwrap() = Some(number);
    }

    /// The next process.
    pub(crate) fn live_again(&self) {
        *self.left.lock().unwrap() = None;
    }

    fn meddle(&self) {
        let meddling = std::mem::take(&mut *self.before.lock().unwrap());
        let (act, again) = match meddling {
            Meddling::Nothing => return,
            Meddling::Once(act) => (act, Meddling::Nothing),
            Meddling::Always(mut next) => (next(), Meddling::Always(next)),
        };
        finish(act);
        if let Meddling::Always(_) = again {
            *self.before.lock().unwrap() = again;
        }
    }

    fn meddle_with_read(&self, body: &[u8]) {
        let body = String::from_utf8_lossy(body);
        let is_awaited = |read: &mut Read| body.contains(&format!("\"{}\"", read.of));
        let read = self.before_read.lock().unwrap().take_if(is_awaited);
        if let Some(read) = read {
            finish(read.act);
        }
    }
}

/// Does it while the request waits.
fn finish(act: Act) {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| runtime.block_on(act));
}

impl fmt::Debug for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Between")
    }
}

impl Intercept for Between {
    fn name(&self) -> &'static str {
        "between"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target");
        let target = target.unwrap_or_default();
        let is_transaction = target.ends_with(".TransactWriteItems");
        if is_transaction {
            self.meddle();
        } else if target.ends_with(".GetItem") {
            self.meddle_with_read(context.request().body().bytes().unwrap_or_default());
        }
        match &mut *self.left.lock().unwrap() {
            Some(0) => return Err("the process is dead".into()),
            Some(left) if is_transaction => *left -= 1,
            Some(_) | None => {}
        }
        Ok(())
    }
}
