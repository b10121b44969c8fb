//! Checkpoints: the ends of all chains that grew, under one root that is signed and kept where nobody can change it.

use aws_lc_rs::digest;
use domain::event::Owner;
use domain::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::{ChainHash, canonical_json};

/// Version of the form of a checkpoint.
const VERSION: u32 = 1;

/// The end of one owner's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// Whose chain.
    pub owner: Owner,
    /// The place of its last event.
    pub seq: u64,
    /// The link of that.
    pub hash: ChainHash,
}

/// What is signed of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointHeader {
    /// Version of this form.
    pub v: u32,
    /// The deployment.
    pub environment: String,
    /// When it was made.
    pub at: Timestamp,
    /// How many chains grew since the one before.
    pub leaves: u64,
    /// The root of the tree over their ends, as in RFC 9162, 2.1.1, in the order of their owners.
    pub root: ChainHash,
}

/// A signed header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHeader {
    /// What is signed, in its canonical form.
    pub header: CheckpointHeader,
    /// ECDSA over P-256 with SHA-256, as DER, hexadecimal.
    pub signature: String,
}

/// A checkpoint as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Its signed header.
    pub checkpoint: SignedHeader,
    /// The ends of the chains.
    pub leaves: Vec<Leaf>,
}

/// What one owner needs of a checkpoint to prove it without the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The checkpoint's signed header.
    pub checkpoint: SignedHeader,
    /// The end of the owner's chain.
    pub leaf: Leaf,
    /// The other halves of the tree on the way from the leaf to the root.
    pub proof: Vec<Sibling>,
}

/// The other half of a part of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sibling {
    /// It comes before.
    Left(ChainHash),
    /// It comes after.
    Right(ChainHash),
}

impl CheckpointHeader {
    /// The header over these leaves, which are put into order.
    pub fn over(leaves: &mut [Leaf], environment: &str, at: Timestamp) -> Result<Self> {
        leaves.sort_unstable();
        Ok(Self {
            v: VERSION,
            environment: environment.to_owned(),
            at,
            leaves: u64::try_from(leaves.len()).unwrap_or(u64::MAX),
            root: root(&leaf_hashes(leaves)?),
        })
    }

    /// What is signed.
    pub fn canonical(&self) -> Result<String> {
        canonical(self)
    }
}

impl Checkpoint {
    /// What each owner needs of it.
    pub fn witnesses(&self) -> Result<Vec<Witness>> {
        let hashes = leaf_hashes(&self.leaves)?;
        let witness = |(place, leaf): (usize, &Leaf)| Witness {
            checkpoint: self.checkpoint.clone(),
            leaf: *leaf,
            proof: proof(&hashes, place),
        };
        Ok(self.leaves.iter().enumerate().map(witness).collect())
    }

    /// Whether its leaves are those that its header speaks of.
    pub fn is_whole(&self) -> bool {
        let root_of_leaves = leaf_hashes(&self.leaves).map(|hashes| root(&hashes));
        root_of_leaves.is_ok_and(|root| root == self.checkpoint.header.root)
    }
}

impl Witness {
    /// Whether its leaf is one of those that its header speaks of.
    pub fn is_proven(&self) -> bool {
        let Ok(leaf) = leaf_hash(&self.leaf) else {
            return false;
        };
        let reached = self.proof.iter().fold(leaf, |hash, sibling| match sibling {
            Sibling::Left(other) => node(*other, hash),
            Sibling::Right(other) => node(hash, *other),
        });
        reached == self.checkpoint.header.root
    }
}

fn canonical<T: Serialize>(value: &T) -> Result<String> {
    let value = serde_json::to_value(value)
        .map_err(|error| Error::internal("a checkpoint cannot be written", error))?;
    Ok(canonical_json(&value))
}

fn leaf_hashes(leaves: &[Leaf]) -> Result<Vec<ChainHash>> {
    leaves.iter().map(leaf_hash).collect()
}

fn leaf_hash(leaf: &Leaf) -> Result<ChainHash> {
    Ok(sha256(&[&[0], canonical(leaf)?.as_bytes()]))
}

fn node(left: ChainHash, right: ChainHash) -> ChainHash {
    sha256(&[&[1], left.as_bytes(), right.as_bytes()])
}

fn sha256(parts: &[&[u8]]) -> ChainHash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    ChainHash::of_digest(&context.finish())
}

fn root(leaves: &[ChainHash]) -> ChainHash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = halves(leaves);
            node(root(left), root(right))
        }
    }
}

/// From the leaf up.
fn proof(leaves: &[ChainHash], place: usize) -> Vec<Sibling> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = halves(leaves);
    let (mut path, sibling) = if place < left.len() {
        (proof(left, place), Sibling::Right(root(right)))
    } else {
        let place = place.saturating_sub(left.len());
        (proof(right, place), Sibling::Left(root(left)))
    };
    path.push(sibling);
    path
}

/// The left part has as many leaves as the largest power of two below their number.
fn halves(leaves: &[ChainHash]) -> (&[ChainHash], &[ChainHash]) {
    let left = leaves.len().div_ceil(2).next_power_of_two();
    leaves.split_at(left.min(leaves.len()))
}

#[cfg(test)]
mod tests {
    use domain::TenantId;
    use uuid::Uuid;

    use super::*;

    fn checkpoint(leaves: u128) -> Checkpoint {
        let mut leaves: Vec<Leaf> = (1..=leaves)
            .rev()
            .map(|id| Leaf {
                owner: Owner::Tenant(TenantId::from_uuid(Uuid::from_u128(id))),
                seq: 7,
                hash: ChainHash::GENESIS.followed_by(&id.to_string()),
            })
            .collect();
        let header = CheckpointHeader::over(&mut leaves, "test", Timestamp::UNIX_EPOCH).unwrap();
        Checkpoint {
            checkpoint: SignedHeader {
                header,
                signature: String::new(),
            },
            leaves,
        }
    }

    #[test]
    fn left_half_of_a_tree_is_the_largest_power_of_two_below_its_size() {
        let leaves = [ChainHash::GENESIS; 9];
        let sizes: Vec<usize> = (2..=9).map(|n| halves(&leaves[..n]).0.len()).collect();

        assert_eq!(sizes, [1, 2, 2, 4, 4, 4, 4, 8]);
    }

    #[test]
    fn every_witness_of_a_checkpoint_is_proven_and_none_with_another_leaf() {
        for size in 1..=17 {
            let checkpoint = checkpoint(size);
            assert!(checkpoint.is_whole());
            let witnesses = checkpoint.witnesses().unwrap();
            assert_eq!(witnesses.len(), checkpoint.leaves.len());
            for mut witness in witnesses {
                assert!(witness.is_proven(), "{size}");
                witness.leaf.seq += 1;
                assert!(!witness.is_proven(), "{size}");
            }
        }
    }

    #[test]
    fn checkpoint_with_another_leaf_is_not_whole() {
        let mut checkpoint = checkpoint(5);
        checkpoint.leaves[3].hash = ChainHash::GENESIS;

        assert!(!checkpoint.is_whole());
    }
}
