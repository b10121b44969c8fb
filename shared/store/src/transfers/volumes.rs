//! The files of exports.

use domain::export::{Export, Volume};
use domain::{ExportId, Result, TenantId};
use serde::{Deserialize, Serialize};

use crate::attribute::Attributes;
use crate::condition::{Condition, Write};
use crate::item::{Item, decode, encode, is};
use crate::key::{Key, exports_partition};
use crate::scope::{TenantScope, TenantTable};
use crate::table::{Query, Range};

#[derive(Debug, Serialize, Deserialize)]
struct VolumeItem {
    ten: TenantId,
    export: ExportId,
    number: u32,
    bytes: u64,
    sha256: String,
    exp: i64,
}

impl Item for VolumeItem {
    const TYPE: &'static str = "export_volume";

    fn key(&self) -> Key {
        let scope = TenantScope::of_own_item(self.ten);
        Key::export_volume(&scope, self.export, self.number)
    }
}

impl TenantTable<'_> {
    /// The volumes of an export so far, in their order.
    pub async fn export_volumes(&self, id: ExportId) -> Result<Vec<Volume>> {
        let partition = exports_partition(self.scope.tenant());
        let query = Query::of_table(partition, Range::Prefix(format!("VOL#{id}#")));
        let items = self.table.query_all(&query).await?.into_iter();
        items
            .map(|item| decode::<VolumeItem>(item).map(Volume::from))
            .collect()
    }
}

/// The write that stores a new volume of an export; it leaves with it.
pub(super) fn volume_write(export: &Export, volume: &Volume) -> Result<Write> {
    let item = VolumeItem {
        ten: export.tenant,
        export: export.id,
        number: volume.number,
        bytes: volume.bytes,
        sha256: volume.sha256.clone(),
        exp: export.expires_at().as_second(),
    };
    Ok(Write::put(item.key(), encode(&item)?).when(Condition::item_absent()))
}

/// The volume that an item is, if it is one.
pub(super) fn volume_in(item: &Attributes) -> Result<Option<(ExportId, Volume)>> {
    if !is::<VolumeItem>(item) {
        return Ok(None);
    }
    let item: VolumeItem = decode(item.clone())?;
    Ok(Some((item.export, item.into())))
}

impl From<VolumeItem> for Volume {
    fn from(item: VolumeItem) -> Self {
        let VolumeItem {
            ten: _,
            export: _,
            number,
            bytes,
            sha256,
            exp: _,
        } = item;
        Self {
            number,
            bytes,
            sha256,
        }
    }
}
