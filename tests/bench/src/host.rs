//! The local host as a process.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::proc;

/// What the host says, in its folder.
const LOG: &str = "host.log";

/// A running host. Dropping it kills it, as a power cut would.
#[derive(Debug)]
pub(crate) struct Host {
    process: Child,
    /// Where it serves.
    pub(crate) url: String,
    /// From its start until it was ready.
    pub(crate) ready_after: Duration,
    /// CPU time until it was ready.
    pub(crate) ready_cpu: Duration,
}

impl Host {
    /// Starts the host on a folder and a free port, and waits until it is ready.
    pub(crate) fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let began = Instant::now();
        let mut process = Command::new(binary)
            .env("M1A_PORT", "0")
            .env("M1A_DATA_DIR", folder)
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join(LOG))?)
            .spawn()
            .with_context(|| format!("{} cannot be started", binary.display()))?;
        let mut line = String::new();
        let stdout = process.stdout.take().context("the host has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let ready_after = began.elapsed();
        let ready_cpu = proc::cpu_of_threads(process.id())?;
        let url = line
            .trim()
            .split_once("http")
            .map(|(_, rest)| format!("http{rest}"));
        let url = url.with_context(|| {
            let log = std::fs::read_to_string(folder.join(LOG)).unwrap_or_default();
            let last = log.lines().last().unwrap_or_default().to_owned();
            format!("the host did not start: {last}")
        })?;
        Ok(Self {
            process,
            url,
            ready_after,
            ready_cpu,
        })
    }

    /// CPU time so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        proc::cpu(self.process.id())
    }

    /// Memory in RAM, in MB.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        proc::resident_mb(self.process.id())
    }

    /// Asks it to stop, and waits until it did.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status()?;
        ensure!(asked.success(), "the host cannot be asked to stop");
        let status = self.process.wait()?;
        ensure!(status.success(), "the host stopped with {status}");
        Ok(())
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
