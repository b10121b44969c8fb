//! One tenant with a hundred thousand posts beside two hundred with five each, all due in the same second.

use crate::documented;
use crate::lateness::Lateness;
use crate::load::{Spread, posts};
use crate::quotas::Quotas;
use crate::settings::Settings;
use crate::simulation::Simulation;

const QUIET: (u32, u32) = (200, 5);
const LOUD: (u32, u32) = (1, 100_000);

/// How late the posts of the quiet tenants are, with or without the loud one.
fn quiet(settings: Settings, quotas: Quotas, loud: Option<(u32, u32)>) -> Lateness {
    // The loud tenant's posts were made first, so they are first in every shard.
    let groups: Vec<_> = loud.into_iter().chain([QUIET]).collect();
    let first_quiet = loud.map_or(0, |(tenants, _)| tenants);
    let posts = posts(&groups, Spread::InOneSecond, settings.shards);
    let outcome = Simulation::new(posts, settings, quotas).run();
    outcome.lateness(|post| post.tenant >= first_quiet)
}

#[test]
fn f_28_quiet_tenants_beside_a_loud_one_are_two_seconds_later_at_most() {
    let (settings, quotas) = (Settings::defaults(), Quotas::INITIAL);

    let alone = quiet(settings, quotas, None);
    let beside = quiet(settings, quotas, Some(LOUD));

    documented("alone", &alone);
    documented("beside one with 100,000", &beside);
    assert_eq!((alone.count(), beside.count()), (1_000, 1_000));
    assert!(beside.seconds(0.99) <= alone.seconds(0.99) + 2.0);
}

#[test]
fn quiet_tenants_of_a_queue_without_fairness_would_wait_for_the_loud_one() {
    let quotas = Quotas {
        noisy_share: 1.0,
        ..Quotas::INITIAL
    };

    let beside = quiet(Settings::defaults(), quotas, Some(LOUD));

    documented("beside it, in a queue without fair groups", &beside);
    assert!(beside.seconds(0.99) > 60.0);
}
