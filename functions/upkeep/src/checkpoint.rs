//! The hourly checkpoint of the audit log: the ends of all chains that grew, signed, and kept where nobody can change it.
//!
//! Whoever dies in between has kept a checkpoint that not every owner knows of; the next one has those chains again.

use bytes::Bytes;
use domain::{Error, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use store::audit::{Checkpoint, CheckpointHeader, GrownChain, Leaf, SignedHeader, Witness};

use crate::Ctx;

/// Owners who are told at once.
const AT_ONCE: usize = 16;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checkpointed {
    /// Chains that grew since the last checkpoint; without any, there is no new one.
    pub chains: usize,
}

/// Keeps a checkpoint over all chains that grew since the last one.
pub async fn checkpoint(ctx: &Ctx) -> Result<Checkpointed> {
    let waker = &ctx.reconciler.waker;
    let now = waker.clock.now();
    let system = waker.table.system();
    let grown = system.grown_chains(now).await?;
    if grown.is_empty() {
        return Ok(Checkpointed::default());
    }
    let mut leaves: Vec<Leaf> = grown.iter().map(|chain| chain.leaf).collect();
    let header = CheckpointHeader::over(&mut leaves, &ctx.environment, now)?;
    let signature = ctx.signer.sign(header.canonical()?.as_bytes()).await?;
    let checkpoint = Checkpoint {
        checkpoint: SignedHeader {
            header,
            signature: hex::encode(signature),
        },
        leaves,
    };
    let bytes = serde_json::to_vec(&checkpoint)
        .map_err(|error| Error::internal("a checkpoint cannot be written", error))?;
    let name = format!("checkpoints/{now}.json");
    ctx.archive
        .keep(&name, "application/json", Bytes::from(bytes))
        .await?;
    let witnesses = checkpoint.witnesses()?.into_iter();
    stream::iter(in_their_order(grown).into_iter().zip(witnesses))
        .map(|(chain, witness): (GrownChain, Witness)| async move {
            system.note_checkpoint(&chain, witness).await
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let chains = checkpoint.leaves.len();
    tracing::info!(chains, name, "a checkpoint of the audit log is kept");
    Ok(Checkpointed { chains })
}

/// In the order of the leaves.
fn in_their_order(mut grown: Vec<GrownChain>) -> Vec<GrownChain> {
    grown.sort_unstable_by_key(|chain| chain.leaf);
    grown
}
