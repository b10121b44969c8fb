//! The transactions of people's acts.

use domain::delivery::{Delivery, DeliveryKey, Guard, State, Transition};
use domain::event::{EventKind, Subject};
use domain::post::{Body, Post};
use domain::tenant::Limits;
use domain::{Error, MediaId, PostId, Result};
use serde_json::Value;

use super::body::BodyItem;
use super::head::{HeadItem, version_is};
use crate::attribute::{number, text};
use crate::condition::{Action, Condition, Write};
use crate::deliveries::{creation_write, guard_condition, transition_write};
use crate::events::Act;
use crate::idempotency::IdempotencyClaim;
use crate::key::{Key, post_partition};
use crate::media::{READY, STATE, USES};
use crate::schema::SK;
use crate::scope::TenantTable;
use crate::table::{Query, Range};
use crate::transaction::Transacted;
use crate::usage::MonthlyDemand;

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
    /// The most that the tenant may have.
    pub limits: Limits,
    /// The caller's idempotency key.
    pub claim: Option<&'a IdempotencyClaim>,
    /// What the timeline says.
    pub events: Vec<EventNote>,
}

/// What an act does to one delivery.
#[derive(Clone, Debug)]
pub enum DeliveryChange {
    /// As it was seen, it makes a transition.
    Step(Box<Delivery>, Transition),
    /// It is a new target.
    Add(Box<Delivery>),
    /// As it was seen, it is no target any more; only while it is in one of these states.
    Remove(Box<Delivery>, Vec<State>),
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
    /// The most that the tenant may have.
    pub limits: Limits,
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
    /// Makes a post with everything that belongs to it, or nothing. Too many posts in the month, or targets in the month
    /// in which they are due, are [`Error::QuotaExceeded`].
    pub async fn create_post(&self, new: NewPost<'_>, act: &Act) -> Result<Commit> {
        let mut demand = MonthlyDemand::new(new.limits);
        demand.make_post(act.at);
        for delivery in new.deliveries {
            demand.change(None, Some(delivery));
        }
        let mut writes = demand.writes(&self.scope)?;
        let counts = writes.len();
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
        self.commit(writes, counts, &demand).await
    }

    /// Makes an act of a person happen, if nobody else acted since and every delivery still allows it. Too many targets
    /// in the month in which they are due by the act are [`Error::QuotaExceeded`].
    pub async fn change_post(&self, change: PostChange<'_>, act: &Act) -> Result<Commit> {
        let PostChange {
            seen,
            post,
            targets,
            limits,
            body,
            deliveries,
            media_gained,
            media_lost,
            events,
        } = change;
        let mut demand = MonthlyDemand::new(limits);
        let mut steps = Vec::with_capacity(deliveries.len());
        for change in &deliveries {
            let Some(write) = self.delivery_write(change, &mut demand)? else {
                return Ok(Commit::Refused);
            };
            steps.push(write);
        }
        let mut writes = demand.writes(&self.scope)?;
        let counts = writes.len();
        writes.push(HeadItem::new(post, targets).replacement_write(seen)?);
        if let Some(body) = body {
            writes.push(BodyItem::new(post.tenant, post.id, body).creation_write()?);
        }
        writes.extend(steps);
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
        self.commit(writes, counts, &demand).await
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
            writes.push(self.removal_write(delivery, &[State::Draft])?);
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
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => Commit::Done,
            Transacted::Refused(_) => Commit::Refused,
        })
    }

    /// The first `counts` writes are those of the demand.
    async fn commit(
        &self,
        writes: Vec<Write>,
        counts: usize,
        demand: &MonthlyDemand,
    ) -> Result<Commit> {
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(Commit::Done),
            Transacted::Refused(refused) if refused.iter().all(|write| write.index < counts) => {
                Err(demand.refusal(&refused))
            }
            Transacted::Refused(_) => Ok(Commit::Refused),
        }
    }

    /// `None` where the delivery that was seen does not allow it.
    fn delivery_write(
        &self,
        change: &DeliveryChange,
        demand: &mut MonthlyDemand,
    ) -> Result<Option<Write>> {
        let shards = self.table.settings.shards;
        let write = match change {
            DeliveryChange::Step(seen, transition) => {
                let Ok(next) = seen.apply(transition) else {
                    return Ok(None);
                };
                let key = DeliveryKey::of(seen);
                if demand.change(Some(seen), Some(&next)) {
                    let transition = transition.clone().only_of(seen.revision);
                    transition_write(&self.scope, shards, &key, &transition)
                } else {
                    transition_write(&self.scope, shards, &key, transition)
                }
            }
            DeliveryChange::Add(delivery) => {
                demand.change(None, Some(delivery));
                creation_write(shards, delivery)
            }
            DeliveryChange::Remove(seen, states) => {
                demand.change(Some(seen), None);
                self.removal_write(seen, states)
            }
        };
        write.map(Some)
    }

    /// Only as it was seen, for what it counts against its month is given back.
    fn removal_write(&self, seen: &Delivery, states: &[State]) -> Result<Write> {
        // Compiled like the guards of transitions, so that both mean the same states.
        let removable = Guard::All(vec![
            Guard::StateIn(states.to_vec()),
            Guard::RevisionIs(seen.revision),
        ]);
        let removable = guard_condition(&DeliveryKey::of(seen), &removable)?;
        let key = Key::delivery(&self.scope, seen.post, seen.account);
        Ok(Write::delete(key).when(removable))
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
