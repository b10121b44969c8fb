//! What people are told of sign-ins and tries that may not be theirs.

use api::Client;
use domain::email::EmailAddress;
use domain::event::EventKind;
use domain::user::User;
use domain::{Result, UserId};
use serde_json::json;
use store::{Device, Novelty, UserAct};

use crate::Ctx;
use crate::authenticate::Authenticated;
use crate::mails::Outgoing;

/// Wrong tries in a row of which the person is told, each once.
const TOLD: [u32; 3] = [10, 50, 100];
/// A sign-in after so many wrong tries is told.
const MANY: u32 = 10;

impl Ctx {
    /// The notice of a sign-in that may not be the person's: after many wrong tries, by something that they never used, or
    /// from where they never were. Of the very first one nobody needs to be told.
    pub(crate) async fn sign_in_notice(
        &self,
        proved: &Authenticated,
        device: &Device,
    ) -> Result<Option<Outgoing>> {
        let user = &proved.known.user;
        if proved.failed_before >= MANY {
            let failed = proved.failed_before;
            let mail = self
                .sign_in_after_failures_mail(user, failed, &device.origin)
                .await?;
            return Ok(Some(mail));
        }
        if proved.known.last_sign_in.is_none() {
            return Ok(None);
        }
        let system = self.table.system();
        Ok(match system.novelty(device, self.clock.now()).await? {
            None => None,
            Some(Novelty::Device) => Some(self.new_device_mail(user, &device.origin).await?),
            Some(Novelty::Area) => Some(self.new_area_mail(user, &device.origin).await?),
        })
    }

    /// Tells a person of many wrong tries, and remembers how many there were and where the last came from. The mail is
    /// left to whoever sends what is owed: a try for a known address must not take longer than others.
    pub(crate) async fn warn_of_attempts(
        &self,
        user: &User,
        attempt: u32,
        client: &Client,
    ) -> Result<()> {
        if TOLD.contains(&attempt) {
            let outgoing = self.many_attempts_mail(user, attempt).await?;
            let act = UserAct {
                at: self.clock.now(),
                kind: EventKind::UserSignInsFailed,
                origin: client.origin(),
                detail: json!({ "tries": attempt }),
            };
            let system = self.table.system();
            system.owe_mail_of(user.id, &outgoing.owed, &act).await?;
        }
        Ok(())
    }

    /// Tells nobody of wrong tries for an address that nobody has proven; that costs as much as telling somebody.
    pub(crate) async fn warn_nobody(&self, address: &EmailAddress, attempt: u32) -> Result<()> {
        if TOLD.contains(&attempt) {
            let in_vain = self.unknown_address_mail(address).await?;
            let nobody = UserId::generate(self.table.ids());
            let system = self.table.system();
            system.owe_nobody(nobody, &in_vain.owed).await?;
        }
        Ok(())
    }
}
