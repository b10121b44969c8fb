//! How a deployment is cut: the parameters of the template.

use serde_yaml_ng::Value;

/// What the table of `docs/deploy.md` says where the default stays.
const AS_IT_IS: &str = "–";

/// Parameters of `infra/template.yaml`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) shards: u32,
    pub(crate) dispatchers: usize,
    pub(crate) publishers: usize,
    pub(crate) pollers: usize,
    pub(crate) batch: usize,
}

impl Settings {
    /// What the template sets where nobody says otherwise.
    pub(crate) fn defaults() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/template.yaml");
        let template: Value =
            serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let default = |name: &str| template["Parameters"][name]["Default"].as_u64().unwrap();
        Self {
            shards: default("AttentionShards") as u32,
            dispatchers: default("DispatchConcurrency") as usize,
            publishers: default("PublishingConcurrency") as usize,
            pollers: default("PublishingPollers") as usize,
            batch: default("PublishingBatchSize") as usize,
        }
    }

    /// What `docs/deploy.md` says for a million in a minute, beside the template's defaults.
    pub(crate) fn for_a_million() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/deploy.md");
        let document = std::fs::read_to_string(path).unwrap();
        let setting = |name: &str, default: usize| -> usize {
            let start = format!("| `{name}` | {default} | ");
            let Some((_, row)) = document.split_once(&start) else {
                panic!("docs/deploy.md has no row that begins like this:\n{start}");
            };
            let (value, _) = row.split_once(" |").unwrap();
            if value == AS_IT_IS {
                default
            } else {
                value.parse().unwrap()
            }
        };
        let defaults = Self::defaults();
        Self {
            shards: setting("AttentionShards", defaults.shards as usize) as u32,
            dispatchers: setting("DispatchConcurrency", defaults.dispatchers),
            publishers: setting("PublishingConcurrency", defaults.publishers),
            pollers: setting("PublishingPollers", defaults.pollers),
            batch: setting("PublishingBatchSize", defaults.batch),
        }
    }
}
