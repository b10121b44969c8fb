//! How late posts were.

use crate::load::Post;
use crate::quotas::Ms;

/// Lateness of some posts.
#[derive(Clone, Debug)]
pub(crate) struct Lateness(Vec<Ms>);

impl Lateness {
    /// Of those posts that were called; the others are missing in [`Self::count`].
    pub(crate) fn of<'a>(posts: impl Iterator<Item = &'a Post>) -> Self {
        let mut sorted: Vec<Ms> = posts.filter_map(Post::lateness).collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The lateness that this share of posts does not exceed, in seconds.
    pub(crate) fn seconds(&self, share: f64) -> f64 {
        let last = self.0.len() - 1;
        self.0[((last as f64) * share).round() as usize] as f64 / 1_000.0
    }

    /// As cells of a table: p50, p90, p99, the last.
    pub(crate) fn cells(&self) -> String {
        let cell = |share| format!("{:.1} s", self.seconds(share));
        [0.5, 0.9, 0.99, 1.0].map(cell).join(" | ")
    }
}
