//! What people can set about the local run.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use cloud::config::Environment;

const PORT: u16 = 8080;
const DATA_DIR: &str = ".local";
const WEB_DIR: &str = "web/build";

/// Settings of the local run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `M1A_PORT`: where everything is served on 127.0.0.1; 0 takes any free port.
    pub port: u16,
    /// `M1A_DATA_DIR`: where everything is kept.
    pub data_dir: PathBuf,
    /// `M1A_WEB_DIR`: the built dashboard.
    pub web_dir: PathBuf,
}

impl Settings {
    /// Reads them from the environment.
    pub fn from_env(environment: &dyn Environment) -> Result<Self> {
        let set = |name| environment.get(name).filter(|value| !value.is_empty());
        let port = match set("M1A_PORT") {
            Some(text) => text
                .parse()
                .with_context(|| format!("M1A_PORT must be a number up to 65535, not {text:?}"))?,
            None => PORT,
        };
        let path = |name, usual: &str| set(name).map_or_else(|| usual.into(), PathBuf::from);
        Ok(Self {
            port,
            data_dir: path("M1A_DATA_DIR", DATA_DIR),
            web_dir: path("M1A_WEB_DIR", WEB_DIR),
        })
    }
}
