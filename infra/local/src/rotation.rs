//! `m1autoposter rotate-keys`: what the event of an operator does in a deployment, on the data folder of a local run.

use std::fmt;

use anyhow::{Context as _, Result, bail};
use domain::TenantId;
use upkeep::RotateKeys;

use crate::Settings;
use crate::at_rest::AtRest;

/// How it is called.
pub const USAGE: &str = "usage: m1autoposter rotate-keys all
       m1autoposter rotate-keys TENANT_ID…

Another key takes the place of those of all tenants, or of these. Stop the product first: its next start begins with it,
and nobody notices. M1A_DATA_DIR names the data folder.";

/// How many tenants' keys are rotated from the next start on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked(usize);

/// Takes note of the keys that `arguments` name.
pub async fn rotate_keys(settings: &Settings, arguments: &[String]) -> Result<Asked> {
    let wanted = wanted(arguments)?;
    let at_rest = AtRest::open(settings).await?;
    Ok(Asked(at_rest.functions.ask_for_rotations(&wanted).await?))
}

fn wanted(arguments: &[String]) -> Result<RotateKeys> {
    match arguments {
        [] => bail!(USAGE),
        [all] if all == "all" => Ok(RotateKeys::All),
        tenants => {
            let tenants = tenants.iter().map(|text| {
                text.parse::<TenantId>()
                    .with_context(|| format!("{text:?} is no id of a tenant\n\n{USAGE}"))
            });
            Ok(RotateKeys::Tenants(tenants.collect::<Result<_>>()?))
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The next start rotates {} keys; who has no secret yet has none, and one whose rotation is under way is left out.",
            self.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_everybody_or_some() {
        let read = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            wanted(&arguments)
        };
        let tenant = "ten_01kb6csk6ce008000000000001";

        assert_eq!(read(&["all"]).unwrap(), RotateKeys::All);
        let one = RotateKeys::Tenants(vec![tenant.parse().unwrap()]);
        assert_eq!(read(&[tenant]).unwrap(), one);
        for wrong in [&[][..], &["usr_1"], &["all", tenant]] {
            let refusal = format!("{:#}", read(wrong).unwrap_err());
            assert!(refusal.contains("usage:"), "{refusal}");
        }
    }
}
