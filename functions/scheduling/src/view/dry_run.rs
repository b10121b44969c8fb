//! What a dry run found.

use domain::preflight::Violation;
use domain::{AccountId, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

/// The result of all checks.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DryRun)]
pub(crate) struct DryRunView {
    /// Whether the post would be taken and could be sent.
    valid: bool,
    /// Everything that stands against it.
    violations: Vec<ViolationView>,
    /// What it would take of the plan.
    cost: CostView,
}

/// One thing that stands against a post.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Violation)]
pub(crate) struct ViolationView {
    /// The account whose network objects; absent where every network would.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    target: Option<AccountId>,
    /// JSON pointer to the field.
    pointer: String,
    /// Stable name of the rule.
    rule: &'static str,
    /// What is wrong, for people.
    message: String,
    /// What was measured.
    measured: u64,
    /// What is allowed.
    limit: u64,
    /// How to repair it, for people.
    fix: String,
}

/// What a post takes of the plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Cost)]
pub(crate) struct CostView {
    /// Posts of the month.
    posts: u64,
    /// Accounts that it goes to.
    targets: usize,
}

impl DryRunView {
    /// Fields that are wrong whatever the network.
    pub(crate) fn of_fields(fields: Vec<FieldError>, targets: usize) -> Self {
        let violations = fields
            .into_iter()
            .map(|field| ViolationView {
                target: None,
                pointer: field.pointer,
                rule: field.code,
                fix: field.message.clone(),
                message: field.message,
                measured: 0,
                limit: 0,
            })
            .collect();
        Self::new(violations, targets)
    }

    /// Rules of networks.
    pub(crate) fn of_violations(violations: Vec<Violation>, targets: usize) -> Self {
        let violations = violations
            .into_iter()
            .map(|violation| {
                let Violation {
                    target,
                    pointer,
                    rule,
                    message,
                    measured,
                    limit,
                    fix,
                } = violation;
                ViolationView {
                    target,
                    pointer,
                    rule,
                    message,
                    measured,
                    limit,
                    fix,
                }
            })
            .collect();
        Self::new(violations, targets)
    }

    fn new(violations: Vec<ViolationView>, targets: usize) -> Self {
        Self {
            valid: violations.is_empty(),
            violations,
            cost: CostView { posts: 1, targets },
        }
    }
}
