//! Ends of programs' sign-ins. A sign-in has any number of families, and its end is one item: from its transaction on none
//! begins or is renewed any more, whatever its process still does, or does not, to remove them.

use domain::{FamilyId, Result, UserId};
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::Key;
use crate::owed_mails::OwedMail;
use crate::refresh_families::RefreshFamily;
use crate::scope::SystemTable;
use crate::sign_ins::ENDED_AT_ONCE;
use crate::transaction::Transacted;
use crate::user_events::UserAct;

#[derive(Debug, Serialize, Deserialize)]
struct EndItem {
    user: UserId,
    root: FamilyId,
    /// When the last of its families would have ended by itself.
    exp: i64,
}

impl Item for EndItem {
    const TYPE: &'static str = "program_end";

    fn key(&self) -> Key {
        Key::ended_program(self.user, self.root)
    }
}

impl SystemTable<'_> {
    /// Ends the sign-in of a program with all its families. Whether this did: of several at once one does.
    pub async fn end_program(&self, family: &RefreshFamily, act: &UserAct) -> Result<bool> {
        self.end_with(family, None, act).await
    }

    /// The same where a token was used twice, with the mail that tells its person.
    pub async fn end_copied_program(
        &self,
        family: &RefreshFamily,
        mail: &OwedMail,
        act: &UserAct,
    ) -> Result<bool> {
        self.end_with(family, Some(mail), act).await
    }

    /// Whether the sign-in of a family was ended, or its person's account: then what is left of it is to be removed.
    pub async fn is_ended(&self, family: &RefreshFamily) -> Result<bool> {
        let ends = [end_of(family), Key::departure(family.user)];
        Ok(!self.table.batch_get(&ends).await?.is_empty())
    }

    /// Removes the families of an ended sign-in that did not fit into the transaction of its end, or began right before
    /// it, or were left by whoever died at this.
    pub async fn sweep_program(&self, family: &RefreshFamily) -> Result<()> {
        let left = self.families_of_program(family).await?;
        self.table.batch_delete(left).await
    }

    async fn end_with(
        &self,
        family: &RefreshFamily,
        mail: Option<&OwedMail>,
        act: &UserAct,
    ) -> Result<bool> {
        let end = EndItem {
            user: family.user,
            root: family.root,
            exp: family.ends_at.as_second(),
        };
        let mut writes = vec![
            Write::put(end.key(), encode(&end)?).when(Condition::item_absent()),
            Write::delete(family.key()),
            self.user_event_write(family.user, act)?,
        ];
        if let Some(mail) = mail {
            writes.push(mail.write(self.table)?);
        }
        let others = self.families_of_program(family).await?.into_iter();
        let others = others.filter(|key| *key != family.key());
        writes.extend(others.take(ENDED_AT_ONCE).map(Write::delete));
        let transacted = self.table.transact(writes).await?;
        self.sweep_program(family).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    async fn families_of_program(&self, family: &RefreshFamily) -> Result<Vec<Key>> {
        let families = self.families(family.user).await?.into_iter();
        let of_program = families.filter(|each| each.root == family.root);
        Ok(of_program.map(|each| each.key()).collect())
    }
}

/// That the sign-in of a family was not ended: part of each transaction that stores another one of it.
pub(crate) fn goes_on(family: &RefreshFamily) -> Write {
    Write::check(end_of(family), Condition::item_absent())
}

fn end_of(family: &RefreshFamily) -> Key {
    Key::ended_program(family.user, family.root)
}
