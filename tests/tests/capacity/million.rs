//! A million posts that are due in one minute.

use crate::documented;
use crate::load::{Spread, posts};
use crate::quotas::Quotas;
use crate::settings::Settings;
use crate::simulation::{Outcome, Simulation};

/// Tenants of a hundred posts each.
const TENANTS: u32 = 10_000;
const EACH: u32 = 100;

fn million(spread: Spread, settings: Settings, quotas: Quotas) -> Outcome {
    let posts = posts(&[(TENANTS, EACH)], spread, settings.shards);
    let outcome = Simulation::new(posts, settings, quotas).run();
    assert_eq!(outcome.lateness(|_| true).count(), 1_000_000);
    outcome
}

#[test]
fn million_with_the_default_settings_is_late_and_complete() {
    let settings = Settings::defaults();
    let outcome = million(Spread::OverTheMinute, settings, Quotas::INITIAL);

    documented(
        "over the minute | defaults | as it comes",
        &outcome.lateness(|_| true),
    );
    assert_eq!(outcome.counts.publishers, settings.publishers);
    assert!(
        outcome.lasted < 3_600_000,
        "within the hour, far from too late"
    );
}

#[test]
fn million_in_an_account_that_was_not_raised_is_limited_by_its_quotas() {
    let settings = Settings::for_a_million();
    let outcome = million(Spread::OverTheMinute, settings, Quotas::INITIAL);

    documented(
        "over the minute | for a million | as it comes",
        &outcome.lateness(|_| true),
    );
    assert_eq!(outcome.counts.publishers, Quotas::INITIAL.environments);
    assert!(outcome.throttled.table > 0);
}

#[test]
fn million_over_the_minute_is_punctual_with_the_settings_for_it() {
    let settings = Settings::for_a_million();
    let outcome = million(Spread::OverTheMinute, settings, Quotas::RAISED);

    let lateness = outcome.lateness(|_| true);
    documented("over the minute | for a million | raised", &lateness);
    assert!(lateness.seconds(0.99) <= 5.0);
    assert_eq!(outcome.counts.failed, 0);
}

#[test]
fn million_in_one_second_is_out_within_a_minute_with_the_settings_for_it() {
    let settings = Settings::for_a_million();
    let outcome = million(Spread::InOneSecond, settings, Quotas::RAISED);

    let lateness = outcome.lateness(|_| true);
    documented("in one second | for a million | raised", &lateness);
    assert!(lateness.seconds(0.99) <= 60.0);
}

#[test]
fn million_on_as_many_shards_as_partitions_has_some_that_wait_for_their_message_again() {
    let settings = Settings {
        shards: 128,
        ..Settings::for_a_million()
    };
    let outcome = million(Spread::OverTheMinute, settings, Quotas::RAISED);

    let lateness = outcome.lateness(|_| true);
    documented(
        "over the minute | for a million, 128 shards | raised",
        &lateness,
    );
    // Nearly all go out as they do with the shards that are recommended, about a second later.
    assert!(lateness.seconds(0.99) <= 6.0);
    // Their claims were throttled three times, so their messages came again after the queue's time-out.
    assert!(outcome.counts.failed > 0);
    assert!(lateness.seconds(1.0) > 300.0);
}
