//! What is left of the months in which an act counts.

use api::{Headroom, Quota};
use domain::delivery::Delivery;
use jiff::Timestamp;
use store::StoredPost;

use crate::{Asker, Ctx};

impl Ctx {
    /// After a post was made: of posts in this month, and of targets in the month in which it is due.
    pub(crate) async fn left_after_creation(
        &self,
        asker: &Asker,
        made: &StoredPost,
    ) -> (Option<Headroom>, Option<Headroom>) {
        let limits = asker.tenant.limits;
        let now = self.clock.now();
        let due = counted_at(made);
        let posts = self.posts(asker);
        let used = posts.months_used([now, due.unwrap_or(now)]).await;
        let (posts, targets) = match used {
            Ok([month, month_due]) => (Ok(month.posts), due.map(|_| Ok(month_due.targets))),
            Err(error) => (Err(error), None),
        };
        (
            Headroom::after(Quota::Posts, limits.posts_per_month, posts),
            targets
                .and_then(|used| Headroom::after(Quota::Targets, limits.targets_per_month, used)),
        )
    }

    /// After an act that may have planned targets: of targets in the month in which they are due.
    pub(crate) async fn left_of_targets(
        &self,
        asker: &Asker,
        planned: &StoredPost,
    ) -> Option<Headroom> {
        let due = counted_at(planned)?;
        let used = self.posts(asker).months_used([due]).await;
        let used = used.map(|[month]| month.targets);
        let limit = asker.tenant.limits.targets_per_month;
        Headroom::after(Quota::Targets, limit, used)
    }
}

/// When the last target counts.
fn counted_at(post: &StoredPost) -> Option<Timestamp> {
    post.deliveries
        .iter()
        .filter_map(Delivery::counted_at)
        .max()
}
