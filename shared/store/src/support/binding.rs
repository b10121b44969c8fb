//! What binds a session to the tenant that its person looks into, as items have it.

use domain::support::SupportBinding;
use domain::{SupportConsentId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::millis;

/// [`SupportBinding`] as a session has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BindingAttribute {
    pub(crate) by: TenantId,
    consent: SupportConsentId,
    why: String,
    #[serde(with = "millis")]
    pub(crate) until: Timestamp,
}

impl From<&SupportBinding> for BindingAttribute {
    fn from(binding: &SupportBinding) -> Self {
        Self {
            by: binding.by,
            consent: binding.consent,
            why: binding.reason.clone(),
            until: binding.until,
        }
    }
}

impl From<BindingAttribute> for SupportBinding {
    fn from(attribute: BindingAttribute) -> Self {
        Self {
            by: attribute.by,
            consent: attribute.consent,
            reason: attribute.why,
            until: attribute.until,
        }
    }
}
