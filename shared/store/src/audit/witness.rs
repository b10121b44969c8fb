//! Which chains grew since the last checkpoint, and what their owners keep of it.

use std::collections::BTreeMap;

use domain::event::Owner;
use domain::tenant::TenantState;
use domain::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::block::BlockItem;
use super::checkpoint::{Leaf, Witness};
use crate::attribute::{Attributes, text_of, value};
use crate::condition::{Action, Condition, Write};
use crate::events::{OwnerAttribute, forgotten_at};
use crate::item::{Item, decode, encode};
use crate::key::{Key, audit_partition, owner_of, time_text, witness_sort_key};
use crate::schema::{BY_ATTENTION, PK, SK};
use crate::scope::{SystemTable, TenantTable};
use crate::shard::checkpoint_partition;
use crate::table::{Query, Range};
use crate::transaction::Transacted;

/// After every place of a chain.
const END: u64 = 999_999_999_999_999;

/// A chain that grew since the last checkpoint.
#[derive(Clone, Debug)]
pub struct GrownChain {
    /// Where it ends.
    pub leaf: Leaf,
    /// Its blocks that no checkpoint has.
    blocks: Vec<Key>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WitnessItem {
    #[serde(flatten)]
    owner: OwnerAttribute,
    seq: u64,
    witness: Witness,
    #[serde(default)]
    exp: Option<i64>,
}

impl Item for WitnessItem {
    const TYPE: &'static str = "audit_witness";

    fn key(&self) -> Key {
        Key::audit_witness(self.owner.into(), self.seq)
    }
}

impl SystemTable<'_> {
    /// The chains that grew until now and whose growth no checkpoint has, with their ends as they are.
    pub async fn grown_chains(&self, until: Timestamp) -> Result<Vec<GrownChain>> {
        let mut grown: BTreeMap<Owner, Vec<Key>> = BTreeMap::new();
        for shard in 0..self.table.settings.shards {
            let range = Range::Below(format!("{}~", time_text(until)));
            let query = Query::of_index(BY_ATTENTION, checkpoint_partition(shard), range);
            for entry in self.table.query_all(&query).await? {
                let (owner, key) = block_in(&entry)?;
                grown.entry(owner).or_default().push(key);
            }
        }
        let mut ends = BTreeMap::new();
        let last: Vec<Key> = grown
            .values()
            .filter_map(|blocks| blocks.iter().max_by(|left, right| left.sk.cmp(&right.sk)))
            .cloned()
            .collect();
        for attributes in self.table.batch_get(&last).await? {
            let block: BlockItem = decode(attributes)?;
            ends.insert(block.owner(), block.end());
        }
        let chains = grown.into_iter().filter_map(|(owner, blocks)| {
            // Whoever was erased meanwhile has no chain any more.
            let end = ends.get(&owner)?;
            let leaf = Leaf {
                owner,
                seq: end.seq,
                hash: end.hash,
            };
            Some(GrownChain { leaf, blocks })
        });
        Ok(chains.collect())
    }

    /// Gives the owner of a chain their part of a checkpoint that is kept; its growth is part of one now. Whoever was
    /// erased meanwhile gets nothing.
    pub async fn note_checkpoint(&self, chain: &GrownChain, witness: Witness) -> Result<()> {
        let owner = chain.leaf.owner;
        let item = WitnessItem {
            owner: owner.into(),
            seq: chain.leaf.seq,
            exp: forgotten_at(owner, witness.checkpoint.header.at),
            witness,
        };
        let mut writes = vec![Write::put(item.key(), encode(&item)?)];
        if let Owner::Tenant(tenant) = owner {
            writes.push(Write::check(Key::tenant(tenant), not_erased()?));
        }
        if let Transacted::Refused(_) = self.table.transact(writes).await? {
            return Ok(());
        }
        for block in &chain.blocks {
            let actions = vec![
                Action::Remove(BY_ATTENTION.partition),
                Action::Remove(BY_ATTENTION.sort),
            ];
            let update = Write::update(block.clone(), actions);
            self.table
                .write(update.when(Condition::item_exists()))
                .await?;
        }
        Ok(())
    }
}

impl TenantTable<'_> {
    /// The tenant's parts of the checkpoints over ends of its chain after place `after` and up to `last`, oldest first.
    pub async fn audit_witnesses(&self, after: u64, last: u64) -> Result<Vec<Witness>> {
        let partition = audit_partition(Owner::Tenant(self.scope.tenant()));
        let range = Range::Between(
            witness_sort_key(after.saturating_add(1)),
            witness_sort_key(last),
        );
        if after >= last {
            return Ok(Vec::new());
        }
        let query = Query::of_table(partition, range);
        let items = self.table.query_all(&query).await?.into_iter();
        items
            .map(|item| decode::<WitnessItem>(item).map(|item| item.witness))
            .collect()
    }

    /// The tenant's part of the newest checkpoint over an end of its chain after place `after`.
    pub(super) async fn newest_audit_witness(&self, after: u64) -> Result<Option<Witness>> {
        let partition = audit_partition(Owner::Tenant(self.scope.tenant()));
        let range = Range::Between(
            witness_sort_key(after.saturating_add(1)),
            witness_sort_key(END),
        );
        if after >= END {
            return Ok(None);
        }
        let query = Query::of_table(partition, range).descending().limit(1);
        let item = self.table.query(&query, None).await?.items.pop();
        item.map(|item| decode::<WitnessItem>(item).map(|item| item.witness))
            .transpose()
    }
}

/// The platform's own tenant has no head.
fn not_erased() -> Result<Condition> {
    Ok(Condition::Any(vec![
        Condition::item_absent(),
        Condition::Differs("st", value(&TenantState::Erased)?),
    ]))
}

fn block_in(entry: &Attributes) -> Result<(Owner, Key)> {
    let part = |name| {
        text_of(entry, name)
            .map(ToOwned::to_owned)
            .ok_or_else(|| Error::corrupt("index entry", name))
    };
    let (pk, sk) = (part(PK)?, part(SK)?);
    let owner = owner_of(&pk).ok_or_else(|| Error::corrupt("index entry", PK))?;
    Ok((owner, Key { pk, sk }))
}
