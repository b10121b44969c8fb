//! Links for people who are not signed in, by mail.

use api::{Client, Secret};
use domain::email::EmailAddress;
use domain::event::EventKind;
use domain::{Result, UserId};
use jiff::SignedDuration;
use serde_json::Value;
use store::{TokenPurpose, UserAct};

use crate::Ctx;
use crate::mails::{ADMISSION_LIFETIME, LINK_LIFETIME, Outgoing};

/// What somebody asks for who cannot sign in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wish {
    /// To choose a new password.
    NewPassword,
    /// To be let in with a browser that the account does not know.
    NewBrowser,
}

impl Wish {
    fn purpose(self) -> TokenPurpose {
        match self {
            Self::NewPassword => TokenPurpose::ResetPassword,
            Self::NewBrowser => TokenPurpose::AdmitBrowser,
        }
    }

    fn lifetime(self) -> SignedDuration {
        match self {
            Self::NewPassword => LINK_LIFETIME,
            Self::NewBrowser => ADMISSION_LIFETIME,
        }
    }

    fn kind(self) -> EventKind {
        match self {
            Self::NewPassword => EventKind::UserPasswordResetRequested,
            Self::NewBrowser => EventKind::UserBrowserAdmissionRequested,
        }
    }
}

impl Ctx {
    /// The mail with the link, owed; for an address that nobody has, one that says so. Every way seals and sends one.
    pub(crate) async fn mailed_link(
        &self,
        wish: Wish,
        email: &EmailAddress,
        client: &Client,
    ) -> Result<Outgoing> {
        let system = self.table.system();
        let spare = UserId::generate(self.table.ids());
        let Some(known) = system.user_by_email(email, spare).await? else {
            let outgoing = self.unknown_address_mail(email).await?;
            system.owe_mail(&outgoing.owed).await?;
            return Ok(outgoing);
        };
        let secret = Secret::generate(&*self.random);
        let address = &known.user.email;
        let token = self.token(&known, &secret, wish.purpose(), address, wish.lifetime());
        let origin = client.origin();
        let outgoing = match wish {
            Wish::NewPassword => self.reset_mail(&known.user, &secret).await?,
            Wish::NewBrowser => self.admission_mail(&known.user, &secret, &origin).await?,
        };
        let act = UserAct {
            at: self.clock.now(),
            kind: wish.kind(),
            origin,
            detail: Value::Null,
        };
        system.send_token(&token, &outgoing.owed, &act).await?;
        Ok(outgoing)
    }
}
