//! The host as a process.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A host on a folder of its own. Dropping it kills it.
pub(crate) struct Host {
    process: Child,
    folder: TempDir,
    port: String,
}

impl Host {
    /// Starts a host on an empty folder and a free port, and waits until it serves.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (process, port) = spawn(&folder, "0");
        Self {
            process,
            folder,
            port,
        }
    }

    /// Kills the process like a power cut would, and starts another on the same folder and port.
    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        let (process, port) = spawn(&self.folder, &self.port);
        self.process = process;
        self.port = port;
    }

    /// Where it serves.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        // On Unix this is SIGKILL.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The binary that `make build` made, beside this test.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    profile.join("m1autoposter")
}

fn spawn(folder: &TempDir, port: &str) -> (Child, String) {
    let binary = binary();
    let mut process = Command::new(&binary)
        .env("M1A_PORT", port)
        .env("M1A_DATA_DIR", folder.path().join("state"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; run `make build`", binary.display()));
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let (_, port) = line.trim().rsplit_once(':').unwrap_or_else(|| {
        panic!("the host did not start: {line:?}");
    });
    (process, port.to_owned())
}
