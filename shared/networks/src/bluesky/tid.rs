//! Record keys. A post's key is a TID: 13 characters of sortable base32 that hold 53 bits of microseconds and 10 bits of
//! clock id (atproto.com/specs/tid).

use domain::DeliveryId;

const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const TID_LENGTH: u32 = 13;

/// The key's time is spread over 2^20 ms (17 minutes) after the delivery's creation. With the clock id that makes about
/// 2^40 keys, so two deliveries of one account, made in the same bulk import, do not meet in practice; exact
/// microseconds would leave 2^20.
const WINDOW_MILLIS: u64 = 1 << 20;

/// 2^64 divided by the golden ratio: spreads small numbers over all bits (Knuth's multiplicative hashing).
const COUNTER_SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The key of one part of a delivery. Depends on nothing else, so that every attempt and every revision of a delivery
/// writes the same record.
pub(crate) fn record_key(delivery: DeliveryId, part: usize) -> String {
    let value = delivery.as_uuid().as_u128();
    // UUIDv7: 48 bits of milliseconds first, 62 random bits last, a counter of 12 bits between.
    let millis = low_bits(value >> 80, 48);
    let counter = low_bits(value >> 64, 12);
    let random = low_bits(value, 62) ^ (counter.wrapping_mul(COUNTER_SPREAD) >> 2);
    let clock_id = random & 0x3ff;
    let spread = ((random >> 10) + (millis % WINDOW_MILLIS) * 1000) % (WINDOW_MILLIS * 1000);
    let start = millis / WINDOW_MILLIS * WINDOW_MILLIS * 1000;
    let part = u64::try_from(part).unwrap_or(u64::MAX);
    tid(start.wrapping_add(spread).wrapping_add(part), clock_id)
}

fn low_bits(value: u128, bits: u32) -> u64 {
    u64::try_from(value & ((1 << bits) - 1)).unwrap_or(0)
}

fn tid(micros: u64, clock_id: u64) -> String {
    let value = ((micros & ((1 << 53) - 1)) << 10) | clock_id;
    (0..TID_LENGTH)
        .rev()
        .map(|position| {
            let digit = usize::try_from((value >> (5 * position)) & 0x1f).unwrap_or(0);
            char::from(ALPHABET.get(digit).copied().unwrap_or(b'2'))
        })
        .collect()
}

/// The microseconds since 1970 in a TID.
pub(crate) fn micros_of(tid: &str) -> Option<i64> {
    if tid.len() != usize::try_from(TID_LENGTH).ok()? {
        return None;
    }
    let mut value = 0_u64;
    for byte in tid.bytes() {
        let digit = ALPHABET.iter().position(|symbol| *symbol == byte)?;
        value = value.checked_mul(32)? | u64::try_from(digit).ok()?;
    }
    i64::try_from(value >> 10).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn delivery(millis: u64, random: u64) -> DeliveryId {
        let value = u128::from(millis) << 80 | 0x7 << 76 | 0b10 << 62 | u128::from(random) >> 2;
        DeliveryId::from_uuid(uuid::Uuid::from_u128(value))
    }

    proptest! {
        #[test]
        fn record_key_of_any_delivery_is_a_valid_tid_near_its_creation(millis in 0_u64..1 << 42, random: u64) {
            let key = record_key(delivery(millis, random), 0);

            prop_assert_eq!(key.len(), 13);
            prop_assert!(key.bytes().all(|byte| ALPHABET.contains(&byte)));
            // The top bit of a TID is zero.
            prop_assert!(key.starts_with(|first: char| "234567abcdefghij".contains(first)));
            let away = micros_of(&key).unwrap() - i64::try_from(millis).unwrap() * 1000;
            prop_assert!(away.unsigned_abs() <= WINDOW_MILLIS * 1000);
        }

        #[test]
        fn record_keys_of_the_parts_of_a_thread_ascend(millis in 0_u64..1 << 42, random: u64) {
            let delivery = delivery(millis, random);
            let keys: Vec<_> = (0..10).map(|part| record_key(delivery, part)).collect();

            prop_assert!(keys.is_sorted());
            prop_assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 10);
        }
    }

    #[test]
    fn record_key_of_a_known_delivery_never_changes() {
        let known = delivery(1_796_115_600_000, 0x0123_4567_89ab_cdef);

        assert_eq!(record_key(known, 0), "3n3lus6lrpwvv");
        assert_eq!(record_key(known, 1), "3n3lus6lrpxvv");
    }

    #[test]
    fn record_keys_of_deliveries_made_in_the_same_millisecond_differ() {
        let keys: BTreeSet<_> = (0..1000_u64)
            .map(|n| {
                record_key(
                    delivery(1_796_115_600_000, n.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                    0,
                )
            })
            .collect();

        assert_eq!(keys.len(), 1000);
    }

    #[test]
    fn record_keys_of_deliveries_that_differ_only_in_their_counter_differ() {
        let keys: BTreeSet<_> = (0..0x1000_u128)
            .map(|counter| {
                let value = delivery(1_796_115_600_000, 42).as_uuid().as_u128() | counter << 64;
                record_key(DeliveryId::from_uuid(uuid::Uuid::from_u128(value)), 0)
            })
            .collect();

        assert_eq!(keys.len(), 0x1000);
    }
}
