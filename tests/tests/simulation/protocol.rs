//! The protocol that a history plays: the product's own, or one that lacks a rule.

use domain::delivery::{State, Transition};

/// One step of the worker that publishes a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Claim,
    Material,
    TakeTurn,
    Credential,
    Prepare,
    WaitForTime,
    Intent,
    Call,
    Evidence,
    Settle,
}

/// The steps, in the order in which `functions/publishing` makes them.
pub(crate) const STEPS: [Step; 10] = [
    Step::Claim,
    Step::Material,
    Step::TakeTurn,
    Step::Credential,
    Step::Prepare,
    Step::WaitForTime,
    Step::Intent,
    Step::Call,
    Step::Evidence,
    Step::Settle,
];

/// The protocol that a simulation plays.
#[derive(Clone, Copy)]
pub(crate) struct Protocol {
    /// What happens to each transition before the table gets it.
    pub(crate) edit: fn(&mut Transition),
    /// Whether a new delivery has a deadline.
    pub(crate) creates_deadlines: bool,
    /// The steps of a try.
    pub(crate) steps: &'static [Step],
    /// Whether an early message is sent again.
    pub(crate) sends_early_again: bool,
    /// Whether a writer knows its own write by its operation id.
    pub(crate) knows_own_writes: bool,
    /// Whether an operator declares what a restored table may have forgotten.
    pub(crate) declares_lost_time: bool,
    /// Whether what was called in a lost time is told from what may have been called.
    pub(crate) names_lost_contents: bool,
    /// Whether an owner calls only with a lease that is long enough.
    pub(crate) looks_at_lease_before_call: bool,
    /// Whether a try has only so much time before its call.
    pub(crate) limits_preparation: bool,
    /// Whether a post counts for one delivery only, whoever says so.
    pub(crate) counts_a_post_once: bool,
    /// Whether a network that refuses a credential is asked if it means it.
    pub(crate) asks_before_it_holds: bool,
    /// Whether deliveries are held only while the account is as it was seen.
    pub(crate) holds_for_the_seen_turn_only: bool,
}

/// The product's own.
pub(crate) const PRODUCT: Protocol = Protocol {
    edit: |_| {},
    creates_deadlines: true,
    steps: &STEPS,
    sends_early_again: true,
    knows_own_writes: true,
    declares_lost_time: true,
    names_lost_contents: true,
    looks_at_lease_before_call: true,
    limits_preparation: true,
    counts_a_post_once: true,
    asks_before_it_holds: true,
    holds_for_the_seen_turn_only: true,
};

impl Protocol {
    /// The state in which an owner calls. Without an intent before it, a claim is all that it has.
    pub(crate) fn calls_in(&self) -> State {
        let place = |step| self.steps.iter().position(|other| *other == step);
        if place(Step::Intent) < place(Step::Call) {
            State::Calling
        } else {
            State::Claimed
        }
    }
}
