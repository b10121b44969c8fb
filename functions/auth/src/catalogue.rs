//! The texts of the mails, from `messages/`: one file for each language.

use std::sync::LazyLock;

use cloud::mail::Template;
use serde::Deserialize;

/// The texts of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    pub(crate) verify_email: Template,
    pub(crate) already_registered: Template,
    pub(crate) reset_password: Template,
    pub(crate) admit_browser: Template,
    pub(crate) unknown_address: Template,
    pub(crate) address_reserved: Template,
    pub(crate) address_in_use: Template,
    pub(crate) confirm_email: Template,
    pub(crate) email_changed: Template,
    pub(crate) email_reverted: Template,
    pub(crate) password_changed: Template,
    pub(crate) new_device: Template,
    pub(crate) new_area: Template,
    pub(crate) sign_in_after_failures: Template,
    pub(crate) many_attempts: Template,
    pub(crate) authenticator_added: Template,
    pub(crate) authenticator_removed: Template,
    pub(crate) passkey_added: Template,
    pub(crate) passkey_removed: Template,
    pub(crate) recovery_codes_renewed: Template,
    pub(crate) factors_reset: Template,
    pub(crate) factor_lost: Template,
    pub(crate) factor_lost_by: Template,
    pub(crate) sign_in_ended: Template,
    pub(crate) account_deleted: Template,
}

/// The texts for a language tag; English where there are none.
pub(crate) fn catalogue(_locale: &str) -> Option<&'static Catalogue> {
    static ENGLISH: LazyLock<Option<Catalogue>> =
        LazyLock::new(|| serde_json::from_str(include_str!("../messages/en.json")).ok());
    ENGLISH.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogue_has_every_text_and_no_unknown_place() {
        let catalogue = catalogue("en").unwrap();
        let values = [
            "name", "link", "minutes", "time", "device", "network", "count", "address", "days",
            "passkey", "member", "tenant",
        ]
        .map(|name| (name, ""));
        for template in [
            &catalogue.verify_email,
            &catalogue.already_registered,
            &catalogue.reset_password,
            &catalogue.admit_browser,
            &catalogue.unknown_address,
            &catalogue.address_reserved,
            &catalogue.address_in_use,
            &catalogue.confirm_email,
            &catalogue.email_changed,
            &catalogue.email_reverted,
            &catalogue.password_changed,
            &catalogue.new_device,
            &catalogue.new_area,
            &catalogue.sign_in_after_failures,
            &catalogue.many_attempts,
            &catalogue.authenticator_added,
            &catalogue.authenticator_removed,
            &catalogue.passkey_added,
            &catalogue.passkey_removed,
            &catalogue.recovery_codes_renewed,
            &catalogue.factors_reset,
            &catalogue.factor_lost,
            &catalogue.factor_lost_by,
            &catalogue.sign_in_ended,
            &catalogue.account_deleted,
        ] {
            let mail = template.mail("", &values);
            for text in [mail.subject, mail.text, mail.html] {
                assert!(!text.contains('{') && !text.is_empty(), "{text}");
            }
        }
    }
}
