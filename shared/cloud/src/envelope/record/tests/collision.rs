//! Solves for a ciphertext that AES-GCM opens under two keys.

use aws_lc_rs::aead::{Aad, Nonce};

use super::{Derived, NONCE};

/// The field of GHASH: bit 0 of a block is the most significant.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Field(u128);

impl Field {
    const ONE: Self = Self(1 << 127);

    fn plus(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    fn times(self, other: Self) -> Self {
        const REDUCTION: u128 = 0xe1 << 120;
        let (mut product, mut shifted) = (0, self.0);
        for bit in (0..128).rev() {
            if other.0 >> bit & 1 == 1 {
                product ^= shifted;
            }
            shifted = (shifted >> 1) ^ if shifted & 1 == 1 { REDUCTION } else { 0 };
        }
        Self(product)
    }

    fn power(self, exponent: u128) -> Self {
        let (mut result, mut square) = (Self::ONE, self);
        for bit in 0..128 {
            if exponent >> bit & 1 == 1 {
                result = result.times(square);
            }
            square = square.times(square);
        }
        result
    }

    /// Fermat: the field has 2^128 elements.
    fn inverse(self) -> Self {
        self.power(u128::MAX - 1)
    }
}

/// What a key contributes to a tag.
struct Authenticator {
    /// The hash key.
    hash: Field,
    /// What masks the tag under the nonce.
    mask: Field,
}

impl Authenticator {
    fn of(key: &Derived, nonce: [u8; NONCE]) -> Self {
        let tag = |additional: &[u8]| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            let tag = key
                .cipher()
                .unwrap()
                .seal_in_place_separate_tag(nonce, Aad::from(additional), &mut [])
                .unwrap();
            Field(u128::from_be_bytes(tag.as_ref().try_into().unwrap()))
        };
        // Nothing is hashed to nothing; one block of zeros leaves the block of lengths times the hash key.
        let mask = tag(&[]);
        let lengths = Field(128 << 64);
        let hash = tag(&[0; 16]).plus(mask).times(lengths.inverse());
        Self { hash, mask }
    }

    fn tag(&self, blocks: &[Field]) -> Field {
        blocks
            .iter()
            .fold(Field(0), |state, block| state.plus(*block).times(self.hash))
            .plus(self.mask)
    }
}

/// Two blocks of ciphertext and their tag: the first block is what the tags are solved for.
pub(super) fn under_both_keys(
    keys: &[Derived; 2],
    nonce: [u8; NONCE],
    additional: &[u8],
) -> Vec<u8> {
    let authenticators = [
        Authenticator::of(&keys[0], nonce),
        Authenticator::of(&keys[1], nonce),
    ];
    let mut blocks: Vec<Field> = additional
        .chunks(16)
        .map(|chunk| {
            let mut block = [0; 16];
            block[..chunk.len()].copy_from_slice(chunk);
            Field(u128::from_be_bytes(block))
        })
        .collect();
    let free = blocks.len();
    let bits = |bytes: usize| u128::try_from(bytes).unwrap() * 8;
    blocks.extend([
        Field(0),
        Field(0x42),
        Field(bits(additional.len()) << 64 | bits(32)),
    ]);

    // The free block enters each tag times the hash key to the number of blocks from it to the end.
    let steps = u128::try_from(blocks.len() - free).unwrap();
    let difference = authenticators[0]
        .tag(&blocks)
        .plus(authenticators[1].tag(&blocks));
    let factor = authenticators[0]
        .hash
        .power(steps)
        .plus(authenticators[1].hash.power(steps));
    blocks[free] = difference.times(factor.inverse());

    let tag = authenticators[0].tag(&blocks);
    assert!(tag == authenticators[1].tag(&blocks));
    [blocks[free], blocks[free + 1], tag]
        .map(|block| block.0.to_be_bytes())
        .concat()
}
