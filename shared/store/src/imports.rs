//! Imports into tenants: how far each is.

use std::collections::BTreeMap;

use domain::event::{EventKind, Subject};
use domain::export::Counts;
use domain::import::{Import, ImportState, Place, Problem, ReadVolume, TakenAccount, VolumeTerms};
use domain::{AccountId, ImportId, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attribute::{Attributes, millis, number, optional_millis};
use crate::condition::{Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode, is};
use crate::key::{Key, exports_partition};
use crate::schema::BY_ATTENTION;
use crate::scope::{TenantScope, TenantTable};
use crate::shard::{AttentionKind, TRANSFERS_PARTITION, attention_at};
use crate::table::{Query, Range, Written};
use crate::transaction::Transacted;

/// Imports of a tenant that are listed: they are few, and leave after a week.
const LISTED_MAX: i32 = 20;

#[derive(Debug, Serialize, Deserialize)]
struct ImportItem {
    id: ImportId,
    ten: TenantId,
    by: UserId,
    #[serde(with = "millis")]
    ca: Timestamp,
    state: ImportState,
    vols: Vec<VolumeTerms>,
    place: Place,
    #[serde(default)]
    behind: Option<ReadVolume>,
    accs: BTreeMap<AccountId, TakenAccount>,
    counts: Counts,
    problems: Vec<Problem>,
    more: u64,
    #[serde(default)]
    fault: Option<String>,
    #[serde(default)]
    fails: u32,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    next: Option<Timestamp>,
    ver: u64,
    kind: AttentionKind,
    exp: i64,
}

impl Item for ImportItem {
    const TYPE: &'static str = "import";

    fn key(&self) -> Key {
        Key::import(&TenantScope::of_own_item(self.ten), self.id)
    }

    /// It wants attention while somebody must work on it.
    fn index_keys(&self) -> Vec<(&'static str, String)> {
        match self.state {
            ImportState::Checking | ImportState::Importing => vec![
                (BY_ATTENTION.partition, TRANSFERS_PARTITION.to_owned()),
                (
                    BY_ATTENTION.sort,
                    attention_at(self.next.unwrap_or(self.ca), self.id),
                ),
            ],
            ImportState::Uploading
            | ImportState::Checked
            | ImportState::Done
            | ImportState::Failed => Vec::new(),
        }
    }
}

impl TenantTable<'_> {
    /// Stores a new import.
    pub async fn create_import(&self, import: &Import, act: &Act) -> Result<()> {
        let item = ImportItem::from(import);
        let subject = Subject::Import(import.id);
        let writes = vec![
            Write::put(item.key(), encode(&item)?).when(Condition::item_absent()),
            self.event_write(act, EventKind::ImportRequested, subject, Value::Null)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(domain::Error::internal(
                "an import is not new",
                "its id is taken",
            )),
        }
    }

    /// An import that is still shown.
    pub async fn import(&self, id: ImportId, now: Timestamp) -> Result<Option<Import>> {
        let found: Option<ImportItem> = self.table.get(&Key::import(&self.scope, id)).await?;
        let import = found.map(Import::from);
        Ok(import.filter(|import| now < import.expires_at()))
    }

    /// All of them, newest first.
    pub async fn imports(&self, now: Timestamp) -> Result<Vec<Import>> {
        let partition = exports_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::Prefix("IMP#".to_owned()))
            .descending()
            .limit(LISTED_MAX);
        let page = self.table.query(&query, None).await?;
        let items = page.items.into_iter();
        let imports = items
            .map(|item| decode::<ImportItem>(item).map(Import::from))
            .collect::<Result<Vec<_>>>()?;
        let shown = imports.into_iter();
        Ok(shown.filter(|import| now < import.expires_at()).collect())
    }

    /// Begins the check or the making of an import, by a person. Answers whether it did: if not, the import was changed
    /// since it was read.
    pub async fn begin_import(&self, next: &Import, kind: EventKind, act: &Act) -> Result<bool> {
        let subject = Subject::Import(next.id);
        let writes = vec![
            replacement(next)?,
            self.event_write(act, kind, subject, Value::Null)?,
        ];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// An import is further. Answers whether it is by this call: if not, somebody else was faster.
    pub async fn advance_import(&self, next: &Import) -> Result<bool> {
        let written = self.table.write(replacement(next)?).await?;
        Ok(matches!(written, Written::Applied(_)))
    }
}

/// The import that an item is, if it is one, with the number of its files.
pub(crate) fn uploads_in(item: &Attributes) -> Result<Option<(ImportId, u32)>> {
    if !is::<ImportItem>(item) {
        return Ok(None);
    }
    let item: ImportItem = decode(item.clone())?;
    let files = u32::try_from(item.vols.len()).unwrap_or(u32::MAX);
    Ok(Some((item.id, files)))
}

/// The write that stores an import of the next version.
fn replacement(next: &Import) -> Result<Write> {
    let seen = next.version;
    let item = ImportItem {
        ver: seen.saturating_add(1),
        ..ImportItem::from(next)
    };
    let is_as_read = Condition::Equals("ver", number(seen));
    Ok(Write::put(item.key(), encode(&item)?).when(is_as_read))
}

impl From<&Import> for ImportItem {
    fn from(import: &Import) -> Self {
        let exp = import.expires_at().as_second();
        let Import {
            id,
            tenant,
            requested_by,
            requested_at,
            state,
            volumes,
            place,
            behind,
            accounts,
            counts,
            problems,
            more_problems,
            fault,
            failures,
            next_at,
            version,
        } = import.clone();
        Self {
            id,
            ten: tenant,
            by: requested_by,
            ca: requested_at,
            state,
            vols: volumes,
            place,
            behind,
            accs: accounts,
            counts,
            problems,
            more: more_problems,
            fault,
            fails: failures,
            next: Some(next_at),
            ver: version,
            kind: AttentionKind::Import,
            exp,
        }
    }
}

impl From<ImportItem> for Import {
    fn from(item: ImportItem) -> Self {
        let ImportItem {
            id,
            ten,
            by,
            ca,
            state,
            vols,
            place,
            behind,
            accs,
            counts,
            problems,
            more,
            fault,
            fails,
            next,
            ver,
            kind: _,
            exp: _,
        } = item;
        Self {
            id,
            tenant: ten,
            requested_by: by,
            requested_at: ca,
            state,
            volumes: vols,
            place,
            behind,
            accounts: accs,
            counts,
            problems,
            more_problems: more,
            fault,
            failures: fails,
            next_at: next.unwrap_or(ca),
            version: ver,
        }
    }
}
