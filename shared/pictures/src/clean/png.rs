//! PNG (third edition, 2025): a list of chunks.

use super::bytes::Bytes;

/// Chunks beside the critical ones that shape the picture: transparency, colours, pixel shape and animation.
const SHAPING: [&[u8; 4]; 14] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD",
    b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

pub(super) fn clean(image: &[u8]) -> Option<Vec<u8>> {
    let mut input = Bytes(image);
    let mut output = Vec::with_capacity(image.len());
    output.extend(input.take(8)?);
    loop {
        let length: [u8; 4] = input.array()?;
        let kind: [u8; 4] = input.array()?;
        let content = input.take(usize::try_from(u32::from_be_bytes(length)).ok()?)?;
        let checksum: [u8; 4] = input.array()?;
        let [first, ..] = kind;
        if first.is_ascii_uppercase() || SHAPING.contains(&&kind) {
            output.extend(length);
            output.extend(kind);
            output.extend(content);
            output.extend(checksum);
        }
        if &kind == b"IEND" {
            return Some(output);
        }
    }
}
