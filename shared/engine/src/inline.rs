//! Mails that are sent right after the act that owes them.

use std::time::Duration;

use domain::{Error, NoticeId, Result};

/// Longest time that an act waits for its mail to be sent.
const LONGEST: Duration = Duration::from_secs(2);

/// Sends an owed mail now; a failure is logged and left to whoever reconciles.
pub(crate) async fn send_inline(owed: NoticeId, sending: impl Future<Output = Result<()>>) {
    let failure = match tokio::time::timeout(LONGEST, sending).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(elapsed) => Error::unavailable("the mail service", elapsed),
    };
    tracing::warn!(
        notice.id = %owed,
        error = &failure as &dyn std::error::Error,
        "a mail could not be sent at once; it is sent later"
    );
}
