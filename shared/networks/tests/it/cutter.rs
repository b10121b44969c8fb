//! A TCP proxy that can cut the answer: the request arrives, the client never learns what came of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(crate) struct Cutter {
    pub(crate) address: SocketAddr,
    cut: Arc<AtomicBool>,
    _forwarding: JoinSet<()>,
}

impl Cutter {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Arc::new(AtomicBool::new(false));
        let mut forwarding = JoinSet::new();
        let flag = Arc::clone(&cut);
        forwarding.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(forward(client, server, Arc::clone(&flag)));
            }
        });
        Self {
            address,
            cut,
            _forwarding: forwarding,
        }
    }

    /// From now on answers are cut, or not.
    pub(crate) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

async fn forward(client: TcpStream, server: SocketAddr, cut: Arc<AtomicBool>) {
    let server = TcpStream::connect(server).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let requests = async {
        tokio::io::copy(&mut from_client, &mut to_server)
            .await
            .map(|_| ())
    };
    let answers = async {
        let mut chunk = vec![0; 16 * 1024];
        loop {
            let read = from_server.read(&mut chunk).await?;
            if read == 0 || cut.load(Ordering::SeqCst) {
                return Ok(());
            }
            to_client.write_all(&chunk[..read]).await?;
        }
    };
    // Whichever ends first drops both connections.
    let _: std::io::Result<()> = tokio::select! { end = requests => end, end = answers => end };
}
