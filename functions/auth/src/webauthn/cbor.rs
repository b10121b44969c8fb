//! A reader of CBOR (RFC 8949) as far as authenticators write it: definite lengths, few levels. Everything else is
//! refused.

/// Levels of what is skipped. Attestation statements have three.
const DEPTH: u8 = 8;

/// Reads items from the beginning of some bytes.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// Major types.
const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The number of pairs in a map.
    pub(crate) fn map(&mut self) -> Option<u64> {
        self.of_type(MAP)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = self.of_type(TEXT)?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.of_type(BYTES)?;
        self.take(length)
    }

    pub(crate) fn integer(&mut self) -> Option<i64> {
        let (major, argument) = self.head()?;
        let argument = i64::try_from(argument).ok()?;
        match major {
            UNSIGNED => Some(argument),
            NEGATIVE => (-1_i64).checked_sub(argument),
            _ => None,
        }
    }

    /// Whether the next item is an integer.
    pub(crate) fn is_integer(&self) -> bool {
        let first = self.rest.first();
        first.is_some_and(|first| matches!(first >> 5, UNSIGNED | NEGATIVE))
    }

    /// Passes over an item of whatever kind.
    pub(crate) fn skip(&mut self) -> Option<()> {
        self.skip_within(DEPTH)
    }

    fn skip_within(&mut self, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let (major, argument) = self.head()?;
        let items = match major {
            BYTES | TEXT => {
                self.take(argument)?;
                0
            }
            ARRAY => argument,
            MAP => argument.checked_mul(2)?,
            TAG => 1,
            _ => 0,
        };
        for _ in 0..items {
            self.skip_within(depth)?;
        }
        Some(())
    }

    fn of_type(&mut self, wanted: u8) -> Option<u64> {
        let (major, argument) = self.head()?;
        (major == wanted).then_some(argument)
    }

    /// The major type of an item, and its argument.
    fn head(&mut self) -> Option<(u8, u64)> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        let length = match first & 0x1f {
            immediate @ 0..=23 => return Some((first >> 5, u64::from(immediate))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let bytes = self.take(length)?;
        let argument = bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        Some((first >> 5, argument))
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let length = usize::try_from(length).ok()?;
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_of_the_standard() {
        // RFC 8949, appendix A.
        for (bytes, number) in [
            (&[0x00][..], 0),
            (&[0x17], 23),
            (&[0x18, 0x18], 24),
            (&[0x19, 0x03, 0xe8], 1000),
            (&[0x1a, 0x00, 0x0f, 0x42, 0x40], 1_000_000),
            (&[0x20], -1),
            (&[0x38, 0x63], -100),
            (&[0x39, 0x03, 0xe7], -1000),
        ] {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.integer(), Some(number));
            assert!(reader.rest().is_empty());
        }
    }

    #[test]
    fn item_of_any_kind_is_skipped_as_a_whole() {
        for item in [
            // [1, [2, 3]], {"a": h'0102'}, 1(1363896240), 1.1, true, "IETF"
            &[0x82, 0x01, 0x82, 0x02, 0x03][..],
            &[0xa1, 0x61, 0x61, 0x42, 0x01, 0x02],
            &[0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0],
            &[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a],
            &[0xf5],
            &[0x64, 0x49, 0x45, 0x54, 0x46],
        ] {
            let mut bytes = item.to_vec();
            bytes.push(0x07);
            let mut reader = Reader::new(&bytes);
            reader.skip().unwrap();
            assert_eq!(reader.rest(), [0x07]);
        }
    }

    #[test]
    fn item_that_is_cut_off_endless_or_deep_is_refused() {
        for length in 0..5 {
            assert!(
                Reader::new(&[0x64, 0x49, 0x45, 0x54, 0x46][..length])
                    .text()
                    .is_none()
            );
        }
        // Indefinite lengths, lengths beyond the end, reserved arguments, many levels.
        for bytes in [
            &[0x9f, 0x01, 0xff][..],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x1c],
            &[0x81; 100],
        ] {
            assert!(Reader::new(bytes).skip().is_none(), "{bytes:x?}");
        }
    }
}
