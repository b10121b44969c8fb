//! The whole product in one process.

use std::process::ExitCode;

use anyhow::Context as _;
use cloud::config::ProcessEnvironment;
use local::{Host, Settings};
use mimalloc::MiMalloc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A third of the work of a list is allocations: the table, the queue and the functions are one process here.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The emulator warns of every refused condition, which are everyday events here.
const LOGS: &str = "info,dynoxide=error,aws_smithy_runtime=warn,aws_sdk_dynamodb=warn";

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(LOGS))
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        #[expect(clippy::print_stderr, reason = "people read why it does not start")]
        Err(error) => {
            eprintln!("M1Autoposter cannot start: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run() -> anyhow::Result<()> {
    let settings = Settings::from_env(&ProcessEnvironment)?;
    let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
    let host = Host::open(&settings).await?;
    #[expect(clippy::print_stdout, reason = "people and scripts wait for this line")]
    {
        println!("M1Autoposter is ready at {}", host.url());
    }
    host.run(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
    .await;
    Ok(())
}
