//! Families of refresh tokens: a sign-in of a program, which has one for each tenant that it was switched to. Each use of
//! a token makes the next generation; an older generation that comes back means that somebody copied it, and ends the
//! sign-in with all its families.

use domain::user::Origin;
use domain::{FamilyId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attribute::{instant, millis, number, optional_millis, seconds, value};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, decode, encode};
use crate::key::{Key, SecretHash};
use crate::program_ends::goes_on;
use crate::scope::SystemTable;
use crate::sign_ins::SignIn;
use crate::table::Written;
use crate::transaction::Transacted;
use crate::user_events::UserAct;

/// A family of refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshFamily {
    /// Its id.
    pub id: FamilyId,
    /// The family that its sign-in began with: all that came of it, by a switch of the tenant or by another proof of the
    /// person, end together.
    pub root: FamilyId,
    /// Whose it is.
    pub user: UserId,
    /// Where it acts.
    pub tenant: Option<TenantId>,
    /// When the person signed in.
    pub started_at: Timestamp,
    /// When the person last proved who they are.
    pub proved_at: Timestamp,
    /// When its newest refresh token was made.
    pub last_used_at: Timestamp,
    /// The longest time between two of them since the last proof.
    pub longest_idle: SignedDuration,
    /// When it ends whatever happens.
    pub ends_at: Timestamp,
    /// From where the person signed in.
    pub origin: Origin,
}

impl RefreshFamily {
    /// The longest time without use since the last proof, until now.
    pub fn idle_by(&self, now: Timestamp) -> SignedDuration {
        self.longest_idle.max(now.duration_since(self.last_used_at))
    }

    pub(crate) fn key(&self) -> Key {
        Key::refresh_family(self.user, self.id)
    }

    /// The write that notes a use of it, while it is alive.
    pub(crate) fn used_at(&self, now: Timestamp) -> Write {
        let seen = vec![Action::Set("seen", instant(now))];
        Write::update(self.key(), seen).when(Condition::item_exists())
    }
}

/// A refresh token by its hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Counts the tokens of the family.
    pub generation: u64,
    /// Hash of the part that all tokens of the family share: it proves that an old one is genuine, so that nobody can
    /// end a family by guessing.
    pub family_secret: SecretHash,
    /// Hash of the part that only this one has.
    pub secret: SecretHash,
}

/// How the use of a refresh token ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The next generation is stored.
    Rotated(RefreshFamily),
    /// It was used before, so somebody has a copy: the sign-in is to be ended.
    Reused(RefreshFamily),
    /// It is not a token of a living family.
    Unknown,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FamilyItem {
    id: FamilyId,
    /// Absent in families of the version before: then it is their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root: Option<FamilyId>,
    user: UserId,
    #[serde(default)]
    ten: Option<TenantId>,
    gen_no: u64,
    fam_hash: SecretHash,
    gen_hash: SecretHash,
    #[serde(with = "millis")]
    ca: Timestamp,
    /// Absent in families of the version before: then it is when they signed in.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    proved: Option<Timestamp>,
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    seen: Option<Timestamp>,
    /// Absent where nobody was away for long since the last proof.
    #[serde(
        default,
        with = "seconds",
        skip_serializing_if = "SignedDuration::is_zero"
    )]
    gap: SignedDuration,
    #[serde(with = "millis")]
    until: Timestamp,
    #[serde(default)]
    origin: Origin,
    exp: i64,
}

impl Item for FamilyItem {
    const TYPE: &'static str = "refresh_family";

    fn key(&self) -> Key {
        Key::refresh_family(self.user, self.id)
    }
}

impl From<FamilyItem> for RefreshFamily {
    fn from(item: FamilyItem) -> Self {
        Self {
            id: item.id,
            root: item.root.unwrap_or(item.id),
            user: item.user,
            tenant: item.ten,
            started_at: item.ca,
            proved_at: item.proved.unwrap_or(item.ca),
            last_used_at: item.seen.unwrap_or(item.ca),
            longest_idle: item.gap,
            ends_at: item.until,
            origin: item.origin,
        }
    }
}

