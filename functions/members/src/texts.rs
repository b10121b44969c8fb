//! The texts of the mails, from `messages/`.

use std::sync::LazyLock;

use cloud::mail::Template;
use domain::{Error, Result};
use serde::Deserialize;
use url::Url;

use crate::Ctx;

/// The texts of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    pub(crate) invitation: Template,
    pub(crate) factor_reset_approved: Template,
    pub(crate) factor_reset_told: Template,
}

/// The English ones.
pub(crate) fn english() -> Result<&'static Catalogue> {
    static ENGLISH: LazyLock<Option<Catalogue>> =
        LazyLock::new(|| serde_json::from_str(include_str!("../messages/en.json")).ok());
    ENGLISH
        .as_ref()
        .ok_or_else(|| Error::internal("a mail cannot be written", "the catalogue is not readable"))
}

impl Ctx {
    /// A page of the dashboard.
    pub(crate) fn link(&self, page: &str) -> Result<Url> {
        self.public_url
            .join(page)
            .map_err(|error| Error::internal("a link cannot be made", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogue_has_every_text_and_no_unknown_place() {
        let values = [
            "inviter", "tenant", "link", "days", "name", "member", "address", "approver", "from",
            "until",
        ]
        .map(|name| (name, ""));
        let catalogue = english().unwrap();
        for template in [
            &catalogue.invitation,
            &catalogue.factor_reset_approved,
            &catalogue.factor_reset_told,
        ] {
            let mail = template.mail("", &values);
            for text in [mail.subject, mail.text, mail.html] {
                assert!(!text.contains('{') && !text.is_empty(), "{text}");
            }
        }
    }
}
