//! What the kernel says of a process.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Linux counts a process's CPU time in hundredths of a second, whatever its own clock.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time of a process with all its threads, those that ended too. Exact to 10 ms: for runs of seconds.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    // The name of the program may hold anything, so fields are counted behind its bracket.
    let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |place: usize| -> Result<u64> {
        let field = fields.get(place).context("/proc/PID/stat")?;
        field.parse().context("/proc/PID/stat")
    };
    let total = ticks(11)?.saturating_add(ticks(12)?);
    Ok(Duration::from_millis(total * 1000 / TICKS_PER_SECOND))
}

/// CPU time of the threads that a process has now. Exact to a microsecond: for a process that has just started.
pub(crate) fn cpu_of_threads(pid: u32) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
        let path = thread.context("/proc/PID/task")?.path().join("schedstat");
        // A thread may end meanwhile.
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        let nanos = text.split_whitespace().next().unwrap_or_default();
        total += Duration::from_nanos(nanos.parse().unwrap_or_default());
    }
    Ok(total)
}

/// Memory of a process that is in RAM, in MB.
pub(crate) fn resident_mb(pid: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    let kilobytes: f64 = kilobytes.context("VmRSS")?.parse().context("VmRSS")?;
    Ok(kilobytes / 1000.0)
}

/// In milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