impl SystemTable<'_> {
    /// Stores a new family with its first token. Whether it could start.
    pub async fn start_family(
        &self,
        family: &RefreshFamily,
        first: &RefreshToken,
        sign_in: &SignIn<'_>,
    ) -> Result<bool> {
        let writes = self.starts(family.user, put(family, first)?, sign_in)?;
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Stores a family beside another one of its sign-in, which must be alive. Whether it was.
    pub async fn start_family_beside(
        &self,
        alive: &RefreshFamily,
        family: &RefreshFamily,
        first: &RefreshToken,
        act: &UserAct,
    ) -> Result<bool> {
        let alive = alive.used_at(family.last_used_at);
        let event = self.user_event_write(family.user, act)?;
        let writes = vec![alive, put(family, first)?, event, goes_on(family)];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Puts a new family in the place of an old one, which is dead from then on. Whether the old one was still alive.
    pub async fn replace_family(
        &self,
        old: &RefreshFamily,
        new: &RefreshFamily,
        first: &RefreshToken,
        act: &UserAct,
    ) -> Result<bool> {
        let old = Write::delete(old.key()).when(Condition::item_exists());
        let event = self.user_event_write(new.user, act)?;
        let writes = vec![old, put(new, first)?, event, goes_on(new)];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// The family whose newest token this is. Whoever shows another one learns nothing of it.
    pub async fn family_of(
        &self,
        user: UserId,
        family: FamilyId,
        shown: &RefreshToken,
    ) -> Result<Option<RefreshFamily>> {
        let item: Option<FamilyItem> = self.table.get(&Key::refresh_family(user, family)).await?;
        let item = item.filter(|item| {
            let newest = (&item.fam_hash, item.gen_no, &item.gen_hash);
            newest == (&shown.family_secret, shown.generation, &shown.secret)
        });
        Ok(item.map(RefreshFamily::from))
    }

    /// Uses a token: of all who try, one gets the next generation. `idle` is the longest time without use until now.
    pub async fn rotate_family(
        &self,
        user: UserId,
        family: FamilyId,
        used: &RefreshToken,
        next: &SecretHash,
        idle: SignedDuration,
        now: Timestamp,
    ) -> Result<Rotation> {
        let key = Key::refresh_family(user, family);
        let actions = vec![
            Action::Add("gen_no", number(1)),
            Action::Set("gen_hash", value(next)?),
            Action::Set("seen", instant(now)),
            Action::Set("gap", number(idle.as_secs())),
        ];
        let is_current = Condition::All(vec![
            Condition::Equals("fam_hash", value(&used.family_secret)?),
            Condition::Equals("gen_no", number(used.generation)),
            Condition::Equals("gen_hash", value(&used.secret)?),
            Condition::Above("until", instant(now)),
        ]);
        let write = Write::update(key, actions).when(is_current);
        let old: FamilyItem = match self.table.write(write).await? {
            Written::Applied(attributes) => {
                return Ok(Rotation::Rotated(decode::<FamilyItem>(attributes)?.into()));
            }
            Written::Refused(None) => return Ok(Rotation::Unknown),
            Written::Refused(Some(attributes)) => decode(attributes)?,
        };
        let is_genuine = old.fam_hash == used.family_secret;
        if is_genuine && used.generation < old.gen_no {
            return Ok(Rotation::Reused(old.into()));
        }
        Ok(Rotation::Unknown)
    }
}

fn put(family: &RefreshFamily, first: &RefreshToken) -> Result<Write> {
    let item = FamilyItem {
        id: family.id,
        root: Some(family.root),
        user: family.user,
        ten: family.tenant,
        gen_no: first.generation,
        fam_hash: first.family_secret.clone(),
        gen_hash: first.secret.clone(),
        ca: family.started_at,
        proved: Some(family.proved_at),
        seen: Some(family.last_used_at),
        gap: family.longest_idle,
        until: family.ends_at,
        origin: family.origin.clone(),
        exp: family.ends_at.as_second(),
    };
    Ok(Write::put(item.key(), encode(&item)?))
}
