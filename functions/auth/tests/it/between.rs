//! What happens between the function and its table: another caller who is faster, and calls that fail.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

type Act = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Stands between them.
#[derive(Clone, Default)]
pub(crate) struct Between {
    before_next: Arc<Mutex<Option<Act>>>,
    refuses_deletions: Arc<AtomicBool>,
}

impl Between {
    /// Does something right before the next transaction is sent. The transaction waits for it in its thread, so the test
    /// needs a runtime of several.
    pub(crate) fn before_next_transaction(&self, act: impl Future<Output = ()> + Send + 'static) {
        *self.before_next.lock().unwrap() = Some(Box::pin(act));
    }

    /// Lets no item be deleted alone from now on, as if the process died after its next transaction; or does again.
    pub(crate) fn refuse_deletions(&self, refuses: bool) {
        self.refuses_deletions.store(refuses, Ordering::SeqCst);
    }
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
        if target.ends_with(".DeleteItem") && self.refuses_deletions.load(Ordering::SeqCst) {
            return Err("the process is dead".into());
        }
        if target.ends_with(".TransactWriteItems") {
            let act = self.before_next.lock().unwrap().take();
            if let Some(act) = act {
                let runtime = tokio::runtime::Handle::current();
                tokio::task::block_in_place(|| runtime.block_on(act));
            }
        }
        Ok(())
    }
}
