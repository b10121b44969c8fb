//! Rules of the protocol, and what the protocol would be without each of them.

use domain::delivery::timing::LEASE;
use domain::delivery::{Change, Guard, State, Transition};
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
    /// The steps of a try.
    pub(crate) steps: &'static [Step],
    /// Whether an early message is sent again.
    pub(crate) sends_early_again: bool,
    /// Whether a writer knows its own write by its operation id.
    pub(crate) knows_own_writes: bool,
    /// Whether an operator declares what a restored table may have forgotten.
    pub(crate) declares_lost_time: bool,
}

/// The product's own.
pub(crate) const PRODUCT: Protocol = Protocol {
    edit: |_| {},
    steps: &STEPS,
    sends_early_again: true,
    knows_own_writes: true,
    declares_lost_time: true,
};

/// A rule that can be taken away.
pub(crate) struct Mutant {
    pub(crate) rule: &'static str,
    /// The invariant that breaks without it.
    pub(crate) breaks: &'static str,
    pub(crate) protocol: Protocol,
}

/// Each rule once.
pub(crate) const MUTANTS: [Mutant; 11] = [
    Mutant {
        rule: "claim condition",
        breaks: "visible at most once",
        protocol: Protocol {
            edit: |transition| {
                if transition.name == "claim" {
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
                if matches!(transition.name, "uncertain" | "reap") {
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
                if transition.name == "create" {
                    transition.changes.push(Change::Deadline(None));
                }
            },
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
