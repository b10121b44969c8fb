//! Names that are unique within a tenant: a guard item for each.

use domain::Result;
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::Key;
use crate::scope::TenantScope;

/// What has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Role,
    AccountGroup,
}

#[derive(Debug, Serialize, Deserialize)]
struct NameItem {
    #[serde(skip)]
    key: Key,
    id: String,
}

impl Item for NameItem {
    const TYPE: &'static str = "name";

    fn key(&self) -> Key {
        self.key.clone()
    }
}

/// Takes a name; refused if something else of the kind has it. Names that differ in letter case only are the same.
pub(crate) fn take(
    scope: &TenantScope,
    kind: Named,
    name: &str,
    id: &impl ToString,
) -> Result<Write> {
    let item = NameItem {
        key: Key::name(scope, kind, &name.to_lowercase()),
        id: id.to_string(),
    };
    Ok(Write::put(item.key(), encode(&item)?).when(Condition::item_absent()))
}

/// Gives a name back.
pub(crate) fn release(scope: &TenantScope, kind: Named, name: &str) -> Write {
    Write::delete(Key::name(scope, kind, &name.to_lowercase()))
}

/// The writes that exchange one name for another; none where it is the same guard.
pub(crate) fn exchange(
    scope: &TenantScope,
    kind: Named,
    (before, after): (&str, &str),
    id: &impl ToString,
) -> Result<Vec<Write>> {
    if before.to_lowercase() == after.to_lowercase() {
        return Ok(Vec::new());
    }
    Ok(vec![
        take(scope, kind, after, id)?,
        release(scope, kind, before),
    ])
}
