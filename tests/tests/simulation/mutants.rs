//! Each rule of the protocol is taken away once, and something breaks.
//!
//! The length of the lease and the look at it right before the call are two rules. Without the look, owners call when
//! others may think them dead; with a lease that is shorter than a call nobody calls at all: owners give their tries back,
//! again and again.

use std::collections::BTreeSet;

use domain::delivery::timing::{CALL, LEASE};
use domain::delivery::{Change, Guard, State, Transition, TransitionName};
use jiff::SignedDuration;

use crate::history::{Keep, play};
use crate::invariants;
use crate::protocol::{PRODUCT, Protocol, Step};
use crate::tape::Tape;

/// A rule that can be taken away.
#[derive(Clone, Copy)]
pub(crate) struct Mutant {
    rule: &'static str,
    /// The invariant that breaks without it.
    breaks: &'static str,
    pub(crate) protocol: Protocol,
}

/// Histories in which a mutant has to be caught.
pub(crate) const HISTORIES_OF_A_MUTANT: u64 = 20_000;

impl Mutant {
    /// Some history breaks what the rule is for.
    fn assert_caught(self) {
        let Self {
            rule,
            breaks,
            protocol,
        } = self;
        let mut broken = (0..HISTORIES_OF_A_MUTANT).filter_map(|seed| {
            let violation = play(Tape::of_seed(seed), protocol, Keep::Verdict).violation?;
            Some((seed, violation))
        });
        let found = broken.find(|(_, violation)| violation.invariant == breaks);
        let Some((seed, violation)) = found else {
            panic!("without “{rule}” nothing breaks “{breaks}”");
        };
        println!(
            "without “{rule}”, seed {seed} breaks “{breaks}”: {}",
            violation.what
        );
    }
}

/// Each rule once, with the invariant that breaks without it, and the test that it does.
macro_rules! mutants {
    ($($test:ident: $rule:literal, $invariant:ident, { $($change:tt)* };)*) => {
        pub(crate) const MUTANTS: &[Mutant] = &[$(Mutant {
            rule: $rule,
            breaks: invariants::$invariant,
            protocol: Protocol { $($change)* ..PRODUCT },
        }),*];

        $(
            #[test]
            fn $test() {
                let mut mutants = MUTANTS.iter();
                mutants.find(|mutant| mutant.rule == $rule).unwrap().assert_caught();
            }
        )*
    };
}

