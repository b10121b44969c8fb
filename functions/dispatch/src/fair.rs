//! Takes turns between tenants, so that one with a hundred thousand posts delays nobody's five.

use std::collections::HashMap;

use domain::TenantId;
use jiff::Timestamp;
use store::AttentionEntry;

/// The same entries in the order in which they are worked on: what wants attention by `soon`, then the rest; in each, the
/// first of every tenant, then the second of every tenant, and so on. Those of one tenant keep their order.
///
/// `entries` are oldest first, without events, which are sealed by themselves.
pub fn take_turns(entries: Vec<AttentionEntry>, soon: Timestamp) -> Vec<AttentionEntry> {
    let mut turns: HashMap<Option<TenantId>, usize> = HashMap::new();
    let mut placed: Vec<((bool, usize), AttentionEntry)> = entries
        .into_iter()
        .map(|entry| {
            let turn = turns.entry(entry.tenant()).or_default();
            let before = *turn;
            *turn = turn.saturating_add(1);
            // Whether it is for later, and its turn.
            ((entry.at > soon, before), entry)
        })
        .collect();
    // Stable: within a turn the oldest comes first.
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use domain::delivery::DeliveryKey;
    use domain::{AccountId, DeliveryId, NoticeId, PostId};
    use store::AttentionWork;
    use uuid::Uuid;

    use super::*;

    const SOON: i64 = 60;

    fn entry(tenant: u128, delivery: u128, at: i64) -> AttentionEntry {
        let uuid = Uuid::from_u128(delivery);
        AttentionEntry {
            at: Timestamp::from_second(at).unwrap(),
            work: AttentionWork::Start {
                key: DeliveryKey {
                    tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
                    post: PostId::from_uuid(uuid),
                    account: AccountId::from_uuid(uuid),
                    delivery: DeliveryId::from_uuid(uuid),
                },
                revision: 1,
                not_before: Timestamp::from_second(at).unwrap(),
                deadline: None,
            },
        }
    }

    fn order(entries: Vec<AttentionEntry>) -> Vec<AttentionEntry> {
        take_turns(entries, Timestamp::from_second(SOON).unwrap())
    }

    #[test]
    fn quiet_tenant_behind_a_loud_one_has_its_turn_at_once() {
        let loud = (0..5).map(|delivery| entry(1, delivery, 0));

        let order = order(loud.chain([entry(2, 9, 0)]).collect());

        assert_eq!(order[..2], [entry(1, 0, 0), entry(2, 9, 0)]);
        assert_eq!(
            order[2..],
            [1, 2, 3, 4].map(|delivery| entry(1, delivery, 0))
        );
    }

    #[test]
    fn entries_of_a_quiet_tenant_wait_for_no_more_than_one_turn_of_each_other() {
        let tenants = 40;
        let loud = (0..2000).map(|delivery| entry(0, delivery, 0));
        let quiet =
            (1..=tenants).flat_map(|tenant| (0..5).map(move |n| entry(tenant, 9000 + n, 0)));

        let order = order(loud.chain(quiet).collect());

        let last = order
            .iter()
            .rposition(|entry| entry.tenant() != Some(TenantId::from_uuid(Uuid::from_u128(0))));
        assert_eq!(last, Some(5 * (usize::try_from(tenants).unwrap() + 1) - 1));
    }

    #[test]
    fn what_is_wanted_soon_comes_before_turns_for_later() {
        let order = order(vec![
            entry(1, 0, 0),
            entry(1, 1, SOON),
            entry(2, 9, SOON + 1),
        ]);

        assert_eq!(
            order,
            [entry(1, 0, 0), entry(1, 1, SOON), entry(2, 9, SOON + 1)]
        );
    }

    #[test]
    fn mails_take_turns_as_one_tenant_does() {
        let mail = |n: u128| AttentionEntry {
            at: Timestamp::UNIX_EPOCH,
            work: AttentionWork::Notice(NoticeId::from_uuid(Uuid::from_u128(n))),
        };

        let order = order(vec![mail(1), mail(2), entry(1, 0, 0)]);

        assert_eq!(order, [mail(1), entry(1, 0, 0), mail(2)]);
    }
}
