//! Pictures of people. The bytes are an item of their own, so that whoever reads a person does not read them too, in a
//! partition of its own, so that the function that draws pictures reaches nothing else of people. The person has the
//! picture's tag; both change in one transaction.

use domain::{Error, Result, UserId};
use serde::{Deserialize, Serialize};

use crate::attribute::{base64_bytes, text};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, encode};
use crate::key::{Key, hash_of_bytes};
use crate::scope::SystemTable;
use crate::transaction::Transacted;
use crate::user_events::UserAct;
use crate::users::AVATAR;

/// Characters of a tag: 128 bits are enough to tell a picture from all others.
const TAG: usize = 32;

/// A picture of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Avatar {
    /// The beginning of the SHA-256 of its bytes, hexadecimal.
    pub tag: String,
    /// A JPEG.
    pub bytes: Vec<u8>,
}

impl Avatar {
    /// The picture with these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        let mut tag = hash_of_bytes(&bytes);
        tag.truncate(TAG);
        Self { tag, bytes }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct AvatarItem {
    user: UserId,
    tag: String,
    #[serde(with = "base64_bytes")]
    jpeg: Vec<u8>,
}

impl Item for AvatarItem {
    const TYPE: &'static str = "avatar";

    fn key(&self) -> Key {
        Key::avatar(self.user)
    }
}

impl SystemTable<'_> {
    /// A person's picture.
    pub async fn avatar(&self, user: UserId) -> Result<Option<Avatar>> {
        let item: Option<AvatarItem> = self.table.get(&Key::avatar(user)).await?;
        Ok(item.map(|item| Avatar {
            tag: item.tag,
            bytes: item.jpeg,
        }))
    }

    /// Gives a person another picture.
    pub async fn put_avatar(&self, user: UserId, avatar: &Avatar, act: &UserAct) -> Result<()> {
        let item = AvatarItem {
            user,
            tag: avatar.tag.clone(),
            jpeg: avatar.bytes.clone(),
        };
        let named = vec![Action::Set(AVATAR, text(&avatar.tag))];
        let writes = vec![
            Write::put(item.key(), encode(&item)?),
            Write::update(Key::user(user), named).when(Condition::item_exists()),
            self.user_event_write(user, act)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(Error::NotFound { kind: "user" }),
        }
    }

    /// Takes a person's picture away. Whether there was one.
    pub async fn remove_avatar(&self, user: UserId, act: &UserAct) -> Result<bool> {
        let unnamed = vec![Action::Remove(AVATAR)];
        let writes = vec![
            Write::delete(Key::avatar(user)),
            Write::update(Key::user(user), unnamed).when(Condition::Exists(AVATAR)),
            self.user_event_write(user, act)?,
        ];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }
}
