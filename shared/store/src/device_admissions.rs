//! Browsers that a person lets in by the link of a mail: known from then on, and signed in by nothing.

use domain::Result;

use crate::condition::Write;
use crate::devices::Device;
use crate::key::Key;
use crate::one_time_tokens::{Token, gone};
use crate::scope::SystemTable;
use crate::transaction::Transacted;
use crate::user_events::UserAct;
use crate::users::is_as_then;

/// The use of such a link.
#[derive(Debug)]
pub struct DeviceAdmission<'a> {
    /// What the link carries.
    pub token: &'a Token,
    /// The browser in which it was followed; `None` where the person used it before.
    pub device: Option<&'a Device>,
    /// Where it was followed.
    pub place: Option<&'a Device>,
    /// What is remembered of it.
    pub act: UserAct,
}

impl SystemTable<'_> {
    /// Remembers a browser and its place by a token, once; fails as [`Self::token`] does.
    pub async fn admit_device(&self, admission: DeviceAdmission<'_>) -> Result<()> {
        let DeviceAdmission {
            token,
            device,
            place,
            act,
        } = admission;
        let mut writes = vec![
            token.used_at(act.at),
            Write::check(Key::user(token.user), is_as_then(token)?),
            self.user_event_write(token.user, &act)?,
        ];
        writes.extend(device.map(Device::write_admitted).transpose()?);
        writes.extend(place.map(Device::write).transpose()?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(refused) => Err(gone(&refused)),
        }
    }
}
