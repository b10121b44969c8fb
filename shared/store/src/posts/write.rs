//! The transactions of people's acts.

use domain::delivery::{Delivery, DeliveryKey, Guard, State, Transition};
use domain::event::{EventKind, Subject};
use domain::post::{Body, Post};
use domain::{Error, MediaId, PostId, Result};
use serde_json::Value;

use super::body::BodyItem;
use super::head::{HeadItem, version_is};
use crate::attribute::{number, text};
use crate::condition::{Action, Condition, Write};
use crate::deliveries::{creation_write, guard_condition, transition_write};
use crate::events::Act;
use crate::idempotency::IdempotencyClaim;
use crate::key::{Counter, Key, post_partition};
use crate::media::{READY, STATE, USES};
use crate::schema::SK;
use crate::scope::TenantTable;
use crate::table::{Query, Range};
use crate::transaction::Transacted;
use crate::usage::Demand;

/// Most writes in one transaction of the table.
const WRITES_MAX: usize = 100;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// All of it happened.
    Done,
    /// Nothing happened, because something changed since it was read: read again and decide anew.
    Refused,
}

/// What happened, for the timeline: its kind and what is worth knowing.
pub type EventNote = (EventKind, Subject, Value);

/// A post to be made.
#[derive(Debug)]
pub struct NewPost<'a> {
    /// Its head.
    pub post: &'a Post,
    /// Its content.
    pub body: &'a Body,
    /// Its deliveries, one per target.
    pub deliveries: &'a [Delivery],
    /// The most posts that the tenant may make in the month.
    pub posts_per_month: u64,
    /// The caller's idempotency key.
    pub claim: Option<&'a IdempotencyClaim>,
    /// What the timeline says.
    pub events: Vec<EventNote>,
}

/// What an act does to one delivery.
#[derive(Clone, Debug)]
pub enum DeliveryChange {
    /// It makes a transition.
    Step(DeliveryKey, Transition),
    /// It is a new target.
    Add(Box<Delivery>),
    /// It is no target any more; only while it is in one of these states.
    Remove(DeliveryKey, Vec<State>),
}

/// An act on a post.
#[derive(Debug)]
pub struct PostChange<'a> {
    /// The version that the decision was made on.
    pub seen: u64,
    /// The head after the act.
    pub post: &'a Post,
    /// How many targets the post has after the act.
    pub targets: usize,
    /// New content.
    pub body: Option<&'a Body>,
    /// What happens to the deliveries.
    pub deliveries: Vec<DeliveryChange>,
    /// Media that the new content uses and the old did not.
    pub media_gained: Vec<MediaId>,
    /// Media that the old content used and the new does not.
    pub media_lost: Vec<MediaId>,
    /// What the timeline says.
    pub events: Vec<EventNote>,
}

/// The end of a draft.
#[derive(Debug)]
pub struct PostRemoval<'a> {
    /// The post as it was read.
    pub post: &'a Post,
    /// Its deliveries, all drafts.
    pub deliveries: &'a [Delivery],
    /// The media that its content uses.
    pub media: Vec<MediaId>,
}

