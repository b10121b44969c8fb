//! Environments of the publisher, each with the tenant keys that it has opened.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::quotas::Ms;
use crate::random::Mixer;

/// How long and how often an opened key is used (`cloud::envelope`).
const KEY_LIFETIME: Ms = 300_000;
const KEY_USES: u32 = 1_000;

#[derive(Default)]
pub(crate) struct Environments {
    /// The one that was used last is used next.
    idle: Vec<usize>,
    keys: Vec<Keys>,
}

/// The keys that an environment has opened, by tenant.
type Keys = HashMap<u32, Opened, BuildHasherDefault<Mixer>>;

struct Opened {
    at: Ms,
    uses: u32,
}

impl Environments {
    /// One for an invocation, and whether it must be started first.
    pub(crate) fn take(&mut self) -> (usize, bool) {
        if let Some(environment) = self.idle.pop() {
            return (environment, false);
        }
        self.keys.push(Keys::default());
        (self.keys.len() - 1, true)
    }

    pub(crate) fn give_back(&mut self, environment: usize) {
        self.idle.push(environment);
    }

    /// Whether the environment has the tenant's key.
    pub(crate) fn has_key(&mut self, environment: usize, tenant: u32, now: Ms) -> bool {
        let Some(key) = self.keys[environment].get_mut(&tenant) else {
            return false;
        };
        let is_good = key.at <= now && now < key.at + KEY_LIFETIME && key.uses < KEY_USES;
        key.uses += u32::from(is_good);
        is_good
    }

    pub(crate) fn keep_key(&mut self, environment: usize, tenant: u32, at: Ms) {
        self.keys[environment].insert(tenant, Opened { at, uses: 1 });
    }
}
