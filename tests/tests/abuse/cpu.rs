//! How long this process has computed. Each test has a process of its own.

use std::time::Duration;

/// Linux counts in hundredths of a second, whatever the machine.
const TICK: Duration = Duration::from_millis(10);
/// Fields behind the program's name: how long all threads computed for themselves and in the kernel.
const SPENT: std::ops::Range<usize> = 11..13;

/// What all threads of this process have computed so far, also those that ended.
pub(crate) fn spent() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name may have spaces and parentheses.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: u32 = fields[SPENT]
        .iter()
        .map(|ticks| ticks.parse::<u32>().unwrap())
        .sum();
    TICK * ticks
}

#[test]
fn spent_grows_by_what_is_computed() {
    let before = spent();
    let begin = std::time::Instant::now();
    let mut sum = 0_u64;
    while spent() < before + 5 * TICK {
        sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "it does not grow"
        );
    }
}