impl TenantTable<'_> {
    /// Makes a post with everything that belongs to it, or nothing. Too many posts in the month are
    /// [`Error::QuotaExceeded`].
    pub async fn create_post(&self, new: NewPost<'_>, act: &Act) -> Result<Commit> {
        let demand = Demand {
            counter: Counter::PostsOf(act.at),
            amount: 1,
            limit: new.posts_per_month,
        };
        let mut writes = vec![demand.write(&self.scope)?];
        if let Some(claim) = new.claim {
            writes.push(self.claim(claim, &new.post.id, act.at)?);
        }
        writes.push(HeadItem::new(new.post, new.deliveries.len()).creation_write()?);
        writes.push(BodyItem::new(new.post.tenant, new.post.id, new.body).creation_write()?);
        for delivery in new.deliveries {
            writes.push(creation_write(self.table.settings.shards, delivery)?);
        }
        writes.extend(new.body.media().into_iter().map(|media| self.gain(media)));
        self.push_events(&mut writes, act, new.events)?;
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(Commit::Done),
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == 0) => {
                Err(demand.refusal())
            }
            Transacted::Refused(_) => Ok(Commit::Refused),
        }
    }

    /// Makes an act of a person happen, if nobody else acted since and every delivery still allows it.
    pub async fn change_post(&self, change: PostChange<'_>, act: &Act) -> Result<Commit> {
        let PostChange {
            seen,
            post,
            targets,
            body,
            deliveries,
            media_gained,
            media_lost,
            events,
        } = change;
        let mut writes = vec![HeadItem::new(post, targets).replacement_write(seen)?];
        if let Some(body) = body {
            writes.push(BodyItem::new(post.tenant, post.id, body).creation_write()?);
        }
        for change in &deliveries {
            writes.push(self.delivery_write(change)?);
        }
        writes.extend(media_gained.into_iter().map(|media| self.gain(media)));
        writes.extend(media_lost.into_iter().map(|media| self.lose(media)));
        self.push_events(&mut writes, act, events)?;
        if writes.len() > WRITES_MAX {
            return Err(Error::field(
                "/targets",
                "too_many_changes",
                "this changes too many targets and media at once: make the change in two steps",
            ));
        }
        self.commit(writes).await
    }

    /// Removes a draft: head, content and deliveries. What happened to it stays on record.
    pub async fn remove_post(&self, removal: PostRemoval<'_>, act: &Act) -> Result<Commit> {
        let PostRemoval {
            post,
            deliveries,
            media,
        } = removal;
        let head = Key::post(&self.scope, post.id);
        let mut writes = vec![Write::delete(head).when(version_is(post.version))];
        for delivery in deliveries {
            let key = DeliveryKey::of(delivery);
            writes.push(self.delivery_write(&DeliveryChange::Remove(key, vec![State::Draft]))?);
        }
        writes.extend(media.into_iter().map(|media| self.lose(media)));
        let subject = Subject::Post(post.id);
        self.push_events(
            &mut writes,
            act,
            vec![(EventKind::PostDeleted, subject, Value::Null)],
        )?;
        let mut bodies = self.body_keys(post.id).await?;
        // Old revisions that do not fit into the transaction go first: nothing of a draft needs them.
        let fitting = WRITES_MAX.saturating_sub(writes.len());
        let surplus = bodies.len().saturating_sub(fitting);
        for key in bodies.drain(..surplus) {
            self.table.write(Write::delete(key)).await?;
        }
        writes.extend(bodies.into_iter().map(Write::delete));
        self.commit(writes).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<Commit> {
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => Commit::Done,
            Transacted::Refused(_) => Commit::Refused,
        })
    }

    fn delivery_write(&self, change: &DeliveryChange) -> Result<Write> {
        let shards = self.table.settings.shards;
        match change {
            DeliveryChange::Step(key, transition) => {
                transition_write(&self.scope, shards, key, transition)
            }
            DeliveryChange::Add(delivery) => creation_write(shards, delivery),
            DeliveryChange::Remove(key, states) => {
                // Compiled like the guards of transitions, so that both mean the same states.
                let removable = guard_condition(key, &Guard::StateIn(states.clone()))?;
                let key = Key::delivery(&self.scope, key.post, key.account);
                Ok(Write::delete(key).when(removable))
            }
        }
    }

    /// Oldest first.
    async fn body_keys(&self, post: PostId) -> Result<Vec<Key>> {
        let partition = post_partition(self.scope.tenant(), post);
        let query = Query::of_table(partition.clone(), Range::Prefix("BODY#".to_owned()));
        let bodies = self.table.query_all(&query).await?;
        Ok(bodies
            .iter()
            .filter_map(|body| crate::attribute::text_of(body, SK))
            .map(|sk| Key {
                pk: partition.clone(),
                sk: sk.to_owned(),
            })
            .collect())
    }

    /// One more post uses the medium, which must be ready.
    fn gain(&self, media: MediaId) -> Write {
        Write::update(
            Key::media(&self.scope, media),
            vec![Action::Add(USES, number(1))],
        )
        .when(Condition::Equals(STATE, text(READY)))
    }

    /// One post less uses the medium.
    fn lose(&self, media: MediaId) -> Write {
        Write::update(
            Key::media(&self.scope, media),
            vec![Action::Add(USES, number(-1))],
        )
        .when(Condition::item_exists())
    }

    fn push_events(
        &self,
        writes: &mut Vec<Write>,
        act: &Act,
        events: Vec<EventNote>,
    ) -> Result<()> {
        for (kind, subject, detail) in events {
            writes.push(self.event_write(act, kind, subject, detail)?);
        }
        Ok(())
    }
}
