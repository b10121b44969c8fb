//! Size and start of each function, beside one that does nothing.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::figure::Figure;
use crate::plan::Plan;
use crate::proc::{self, ms};
use crate::runtime_api::RuntimeApi;
use crate::stats::Distribution;

const EMPTY: &str = "empty-function";
const FUNCTIONS: [&str; 10] = [
    "accounts",
    "auth",
    "dispatch",
    "media",
    "members",
    "publishing",
    "scheduling",
    "tenants",
    "transfers",
    "upkeep",
];
/// Starts of each.
const STARTS: usize = 11;

struct Started {
    wall_ms: f64,
    cpu_ms: f64,
    resident_mb: f64,
}

pub(crate) fn measure(plan: &Plan) -> Result<Vec<Figure>> {
    let api = RuntimeApi::start()?;
    let mut figures = Vec::new();
    for function in [EMPTY].into_iter().chain(FUNCTIONS) {
        let binary = plan.binaries.join(function);
        let mut starts = Vec::with_capacity(STARTS);
        for _ in 0..STARTS {
            starts.push(start(&api, &binary).with_context(|| function.to_owned())?);
        }
        let median = |of: fn(&Started) -> f64| Distribution::of(starts.iter().map(of)).median();
        let cpu = Figure::new(
            format!("{function}: CPU to ready"),
            median(|start| start.cpu_ms),
            "ms",
        );
        let zip = Figure::new(
            format!("{function}: zip"),
            zip_mb(&plan.binaries, function)?,
            "MB",
        );
        let is_ours = function != EMPTY;
        figures.extend([
            if is_ours { cpu.at_most(20.0) } else { cpu },
            Figure::new(
                format!("{function}: start to ready"),
                median(|start| start.wall_ms),
                "ms",
            ),
            if is_ours { zip.at_most(8.0) } else { zip },
            Figure::new(
                format!("{function}: memory"),
                median(|start| start.resident_mb),
                "MB",
            ),
        ]);
    }
    Ok(figures)
}

fn start(api: &RuntimeApi, binary: &Path) -> Result<Started> {
    let began = Instant::now();
    let mut process = Command::new(binary)
        .env_clear()
        .envs(ENVIRONMENT)
        .envs(places(&api.address.to_string()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{} cannot be started", binary.display()))?;
    let measured = api.wait_until_ready().and_then(|ready| {
        Ok(Started {
            wall_ms: ms(ready.duration_since(began)),
            cpu_ms: ms(proc::cpu_of_threads(process.id())?),
            resident_mb: proc::resident_mb(process.id())?,
        })
    });
    process.kill()?;
    process.wait()?;
    measured
}

/// Where it finds the services.
fn places(address: &str) -> [(&'static str, String); 4] {
    [
        ("AWS_LAMBDA_RUNTIME_API", address.to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{address}")),
        ("M1A_DELIVERY_QUEUE_URL", format!("http://{address}/queue")),
        ("M1A_DISPATCH_QUEUE_URL", format!("http://{address}/turns")),
    ]
}

/// What the platform and the template set.
const ENVIRONMENT: [(&str, &str); 21] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "bench"),
    ("AWS_SECRET_ACCESS_KEY", "bench"),
    ("M1A_ENVIRONMENT", "bench"),
    ("M1A_TABLE", "bench"),
    ("M1A_KEY_ID", "bench"),
    ("M1A_MEDIA_BUCKET", "bench"),
    ("M1A_AUDIT_BUCKET", "bench"),
    ("M1A_AUDIT_KEY_ID", "bench"),
    ("M1A_CUSTOMER_KEYS", ""),
    ("M1A_KEY_PRINCIPAL", "arn:aws:iam::111122223333:root"),
    ("M1A_PRIVATE_SERVERS", ""),
    ("M1A_MAIL_FROM", "bench <bench@example.com>"),
    ("M1A_PUBLIC_URL", "https://example.com"),
    ("M1A_ATTENTION_SHARDS", "16"),
];

/// Size of the archive that is deployed, in MB: packed by what packs it for the deployment.
fn zip_mb(binaries: &Path, function: &str) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let packed = Command::new("python3")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../infra/package.py"
        ))
        .args([binaries, folder.path()])
        .arg(function)
        .stdout(Stdio::null())
        .status()
        .context("python3 cannot be started")?;
    ensure!(packed.success(), "{function} cannot be packed");
    let zip = folder.path().join(function).with_extension("zip");
    Ok(std::fs::metadata(zip)?.len() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    #[test]
    fn functions_are_all_of_the_workspace() {
        let folders = std::fs::read_dir(format!("{ROOT}/functions")).unwrap();
        let found: BTreeSet<String> = folders
            .map(|folder| folder.unwrap().file_name().into_string().unwrap())
            .collect();

        assert_eq!(found, FUNCTIONS.map(str::to_owned).into());
    }

    /// A function that lacks a setting ends before it asks for an event.
    #[test]
    fn environment_has_every_setting_of_the_template() {
        let template = std::fs::read_to_string(format!("{ROOT}/infra/template.yaml")).unwrap();
        let settings: BTreeSet<&str> = template
            .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .filter(|word| word.starts_with("M1A_"))
            .collect();
        let own = places("");
        let given: BTreeSet<&str> = ENVIRONMENT
            .iter()
            .map(|(name, _)| *name)
            .chain(own.iter().map(|(name, _)| *name))
            .filter(|name| name.starts_with("M1A_"))
            .collect();

        assert_eq!(given, settings);
    }
}
