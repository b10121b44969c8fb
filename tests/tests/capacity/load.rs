//! Posts that are due at once.

use domain::delivery::DeliveryKey;
use domain::{AccountId, DeliveryId, PostId, TenantId};
use uuid::Uuid;

use crate::quotas::Ms;
use crate::random::Random;

/// The minute in which posts are due begins then; before it the dispatcher looks ahead.
pub(crate) const DUE: Ms = 240_000;

/// A post with one target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Post {
    /// Its number, then random bits, as those of the product are a time and random bits.
    id: u128,
    pub(crate) tenant: u32,
    pub(crate) shard: u32,
    pub(crate) due: Ms,
    pub(crate) state: State,
    /// When somebody looks at it next.
    pub(crate) attention: Ms,
}

/// What the model knows of a delivery's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Scheduled,
    Queued,
    /// Until this time somebody owns it.
    Claimed(Ms),
    /// The call was made at this time.
    Called(Ms),
}

/// In which second of the minute posts are due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spread {
    /// In any.
    OverTheMinute,
    /// All in the first.
    InOneSecond,
}

impl Post {
    /// What the partition of its items depends on.
    pub(crate) fn key(&self) -> u64 {
        self.id as u64
    }

    /// As the dispatcher knows it.
    pub(crate) fn delivery_key(&self) -> DeliveryKey {
        DeliveryKey {
            tenant: TenantId::from_uuid(Uuid::from_u128(u128::from(self.tenant))),
            post: PostId::from_uuid(Uuid::from_u128(self.id)),
            account: AccountId::from_uuid(Uuid::from_u128(u128::from(self.tenant))),
            delivery: DeliveryId::from_uuid(Uuid::from_u128(self.id)),
        }
    }

    /// Which of the posts this is the delivery of.
    pub(crate) fn number(key: &DeliveryKey) -> u32 {
        (key.delivery.as_uuid().as_u128() >> 64) as u32
    }

    /// From due to the call; `None` while there was none.
    pub(crate) fn lateness(&self) -> Option<Ms> {
        match self.state {
            State::Called(at) => Some(at.saturating_sub(self.due)),
            State::Scheduled | State::Queued | State::Claimed(_) => None,
        }
    }
}

/// Posts of tenants, `(tenants, posts of each)`, in the order of creation. Tenants have numbers in that order, too.
pub(crate) fn posts(groups: &[(u32, u32)], spread: Spread, shards: u32) -> Vec<Post> {
    let mut random = Random::new(1);
    let mut posts = Vec::new();
    let mut first = 0;
    for (tenants, each) in groups {
        for tenant in first..first + tenants {
            for _ in 0..*each {
                let number = posts.len() as u128;
                let id = (number << 64) | u128::from(random.next());
                let second = match spread {
                    Spread::OverTheMinute => random.next() % 60,
                    Spread::InOneSecond => 0,
                };
                let due = DUE + second * 1_000;
                posts.push(Post {
                    id,
                    tenant,
                    shard: store::shard_of(Uuid::from_u128(id), shards),
                    due,
                    state: State::Scheduled,
                    attention: due,
                });
            }
        }
        first += tenants;
    }
    posts
}
