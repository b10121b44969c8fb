//! JPEG (ITU-T T.81, annex B): a list of segments, of which scans are followed by coded data.

use super::bytes::Bytes;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const COMMENT: u8 = 0xfe;

pub(super) fn clean(image: &[u8]) -> Option<Vec<u8>> {
    let mut input = Bytes(image);
    let mut output = Vec::with_capacity(image.len());
    if input.array()? != [0xff, START] {
        return None;
    }
    output.extend([0xff, START]);
    loop {
        let marker = marker(&mut input)?;
        match marker {
            END => {
                output.extend([0xff, END]);
                return Some(output);
            }
            // Nothing starts within an image, and these stand only within coded data.
            START | 0x00 | 0x01 | 0xd0..=0xd7 => return None,
            _ => {}
        }
        let length = input.array()?;
        let content = input.take(usize::from(u16::from_be_bytes(length)).checked_sub(2)?)?;
        if shapes_the_picture(marker, content) {
            output.extend([0xff, marker]);
            output.extend(length);
            output.extend(content);
        }
        if marker == SCAN {
            output.extend(coded_data(&mut input)?);
        }
    }
}

/// The next marker; any number of fill bytes may precede it.
fn marker(input: &mut Bytes<'_>) -> Option<u8> {
    if input.byte()? != 0xff {
        return None;
    }
    loop {
        match input.byte()? {
            0xff => {}
            marker => return Some(marker),
        }
    }
}

fn shapes_the_picture(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xe0 => content.starts_with(b"JFIF\0"),
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        // Without it the colours of some files are turned around.
        0xee => content.starts_with(b"Adobe"),
        0xe1 | 0xe3..=0xed | 0xef | COMMENT => false,
        _ => true,
    }
}

/// Coded data up to the next marker that is not part of it.
fn coded_data<'a>(input: &mut Bytes<'a>) -> Option<&'a [u8]> {
    let end = input
        .0
        .windows(2)
        .position(|pair| matches!(pair, [0xff, 0x01..=0xcf | 0xd8..=0xfe]))?;
    input.take(end)
}
