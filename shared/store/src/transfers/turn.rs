//! Whose turn it is among the imports of a tenant: it takes one at a time.

use domain::import::Import;
use domain::{ImportId, Result, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::number;
use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::Key;
use crate::scope::{TenantScope, TenantTable};

/// Which import was announced or begun last, as it was read.
#[derive(Clone, Debug)]
pub struct ImportTurn {
    /// That import, unless it has expired.
    pub holder: Option<Import>,
    /// How often the turn was taken.
    taken: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct TurnItem {
    ten: TenantId,
    import: ImportId,
    /// Raised whenever the turn is taken, also by the import that has it.
    taken: u64,
    exp: i64,
}

impl Item for TurnItem {
    const TYPE: &'static str = "import_turn";

    fn key(&self) -> Key {
        Key::import_turn(&TenantScope::of_own_item(self.ten))
    }
}

impl TenantTable<'_> {
    /// Whose turn it is. Whoever takes it depends on nobody having taken it since.
    pub async fn import_turn(&self, now: Timestamp) -> Result<ImportTurn> {
        let found: Option<TurnItem> = self.table.get(&Key::import_turn(&self.scope)).await?;
        let Some(TurnItem { import, taken, .. }) = found else {
            return Ok(ImportTurn {
                holder: None,
                taken: 0,
            });
        };
        let holder = self.import(import, now).await?;
        Ok(ImportTurn { holder, taken })
    }
}

/// The write by which an import takes the turn from whoever had it; refused where somebody else was faster.
pub(super) fn take_turn(import: &Import, turn: &ImportTurn) -> Result<Write> {
    let item = TurnItem {
        ten: import.tenant,
        import: import.id,
        taken: turn.taken.saturating_add(1),
        exp: import.expires_at().as_second(),
    };
    let is_as_read = match turn.taken {
        0 => Condition::item_absent(),
        taken => Condition::Equals("taken", number(taken)),
    };
    Ok(Write::put(item.key(), encode(&item)?).when(is_as_read))
}
