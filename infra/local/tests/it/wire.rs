//! What is sent to the host byte by byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::process::Process;

/// A connection that is still open then is kept open.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came back on a connection until the host closed it.
pub(crate) struct Answers {
    pub(crate) text: String,
}

impl Answers {
    pub(crate) fn statuses(&self) -> Vec<&str> {
        self.each().map(|answer| &answer[..3]).collect()
    }

    /// The answers in turn, without the version in front.
    pub(crate) fn each(&self) -> impl Iterator<Item = &str> {
        self.text.split("HTTP/1.1 ").skip(1)
    }
}

/// Sends these bytes on a connection of their own, and reads until the host closes it.
pub(crate) async fn send(host: &Process, bytes: &[u8]) -> Answers {
    let address = host.base.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    // The host may have had enough before the end.
    let _ = connection.write_all(bytes).await;
    let mut received = Vec::new();
    let all = timeout(PATIENCE, async {
        let mut some = [0; 4096];
        while let Ok(length @ 1..) = connection.read(&mut some).await {
            received.extend_from_slice(&some[..length]);
        }
    });
    let is_closed = all.await.is_ok();
    let text = String::from_utf8_lossy(&received).into_owned();
    assert!(is_closed, "the connection stays open after {text:?}");
    Answers { text }
}
