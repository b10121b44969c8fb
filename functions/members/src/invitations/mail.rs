//! The mail of an invitation: owed in the transaction of its cause, sent right after it. Its texts are in `messages/`.

use cloud::mail::Mail;
use domain::Result;
use domain::membership::{INVITATION_LIFETIME, Invitation};
use store::OwedMail;

use crate::Ctx;
use crate::asker::Asker;
use crate::texts::english;

const HOURS_OF_A_DAY: i64 = 24;

/// An invitation's link on its way: what the table stores of it, and the mail itself.
pub(super) struct Letter {
    pub(super) secret: api::Secret,
    pub(super) owed: OwedMail,
    mail: Mail,
}

impl Ctx {
    /// A mail with a new link.
    pub(super) async fn letter(&self, asker: &Asker, invitation: &Invitation) -> Result<Letter> {
        let texts = english()?;
        let inviter = self.table.system().user(asker.user).await?;
        let inviter = inviter.map_or_else(|| "Somebody".to_owned(), |inviter| inviter.name);
        let tenant = self.tenant(asker).head().await?.name;
        let secret = api::Secret::generate(&*self.random);
        let mut link = self.link("invitation")?;
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
