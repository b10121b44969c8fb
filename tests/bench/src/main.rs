//! Measures the release build on this machine and prints the figures beside their targets.

use std::process::ExitCode;

use bench::Plan;
use mimalloc::MiMalloc;

/// As in the host: table calls are replayed here to find their share of a request.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Plan::from_args(std::env::args().skip(1)) {
        Ok(plan) => bench::run(&plan).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        #[expect(clippy::print_stderr, reason = "people read why it ended")]
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
