//! GIF89a: a list of blocks.

use super::bytes::Bytes;

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
const GRAPHIC_CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;
/// How often an animation repeats; two names for one thing.
const REPEATS: [&[u8; 11]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

pub(super) fn clean(image: &[u8]) -> Option<Vec<u8>> {
    let mut input = Bytes(image);
    let mut output = Vec::with_capacity(image.len());
    let head: [u8; 13] = input.array()?;
    let [.., flags, _, _] = head;
    output.extend(head);
    output.extend(input.take(colours(flags))?);
    loop {
        match input.byte()? {
            IMAGE => {
                let head: [u8; 9] = input.array()?;
                let [.., flags] = head;
                output.push(IMAGE);
                output.extend(head);
                output.extend(input.take(colours(flags))?);
                output.push(input.byte()?);
                output.extend(blocks(&mut input)?);
            }
            EXTENSION => {
                let label = input.byte()?;
                let content = blocks(&mut input)?;
                let repeats = || {
                    let name = content.get(1..12);
                    REPEATS.iter().any(|known| name == Some(known.as_slice()))
                };
                if label == GRAPHIC_CONTROL || (label == APPLICATION && repeats()) {
                    output.extend([EXTENSION, label]);
                    output.extend(content);
                }
            }
            TRAILER => {
                output.push(TRAILER);
                return Some(output);
            }
            _ => return None,
        }
    }
}

/// Bytes of the table of colours that follows a head with these flags.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 0x07) + 1)
    }
}

/// Data blocks, each after its length, up to and with the empty one that ends them.
fn blocks<'a>(input: &mut Bytes<'a>) -> Option<&'a [u8]> {
    let start = *input;
    loop {
        match input.byte()? {
            0 => break,
            length => input.take(usize::from(length))?,
        };
    }
    let length = start.0.len().checked_sub(input.0.len())?;
    start.0.get(..length)
}
