//! What a worker found out about one call. It is recorded before the delivery is settled, so that a worker whose
//! settlement is refused, or that dies before it, leaves its evidence.

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Fault, RemoteJob};
use super::outcome::CallOutcome;

/// How one publishing call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Attempt {
    /// The post is out.
    Published {
        /// The proof.
        evidence: Evidence,
    },
    /// A person must finish it at the network.
    HandedOver {
        /// The proof.
        evidence: Evidence,
    },
    /// The network works on it.
    Processing {
        /// Its job.
        job: RemoteJob,
    },
    /// Nothing happened, and a later call may succeed.
    NoEffect {
        /// Why.
        fault: Fault,
    },
    /// Nothing happened, and no repeat will help.
    Refused {
        /// Why.
        fault: Fault,
    },
    /// It may have happened.
    Unknown {
        /// Why nobody knows.
        fault: Fault,
    },
}

impl From<CallOutcome> for Attempt {
    fn from(outcome: CallOutcome) -> Self {
        match outcome {
            CallOutcome::Published(evidence) => Self::Published { evidence },
            CallOutcome::HandedOver(evidence) => Self::HandedOver { evidence },
            CallOutcome::Processing(job) => Self::Processing { job },
            CallOutcome::NoEffect { fault, .. } | CallOutcome::Unauthorized(fault) => {
                Self::NoEffect { fault }
            }
            CallOutcome::Refused(fault) => Self::Refused { fault },
            CallOutcome::Unknown(fault) => Self::Unknown { fault },
        }
    }
}
