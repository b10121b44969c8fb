//! Rules of the protocol, and what the protocol would be without each of them.

use domain::delivery::timing::LEASE;
use domain::delivery::{Change, Guard, State, Transition, TransitionName};
use jiff::SignedDuration;

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
    limits_preparation: true,
    counts_a_post_once: true,
    asks_before_it_holds: true,
    holds_for_the_seen_turn_only: true,
};

/// A rule that can be taken away.
pub(crate) struct Mutant {
    pub(crate) rule: &'static str,
    /// The invariant that breaks without it.
    pub(crate) breaks: &'static str,
    pub(crate) protocol: Protocol,
}

/// Each rule once.
pub(crate) const MUTANTS: [Mutant; 16] = [
    Mutant {
        rule: "claim condition",
        breaks: "visible at most once",
        protocol: Protocol {
            edit: |transition| {
                if transition.name == TransitionName::Claim {
                    transition.guard = Guard::All(vec![]);
                }
            },
            ..PRODUCT
        },
    },
    Mutant {
        rule: "revision in the owner's condition",
        breaks: "nothing edited away is published",
        protocol: Protocol {
            edit: forget_the_revision,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "intent before the call",
        breaks: "visible at most once",
        protocol: Protocol {
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
            ..PRODUCT
        },
    },
    Mutant {
        rule: "no blind retry",
        breaks: "visible at most once",
        protocol: Protocol {
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
            ..PRODUCT
        },
    },
    Mutant {
        rule: "evidence before the settlement",
        breaks: "what was answered is known",
        protocol: Protocol {
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
            ..PRODUCT
        },
    },
    Mutant {
        rule: "deadline",
        breaks: "final or asking by the deadline",
        protocol: Protocol {
            edit: |transition| {
                transition
                    .changes
                    .retain(|change| !matches!(change, Change::Deadline(Some(_))));
            },
            creates_deadlines: false,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "length of the lease",
        breaks: "on time in calm weather",
        protocol: Protocol {
            edit: |transition| {
                for change in &mut transition.changes {
                    if let Change::Lease(Some(lease)) = change {
                        *lease = lease
                            .checked_sub(LEASE - SignedDuration::from_secs(10))
                            .unwrap();
                    }
                }
            },
            ..PRODUCT
        },
    },
    Mutant {
        rule: "early messages are sent again",
        breaks: "on time in calm weather",
        protocol: Protocol {
            sends_early_again: false,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "budget at the claim",
        breaks: "no more calls than the network allows",
        protocol: Protocol {
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
            ..PRODUCT
        },
    },
    Mutant {
        rule: "operation id",
        breaks: "own writes are recognised",
        protocol: Protocol {
            knows_own_writes: false,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "lost time is declared after a restore",
        breaks: "visible at most once",
        protocol: Protocol {
            declares_lost_time: false,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "content that was called may be lost",
        breaks: "visible at most once",
        protocol: Protocol {
            names_lost_contents: false,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "time limit before the call",
        breaks: "no call is cut short",
        protocol: Protocol {
            limits_preparation: false,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "a post counts for one delivery",
        breaks: "published is visible, with evidence",
        protocol: Protocol {
            counts_a_post_once: false,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "a network that refuses a credential is asked again",
        breaks: "nothing waits for a healthy account",
        protocol: Protocol {
            asks_before_it_holds: false,
            ..PRODUCT
        },
    },
    Mutant {
        rule: "held for the account as it was seen",
        breaks: "nothing waits for a healthy account",
        protocol: Protocol {
            holds_for_the_seen_turn_only: false,
            ..PRODUCT
        },
    },
];

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
