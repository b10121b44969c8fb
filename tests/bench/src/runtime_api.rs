//! A small Lambda Runtime API and table service on loopback: it tells when a function has started.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Longest start of a function.
const LONGEST: Duration = Duration::from_secs(20);

/// A table's answer to a read of nothing.
const NOTHING: &str = "{}";
/// Its answer where a function makes sure that the product has keys. They are new in every year in which this is
/// measured, for a function that makes one at its start is no usual one.
const KEYRING: &str = r#"{"Item":{"ty":{"S":"keyring"},"v":{"N":"1"},"cursor":{"S":""},"hash":{"S":""},"signing":{"L":[
    {"M":{"kid":{"S":"k"},"x":{"S":""},"y":{"S":""},"sealed":{"S":""},"created_at":{"N":"4102444800000"}}}]}}}"#;

/// What a function said first.
#[derive(Debug)]
enum Said {
    /// It asks for its first event: it is ready.
    Ready(Instant),
    /// It cannot start.
    Failed(String),
}

/// Both services at one address.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    /// Where it is reached.
    pub(crate) address: SocketAddr,
    said: Receiver<Said>,
}

impl RuntimeApi {
    /// Serves for as long as this program runs.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (tell, said) = channel();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let tell = tell.clone();
                // A function that is killed breaks its connection: nobody minds.
                thread::spawn(move || drop(serve(connection, &tell)));
            }
        });
        Ok(Self { address, said })
    }

    /// Waits until the function that was just started asks for its first event.
    pub(crate) fn wait_until_ready(&self) -> Result<Instant> {
        match self
            .said
            .recv_timeout(LONGEST)
            .context("it never asked for an event")?
        {
            Said::Ready(at) => Ok(at),
            Said::Failed(why) => bail!("it cannot start: {why}"),
        }
    }
}

/// Answers the requests of one connection. `next` is never answered: there are no events.
fn serve(mut connection: TcpStream, tell: &Sender<Said>) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if request.contains("/runtime/invocation/next") {
            tell.send(Said::Ready(Instant::now()))?;
            thread::park();
        } else if request.contains("/runtime/") {
            tell.send(Said::Failed(String::from_utf8_lossy(&body).into_owned()))?;
        }
        let is_of_keys = String::from_utf8_lossy(&body).contains("X#KEYS");
        let answer = if is_of_keys { KEYRING } else { NOTHING };
        write!(
            connection,
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len(),
        )?;
    }
}
