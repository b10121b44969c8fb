//! WebP (RFC 9649): a RIFF list of chunks.

use super::bytes::Bytes;

const SHAPING: [&[u8; 4]; 7] = [
    b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP",
];
/// In the flags of `VP8X`: there are Exif and XMP chunks.
const HAS_METADATA: u8 = 0x08 | 0x04;

pub(super) fn clean(image: &[u8]) -> Option<Vec<u8>> {
    let mut input = Bytes(image);
    let [riff, size, webp]: [[u8; 4]; 3] = [input.array()?, input.array()?, input.array()?];
    if (&riff, &webp) != (b"RIFF", b"WEBP") {
        return None;
    }
    let size = usize::try_from(u32::from_le_bytes(size)).ok()?;
    let mut input = Bytes(input.take(size.checked_sub(4)?)?);
    let mut chunks = Vec::with_capacity(size);
    while !input.is_empty() {
        let kind: [u8; 4] = input.array()?;
        let length: [u8; 4] = input.array()?;
        let size = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let content = input.take(size)?;
        // Content of odd length is followed by a byte that does not count.
        let padding = input.take(size % 2)?;
        if !SHAPING.contains(&&kind) {
            continue;
        }
        chunks.extend(kind);
        chunks.extend(length);
        match (&kind, content) {
            (b"VP8X", [flags, rest @ ..]) => {
                chunks.push(flags & !HAS_METADATA);
                chunks.extend(rest);
            }
            _ => chunks.extend(content),
        }
        chunks.extend(padding);
    }
    let size = u32::try_from(chunks.len()).ok()?.checked_add(4)?;
    let mut output = Vec::with_capacity(chunks.len().saturating_add(12));
    output.extend(b"RIFF");
    output.extend(size.to_le_bytes());
    output.extend(b"WEBP");
    output.extend(chunks);
    Some(output)
}
