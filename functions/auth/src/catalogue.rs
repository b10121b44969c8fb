//! The texts of the mails, from `messages/`: one file for each language.

use std::sync::LazyLock;

use serde::Deserialize;

/// The texts of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    pub(crate) verify_email: Template,
    pub(crate) already_registered: Template,
    pub(crate) reset_password: Template,
    pub(crate) unknown_address: Template,
    pub(crate) address_reserved: Template,
    pub(crate) address_in_use: Template,
    pub(crate) confirm_email: Template,
    pub(crate) email_changed: Template,
    pub(crate) email_reverted: Template,
    pub(crate) password_changed: Template,
    pub(crate) new_device: Template,
    pub(crate) sign_in_after_failures: Template,
    pub(crate) many_attempts: Template,
    pub(crate) authenticator_added: Template,
    pub(crate) authenticator_removed: Template,
    pub(crate) passkey_added: Template,
    pub(crate) passkey_removed: Template,
    pub(crate) recovery_codes_renewed: Template,
    pub(crate) factors_reset: Template,
    pub(crate) sign_in_ended: Template,
}

/// A mail with places for values, such as `{name}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// The texts for a language tag; English where there are none.
pub(crate) fn catalogue(_locale: &str) -> Option<&'static Catalogue> {
    static ENGLISH: LazyLock<Option<Catalogue>> =
        LazyLock::new(|| serde_json::from_str(include_str!("../messages/en.json")).ok());
    ENGLISH.as_ref()
}

/// The template with its values. Values are put in once: what looks like a place inside a value stays as it is.
pub(crate) fn fill<V: AsRef<str>>(template: &str, values: &[(&str, V)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value.as_ref(), after))
        });
        let (value, after) = place.unwrap_or(("{", after));
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Text for HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogue_has_every_text_and_no_unknown_place() {
        let catalogue = catalogue("en").unwrap();
        let values = [
            "name", "link", "minutes", "time", "device", "network", "count", "address", "days",
            "passkey",
        ]
        .map(|name| (name, ""));
        for template in [
            &catalogue.verify_email,
            &catalogue.already_registered,
            &catalogue.reset_password,
            &catalogue.unknown_address,
            &catalogue.address_reserved,
            &catalogue.address_in_use,
            &catalogue.confirm_email,
            &catalogue.email_changed,
            &catalogue.email_reverted,
            &catalogue.password_changed,
            &catalogue.new_device,
            &catalogue.sign_in_after_failures,
            &catalogue.many_attempts,
            &catalogue.authenticator_added,
            &catalogue.authenticator_removed,
            &catalogue.passkey_added,
            &catalogue.passkey_removed,
            &catalogue.recovery_codes_renewed,
            &catalogue.factors_reset,
            &catalogue.sign_in_ended,
        ] {
            for text in [&template.subject, &template.text, &template.html] {
                let filled = fill(text, &values);
                assert!(!filled.contains('{') && !filled.is_empty(), "{text}");
            }
        }
    }

    #[test]
    fn fill_puts_a_value_in_once() {
        let values = [("name", "{link}"), ("link", "https://x")];

        assert_eq!(
            fill("{name} {link} {other} {", &values),
            "{link} https://x {other} {"
        );
    }
}
