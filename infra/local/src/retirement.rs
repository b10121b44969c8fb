//! `m1autoposter retire-signing-keys`: what the event of an operator does in a deployment, on the data folder of a local
//! run.

use std::fmt;

use anyhow::{Context as _, Result, bail};
use store::RetiredSigningKeys;
use upkeep::RetireSigningKeys;

use crate::Settings;
use crate::at_rest::AtRest;

/// How it is called.
pub const USAGE: &str = "usage: m1autoposter retire-signing-keys MADE_BEFORE

Keys of access tokens that were made before this, such as 2026-12-01T08:59:00Z, sign nothing any more, and no token of
theirs is accepted. Stop the product first. Nobody is signed out: programs renew their tokens, and browsers have none.
M1A_DATA_DIR names the data folder.";

/// Which keys were retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired(RetiredSigningKeys);

/// Retires the keys that were made before the time in `arguments`.
pub async fn retire_signing_keys(settings: &Settings, arguments: &[String]) -> Result<Retired> {
    let wanted = wanted(arguments)?;
    let at_rest = AtRest::open(settings).await?;
    let retired = at_rest.functions.retire_signing_keys(wanted).await?;
    Ok(Retired(retired))
}

fn wanted(arguments: &[String]) -> Result<RetireSigningKeys> {
    let [time] = arguments else { bail!(USAGE) };
    let made_before = time
        .parse()
        .with_context(|| format!("{time:?} is no time\n\n{USAGE}"))?;
    Ok(RetireSigningKeys { made_before })
}

impl fmt::Display for Retired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RetiredSigningKeys { retired, kept } = &self.0;
        write!(
            f,
            "{} keys are retired, {} were made later and stay. The next start makes one where there is none.",
            retired.len(),
            kept.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_a_time() {
        let read = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            wanted(&arguments)
        };

        let time = "2026-12-01T08:59:00Z";
        let made_before = read(&[time]).unwrap().made_before;
        assert_eq!(made_before, time.parse().unwrap());
        for wrong in [&[][..], &["now"], &["2026-12-01"], &[time, time]] {
            let refusal = format!("{:#}", read(wrong).unwrap_err());
            assert!(refusal.contains("usage:"), "{refusal}");
        }
    }
}
