//! The table: partitions of the table and of its indexes, each with a limit of its own.

use testkit::Price;

use crate::limiter::Limiter;
use crate::load::Post;
use crate::quotas::{Ms, Quotas, time};
use crate::random::{Random, hash};

/// What held up a write, by how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Throttled {
    /// The quota of the whole table.
    pub(crate) table: u64,
    /// Partitions of items.
    pub(crate) items: u64,
    /// Partitions of the index by attention.
    pub(crate) by_attention: u64,
    /// Partitions of the index by deadline.
    pub(crate) by_deadline: u64,
    /// Partitions of indexes that are cut by tenant, and of a tenant's own items.
    pub(crate) by_tenant: u64,
}

pub(crate) struct Table {
    quotas: Quotas,
    whole: Limiter,
    items: Partitions,
    by_attention: Partitions,
    by_deadline: Partitions,
    by_tenant: Partitions,
    tenants: Partitions,
    pub(crate) throttled: Throttled,
    random: Random,
}

struct Partitions(Vec<Limiter>);

impl Partitions {
    fn new(count: f64, rate: f64) -> Self {
        Self(vec![Limiter::new(rate); count.max(1.0) as usize])
    }

    fn of(&mut self, key: u64) -> &mut Limiter {
        let count = self.0.len() as u64;
        &mut self.0[(hash(key) % count) as usize]
    }
}

impl Table {
    pub(crate) fn new(quotas: Quotas) -> Self {
        let count = quotas.warm_writes / quotas.partition_writes;
        let writes = || Partitions::new(count, quotas.partition_writes);
        Self {
            quotas,
            whole: Limiter::new(quotas.table_writes),
            items: writes(),
            by_attention: writes(),
            by_deadline: writes(),
            by_tenant: writes(),
            tenants: Partitions::new(count, quotas.partition_reads),
            throttled: Throttled::default(),
            random: Random::new(5),
        }
    }

    /// A step of a post, repeated as the client repeats it: when it was done, or when it was given up.
    pub(crate) fn write(&mut self, post: &Post, price: &Price, at: Ms) -> Result<Ms, Ms> {
        self.write_item(post.key(), post, price, at)
    }

    /// A turn of the pace of the post's account: one item that all posts of the account write.
    pub(crate) fn take_turn(&mut self, post: &Post, at: Ms) -> Result<Ms, Ms> {
        self.write_item(u64::from(post.tenant), post, &Price::TURN, at)
    }

    fn write_item(&mut self, item: u64, post: &Post, price: &Price, at: Ms) -> Result<Ms, Ms> {
        let mut at = at;
        for attempt in 0..time::TRIES {
            if attempt > 0 {
                at += self.back_off(attempt);
            }
            if self.try_write(item, post, price, at) {
                return Ok(at + time::WRITE);
            }
        }
        Err(at + time::WRITE)
    }

    /// Reads of a tenant's head and account, which are in one partition.
    pub(crate) fn read_tenant(&mut self, tenant: u32, at: Ms) -> Result<Ms, Ms> {
        let mut at = at;
        for attempt in 0..time::TRIES {
            if attempt > 0 {
                at += self.back_off(attempt);
            }
            let partition = self.tenants.of(u64::from(tenant));
            if partition.try_take(at, 2.0) {
                return Ok(at + time::READ);
            }
            partition.throttle(at, self.quotas.split_after);
            self.throttled.by_tenant += 1;
        }
        Err(at + time::READ)
    }

    fn back_off(&mut self, attempt: u32) -> Ms {
        let most = time::BACK_OFF * f64::from(1_u32 << (attempt - 1));
        (most * self.random.fraction()) as Ms
    }

    fn try_write(&mut self, item: u64, post: &Post, price: &Price, at: Ms) -> bool {
        let shard = u64::from(post.shard);
        let split_after = self.quotas.split_after;
        let mut parts = [
            (&mut self.whole, price.total(), &mut self.throttled.table),
            (self.items.of(item), price.item, &mut self.throttled.items),
            (
                self.by_attention.of(shard),
                price.by_attention,
                &mut self.throttled.by_attention,
            ),
            (
                self.by_deadline.of(shard),
                price.by_deadline,
                &mut self.throttled.by_deadline,
            ),
            // The three are three indexes with a partition each.
            (
                self.by_tenant.of(u64::from(post.tenant)),
                price.by_tenant / 3.0,
                &mut self.throttled.by_tenant,
            ),
        ];
        for (position, (limiter, units, throttled)) in parts.iter_mut().enumerate() {
            if !limiter.has_room(at, *units) {
                **throttled += 1;
                // The quota of the table is not a partition: nothing splits.
                if position > 0 {
                    limiter.throttle(at, split_after);
                }
                return false;
            }
        }
        for (limiter, units, _) in &mut parts {
            limiter.take(at, *units);
        }
        true
    }
}
