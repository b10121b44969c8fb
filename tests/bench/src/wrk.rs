//! Load over HTTP by wrk, from outside of the product.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// Appended to each script: one line that a program can read.
const REPORT: &str = r#"
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %f %f\n", summary.requests,
    e.connect + e.read + e.write + e.timeout + e.status, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
"#;

/// How requests were answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Answered {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Sends as many requests as `connections` can in so many seconds; every answer must be a success.
pub(crate) fn run(url: &str, script: &str, connections: u32, seconds: u32) -> Result<Answered> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("requests.lua");
    std::fs::write(&path, format!("{script}\n{REPORT}"))?;
    let output = wrk(url, &path, connections, seconds)?;
    read(&output)
}

fn wrk(url: &str, script: &Path, connections: u32, seconds: u32) -> Result<String> {
    let output = Command::new("wrk")
        .args(["--threads", "1", "--timeout", "10s"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s")])
        .arg("--script")
        .arg(script)
        .arg(url)
        .output()
        .context("wrk cannot be started (Debian: apt-get install wrk)")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "wrk failed: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(text)
}

fn read(output: &str) -> Result<Answered> {
    let line = output.lines().find_map(|line| line.strip_prefix("RESULT "));
    let line = line.with_context(|| format!("wrk said nothing: {output}"))?;
    let fields: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [requests, errors, micros, p50, p99] = fields.as_slice() else {
        bail!("wrk said {line:?}");
    };
    ensure!(
        *errors == 0.0,
        "{errors} of {requests} requests failed: {output}"
    );
    Ok(Answered {
        requests: *requests as u64,
        per_second: requests / micros * 1e6,
        p50_ms: p50 / 1000.0,
        p99_ms: p99 / 1000.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_of_a_run_is_read() {
        let output = "Running 2s test\nRESULT 400 0 2000000 1500.000000 9000.000000\n";

        let answered = Answered {
            requests: 400,
            per_second: 200.0,
            p50_ms: 1.5,
            p99_ms: 9.0,
        };
        assert_eq!(read(output).unwrap(), answered);
    }

    #[test]
    fn run_with_a_failed_request_is_no_measurement() {
        assert!(read("RESULT 400 1 2000000 1500.0 9000.0").is_err());
    }
}
