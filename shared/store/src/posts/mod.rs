//! Posts: a head, immutable bodies, one delivery per target, and what happened to them. One partition per post.
//!
//! Every act of a person is one transaction that holds on to the head's version; a refused one changed nothing, and the
//! caller reads again and decides anew.

mod body;
mod cards;
mod head;
mod published;
mod timeline;
mod write;

use domain::delivery::Delivery;
use domain::post::{Body, Post};
use domain::{Error, PostId, Result};

pub use cards::{CalendarPage, CalendarPosition, Card, CardTarget, CreatedPage, Search};
pub use published::{CountEffort, Published};
pub use timeline::{Timeline, TimelineAttempt, TimelineEvent};
pub use write::{Commit, DeliveryChange, EventNote, NewPost, PostChange, PostRemoval};

use crate::deliveries::delivery_of;
use crate::item::decode;
use crate::key::{Key, post_partition};
use crate::scope::TenantTable;
use crate::table::{Query, Range};
pub(crate) use body::BodyItem;
use head::HeadItem;

/// A post with everything that belongs to it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPost {
    /// Its head.
    pub post: Post,
    /// Its present content.
    pub body: Body,
    /// Its deliveries, in the order of the content's targets.
    pub deliveries: Vec<Delivery>,
}

/// Reads of a post that changed while it was read.
const READS: usize = 3;

impl TenantTable<'_> {
    /// The post as it is now; `None` also where one of its accounts does not exist for the scope.
    pub async fn post(&self, id: PostId) -> Result<Option<StoredPost>> {
        for _ in 0..READS {
            let Some((post, newest, deliveries)) = Box::pin(self.parts(id)).await? else {
                return Ok(None);
            };
            if !self
                .scope
                .sees(deliveries.iter().map(|delivery| delivery.account))
            {
                return Ok(None);
            }
            let body = match newest {
                Some(body) if body.revision == post.body => Some(body),
                _ => self.body(id, post.body).await?,
            };
            if let Some(stored) = body.and_then(|body| assembled(post, body, deliveries)) {
                return Ok(Some(stored));
            }
        }
        Err(Error::corrupt("post", "its parts do not belong together"))
    }

    /// The deliveries of a post as they are now; empty where there is no such post.
    async fn deliveries_of(&self, id: PostId) -> Result<Vec<Delivery>> {
        let partition = post_partition(self.scope.tenant(), id);
        let query = Query::of_table(partition, Range::Prefix("DLV#".to_owned()));
        let deliveries = self.table.query_all(&query).await?;
        deliveries.into_iter().map(delivery_of).collect()
    }

    /// The parts come in three reads, so an act between them can tear them.
    async fn parts(&self, id: PostId) -> Result<Option<(Post, Option<Body>, Vec<Delivery>)>> {
        let partition = post_partition(self.scope.tenant(), id);
        let head_key = Key::post(&self.scope, id);
        let newest_body = Query::of_table(partition, Range::Prefix("BODY#".to_owned()))
            .descending()
            .limit(1);
        let (head, body, deliveries) = futures::try_join!(
            self.table.get::<HeadItem>(&head_key),
            self.table.query(&newest_body, None),
            self.deliveries_of(id),
        )?;
        let Some(head) = head else {
            return Ok(None);
        };
        let body = body.items.into_iter().next().map(decode::<BodyItem>);
        let body = body.transpose()?.map(Body::from);
        Ok(Some((Post::try_from(head)?, body, deliveries)))
    }
}

/// The post, if its deliveries are those of its content.
fn assembled(post: Post, body: Body, mut deliveries: Vec<Delivery>) -> Option<StoredPost> {
    let place_of = |delivery: &Delivery| {
        body.targets
            .iter()
            .position(|target| target.delivery == delivery.id)
    };
    let is_whole = deliveries.len() == body.targets.len()
        && deliveries
            .iter()
            .all(|delivery| place_of(delivery).is_some());
    if !is_whole {
        return None;
    }
    deliveries.sort_by_key(|delivery| place_of(delivery));
    Some(StoredPost {
        post,
        body,
        deliveries,
    })
}
