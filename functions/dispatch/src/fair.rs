//! Takes turns between tenants, so that one with a hundred thousand posts delays nobody's five.

use std::collections::{BTreeMap, VecDeque};

use domain::TenantId;
use engine::Wakeup;

/// The same deliveries, one of each tenant at a time; those of one tenant keep their order.
pub(crate) fn interleave(wakeups: Vec<Wakeup>) -> Vec<Wakeup> {
    let mut by_tenant: BTreeMap<TenantId, VecDeque<Wakeup>> = BTreeMap::new();
    let count = wakeups.len();
    for wakeup in wakeups {
        by_tenant
            .entry(wakeup.key.tenant)
            .or_default()
            .push_back(wakeup);
    }
    let mut turns: VecDeque<VecDeque<Wakeup>> = by_tenant.into_values().collect();
    let mut ordered = Vec::with_capacity(count);
    while let Some(mut waiting) = turns.pop_front() {
        if let Some(next) = waiting.pop_front() {
            ordered.push(next);
            turns.push_back(waiting);
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use domain::delivery::DeliveryKey;
    use domain::{AccountId, DeliveryId, PostId};
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn wakeup(tenant: u128, delivery: u128) -> Wakeup {
        let uuid = Uuid::from_u128(delivery);
        Wakeup {
            key: DeliveryKey {
                tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
                post: PostId::from_uuid(uuid),
                account: AccountId::from_uuid(uuid),
                delivery: DeliveryId::from_uuid(uuid),
            },
            revision: 1,
            not_before: Timestamp::UNIX_EPOCH,
            seen: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn interleave_gives_the_quiet_tenant_its_turn_at_once() {
        let loud = (0..5).map(|delivery| wakeup(1, delivery));
        let order = interleave(loud.chain([wakeup(2, 9)]).collect());

        assert_eq!(
            order,
            [
                wakeup(1, 0),
                wakeup(2, 9),
                wakeup(1, 1),
                wakeup(1, 2),
                wakeup(1, 3),
                wakeup(1, 4)
            ]
        );
    }
}
