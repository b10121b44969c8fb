//! What to measure.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Start, rest and the API under load.
    Api,
    /// Units of the table, calls of the key service, and what they cost.
    Cost,
    /// Many deliveries at once.
    Dispatch,
    /// Size and start of each function.
    Functions,
    /// A kill in the middle of publishing.
    Killed,
    /// How late posts are at a steady pace.
    Lateness,
    /// Sign-ins, and who may do what at each request.
    SignIn,
}

/// What to measure, and of which build.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Deliveries that are due at once.
    pub deliveries: usize,
    /// The folder of the release build's binaries.
    pub binaries: PathBuf,
    /// The local host.
    pub host: PathBuf,
    sections: Vec<Section>,
}

const ALL: [(&str, Section); 7] = [
    ("api", Section::Api),
    ("cost", Section::Cost),
    ("dispatch", Section::Dispatch),
    ("functions", Section::Functions),
    ("killed", Section::Killed),
    ("lateness", Section::Lateness),
    ("sign-in", Section::SignIn),
];

impl Plan {
    /// Reads `--deliveries N`, and the names of the sections to measure: all without any. The build is the one that
    /// this program is part of.
    pub fn from_args(args: impl Iterator<Item = String>) -> Result<Self> {
        let mut deliveries = 10_000;
        let mut sections = Vec::new();
        let mut args = args;
        while let Some(arg) = args.next() {
            if arg == "--deliveries" {
                let number = args.next().context("--deliveries needs a number")?;
                deliveries = number.parse().context("--deliveries needs a number")?;
                continue;
            }
            match ALL.iter().find(|(name, _)| *name == arg) {
                Some((_, section)) => sections.push(*section),
                None => bail!("{arg:?} is no section: {:?}", ALL.map(|(name, _)| name)),
            }
        }
        if sections.is_empty() {
            sections.extend(ALL.map(|(_, section)| section));
        }
        let own = std::env::current_exe().context("this program has no path")?;
        let binaries = own.parent().context("this program is in no folder")?;
        let host = binaries.join("m1autoposter");
        ensure!(
            host.exists(),
            "{} is not built: use `make bench`",
            host.display()
        );
        Ok(Self {
            deliveries,
            binaries: binaries.to_owned(),
            host,
            sections,
        })
    }

    /// Whether the section is to be measured.
    pub fn has(&self, section: Section) -> bool {
        self.sections.contains(&section)
    }
}
