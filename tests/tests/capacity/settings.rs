//! How a deployment is cut: the parameters of the template.

use serde_yaml_ng::Value;

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

    /// What `docs/deploy.md` says for a million in a minute.
    pub(crate) fn for_a_million() -> Self {
        Self {
            shards: 512,
            dispatchers: 128,
            pollers: 200,
            ..Self::defaults()
        }
    }
}
