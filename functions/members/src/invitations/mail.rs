//! The mail of an invitation: owed in the transaction of its cause, sent right after it. Its texts are in `messages/`.

use std::sync::LazyLock;

use cloud::mail::{Mail, Template};
use domain::membership::{INVITATION_LIFETIME, Invitation};
use domain::{Error, Result};
use serde::Deserialize;
use store::OwedMail;

use crate::Ctx;
use crate::asker::Asker;

const HOURS_OF_A_DAY: i64 = 24;

/// The texts of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    invitation: Template,
}

/// An invitation's link on its way: what the table stores of it, and the mail itself.
pub(super) struct Letter {
    pub(super) secret: api::Secret,
    pub(super) owed: OwedMail,
    mail: Mail,
}

fn english() -> Option<&'static Catalogue> {
    static ENGLISH: LazyLock<Option<Catalogue>> =
        LazyLock::new(|| serde_json::from_str(include_str!("../../messages/en.json")).ok());
    ENGLISH.as_ref()
}

impl Ctx {
    /// A mail with a new link.
    pub(super) async fn letter(&self, asker: &Asker, invitation: &Invitation) -> Result<Letter> {
        let texts = english().ok_or_else(|| {
            Error::internal("a mail cannot be written", "the catalogue is not readable")
        })?;
        let inviter = self.table.system().user(asker.user).await?;
        let inviter = inviter.map_or_else(|| "Somebody".to_owned(), |inviter| inviter.name);
        let tenant = self.tenant(asker).head().await?.name;
        let secret = api::Secret::generate(&*self.random);
        let mut link = self
            .public_url
            .join("invitation")
            .map_err(|error| Error::internal("a link cannot be made", error))?;
        link.query_pairs_mut().append_pair("token", secret.expose());
        let days = INVITATION_LIFETIME.as_hours() / HOURS_OF_A_DAY;
        let values = [
            ("inviter", inviter.as_str()),
            ("tenant", &tenant),
            ("link", link.as_str()),
            ("days", &days.to_string()),
        ];
        let mail = texts.invitation.mail(invitation.email.as_str(), &values);
        let owed = self.outbox.owe(&mail, invitation.expires_at).await?;
        Ok(Letter { secret, owed, mail })
    }

    /// Sends an owed mail right now, if that is possible; else it stays owed.
    pub(super) async fn post_letter(&self, letter: &Letter) {
        self.outbox.send_inline(letter.owed.id, &letter.mail).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogue_has_every_text_and_no_unknown_place() {
        let values = [("inviter", ""), ("tenant", ""), ("link", ""), ("days", "")];

        let mail = english().unwrap().invitation.mail("", &values);

        for text in [mail.subject, mail.text, mail.html] {
            assert!(!text.contains('{') && !text.is_empty(), "{text}");
        }
    }
}
