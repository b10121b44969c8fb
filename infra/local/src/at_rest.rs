//! The product of a data folder while nothing runs on it, for what an operator asks of it then.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use cloud::clock::SystemClock;

use crate::Settings;
use crate::folder::DataFolder;
use crate::functions::Functions;
use crate::services::{Services, TABLE_FILE};

/// The functions on a folder that nobody else uses meanwhile.
#[derive(Debug)]
pub(crate) struct AtRest {
    pub(crate) functions: Functions,
    _folder: DataFolder,
}

impl AtRest {
    /// Opens what a run has left.
    pub(crate) async fn open(settings: &Settings) -> Result<Self> {
        ensure!(
            settings.data_dir.join(TABLE_FILE).exists(),
            "nothing was ever stored in {}",
            settings.data_dir.display()
        );
        let folder = DataFolder::open(&settings.data_dir)?;
        let nobody_calls = "http://localhost"
            .parse()
            .context("the address cannot be read")?;
        let services = Services::open(&folder, nobody_calls, Arc::new(SystemClock)).await?;
        Ok(Self {
            functions: Functions::open(&services).await?,
            _folder: folder,
        })
    }
}
