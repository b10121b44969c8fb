//! The whole product in one process; checks of what it gives out as proof, which need none of it; and what an operator asks
//! of it while it rests.

use std::fmt::Display;
use std::process::ExitCode;

use anyhow::Context as _;
use cloud::config::ProcessEnvironment;
use local::{Host, Settings, audit, erasure, export, retirement, rotation};
use mimalloc::MiMalloc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A third of the work of a list is allocations: the table, the queue and the functions are one process here.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The emulator warns of every refused condition, which are everyday events here.
const LOGS: &str = "info,dynoxide=error,aws_smithy_runtime=warn,aws_sdk_dynamodb=warn";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, arguments)) = arguments.split_first() else {
        return serve();
    };
    match command.as_str() {
        "verify-audit" => tell(
            audit::verify_audit(arguments),
            "The audit log is not what was sealed",
        ),
        "verify-erasure" => tell(
            erasure::verify_erasure(arguments),
            "The certificate proves nothing",
        ),
        "verify-export" => tell(export::verify_export(arguments), "The export is not whole"),
        "rotate-keys" => tell(rotate_keys(arguments), "No key is rotated"),
        "retire-signing-keys" => tell(retire_signing_keys(arguments), "No key is retired"),
        #[expect(clippy::print_stderr, reason = "people read what went wrong")]
        _ => {
            eprintln!(
                "There is no command {command:?}. Without one everything is served; verify-audit checks an export of the audit log, verify-erasure the certificate of an erased tenant, verify-export the files of an export; rotate-keys has keys of tenants replaced, retire-signing-keys those of access tokens."
            );
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "people and scripts read the verdict"
)]
fn tell<T: Display>(verdict: anyhow::Result<T>, otherwise: &str) -> ExitCode {
    match verdict {
        Ok(verified) => {
            println!("{verified}");
            ExitCode::SUCCESS
        }
        Err(broken) => {
            eprintln!("{otherwise}: {broken:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn rotate_keys(arguments: &[String]) -> anyhow::Result<rotation::Asked> {
    let settings = Settings::from_env(&ProcessEnvironment)?;
    rotation::rotate_keys(&settings, arguments).await
}

#[tokio::main]
async fn retire_signing_keys(arguments: &[String]) -> anyhow::Result<retirement::Retired> {
    let settings = Settings::from_env(&ProcessEnvironment)?;
    retirement::retire_signing_keys(&settings, arguments).await
}

fn serve() -> ExitCode {
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