mutants! {
    claim_condition_is_needed: "claim condition", ONCE, {
        edit: |transition| {
            if transition.name == TransitionName::Claim {
                transition.guard = Guard::All(vec![]);
            }
        },
    };
    revision_is_needed: "revision in the owner's condition", EDITED, {
        edit: forget_the_revision,
    };
    intent_is_needed: "intent before the call", ONCE, {
        steps: &[
            Step::Claim,
            Step::Material,
            Step::TakeTurn,
            Step::Credential,
            Step::Prepare,
            Step::WaitForTime,
            Step::Call,
            Step::Intent,
            Step::Evidence,
            Step::Settle,
        ],
    };
    uncertainty_is_needed: "no blind retry", ONCE, {
        edit: |transition| {
            if matches!(
                transition.name,
                TransitionName::Uncertain | TransitionName::Reap
            ) {
                for change in &mut transition.changes {
                    if *change == Change::State(State::Uncertain) {
                        *change = Change::State(State::RetryWait);
                    }
                }
            }
        },
    };
    evidence_is_needed: "evidence before the settlement", ANSWERED, {
        steps: &[
            Step::Claim,
            Step::Material,
            Step::TakeTurn,
            Step::Credential,
            Step::Prepare,
            Step::WaitForTime,
            Step::Intent,
            Step::Call,
            Step::Settle,
        ],
    };
    deadline_is_needed: "deadline", DEADLINE, {
        edit: |transition| {
            transition
                .changes
                .retain(|change| !matches!(change, Change::Deadline(Some(_))));
        },
        creates_deadlines: false,
    };
    lease_length_is_needed: "lease length", DEADLINE, {
        edit: shorten_the_lease,
    };
    lease_before_the_call_is_needed: "a call fits into the lease", FENCE, {
        looks_at_lease_before_call: false,
    };
    no_act_during_a_call_is_needed: "nobody cancels or holds what is called", ABSENT, {
        edit: allow_acts_during_a_call,
    };
    waiting_for_the_time_is_needed: "an early owner waits for the time", EARLY, {
        steps: &[
            Step::Claim,
            Step::Material,
            Step::TakeTurn,
            Step::Credential,
            Step::Prepare,
            Step::Intent,
            Step::Call,
            Step::Evidence,
            Step::Settle,
        ],
    };
    early_message_is_needed: "early messages are sent again", ON_TIME, {
        sends_early_again: false,
    };
    budget_is_needed: "budget at the claim", BUDGET, {
        steps: &[
            Step::Claim,
            Step::Material,
            Step::Credential,
            Step::Prepare,
            Step::WaitForTime,
            Step::Intent,
            Step::Call,
            Step::Evidence,
            Step::Settle,
        ],
    };
    operation_id_is_needed: "operation id", ON_TIME, {
        knows_own_writes: false,
    };
    lost_time_is_needed: "lost time is declared after a restore", ONCE, {
        declares_lost_time: false,
    };
    lost_content_is_needed: "content that was called may be lost", ONCE, {
        names_lost_contents: false,
    };
    limit_before_the_call_is_needed: "time limit before the call", CUT_SHORT, {
        limits_preparation: false,
    };
    post_for_one_delivery_is_needed: "a post counts for one delivery", PUBLISHED, {
        counts_a_post_once: false,
    };
    second_question_is_needed: "a network that refuses a credential is asked again", HEALTHY, {
        asks_before_it_holds: false,
    };
    seen_account_is_needed: "held for the account as it was seen", HEALTHY, {
        holds_for_the_seen_turn_only: false,
    };
}

/// An invariant that no mutant breaks may be one that nothing can break.
#[test]
fn every_invariant_is_broken_by_a_mutant() {
    let broken: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.breaks).collect();
    assert_eq!(broken, BTreeSet::from(invariants::ALL));
}

/// Half of what a call may take.
const SHORT_LEASE: SignedDuration = SignedDuration::from_secs(CALL.as_secs() / 2);

/// A claim that is over before a call has to be.
fn shorten_the_lease(transition: &mut Transition) {
    for change in &mut transition.changes {
        if let Change::Lease(Some(lease)) = change {
            *lease -= LEASE - SHORT_LEASE;
        }
    }
}

/// An owner that trusts its fence alone. No act of a person leaves `claimed` behind under the same fence, so that the
/// states in the owner's condition say the same as the revision does: the mutant forgets both.
fn forget_the_revision(transition: &mut Transition) {
    if let Guard::All(guards) = &mut transition.guard {
        let is_owners = guards
            .iter()
            .any(|guard| matches!(guard, Guard::FenceIs(_)))
            && guards
                .iter()
                .any(|guard| matches!(guard, Guard::RevisionIs(_)));
        if is_owners {
            guards.retain(|guard| matches!(guard, Guard::FenceIs(_)));
        }
    }
}

/// A person's act that does not mind a call that is under way.
fn allow_acts_during_a_call(transition: &mut Transition) {
    if matches!(
        transition.name,
        TransitionName::Cancel | TransitionName::Hold
    ) {
        allow_calling(&mut transition.guard);
    }
}

fn allow_calling(guard: &mut Guard) {
    match guard {
        Guard::All(guards) | Guard::Any(guards) => guards.iter_mut().for_each(allow_calling),
        Guard::StateIn(states) => states.push(State::Calling),
        Guard::RevisionIs(_)
        | Guard::FenceIs(_)
        | Guard::LooksAre(_)
        | Guard::StartableAt(_)
        | Guard::LeaseOverAt(_)
        | Guard::AttentionIs(_) => {}
    }
}
