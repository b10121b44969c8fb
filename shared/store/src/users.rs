//! People who sign in, and the guards that make an address theirs.

mod factors;
mod hold;
pub(crate) mod way_back;

use domain::email::EmailAddress;
use domain::tenant::TimeZoneName;
use domain::user::User;
use domain::{Result, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::{
    Attributes, base64_bytes, instant, millis, number, number_of, optional_millis, value,
};
use crate::condition::{Action, Condition, Write};
use crate::item::{Item, decode, encode, is};
use crate::key::Key;
use crate::one_time_tokens::{NewToken, Token};
use crate::owed_mails::OwedMail;
use crate::schema::TTL;
use crate::scope::SystemTable;
use crate::table::Written;
use crate::transaction::Transacted;
use crate::user_events::UserAct;

pub(crate) use factors::{
    FactorCount, count_factors, factors_as_seen, factors_counted_as_seen, set_factors,
    settle_factors,
};
pub(crate) use hold::{hold, is_not_held, release};
use way_back::VoidWays;
pub use way_back::WayBack;

/// The tag of the person's picture, on their item.
pub(crate) const AVATAR: &str = "ava";

/// A sealed password hash. Opens only for its user and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPassword {
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// Counts the passwords of the user.
    pub version: u64,
}

/// A user with what signing in needs.
#[derive(Clone, Debug)]
pub struct StoredUser {
    /// The person.
    pub user: User,
    /// How they prove it.
    pub password: StoredPassword,
    /// When they last signed in by it.
    pub last_sign_in: Option<Timestamp>,
    /// How many second factors they have; `None` where older code did not count them and they have not signed in since.
    pub second_factors: Option<u64>,
    /// When their second factors changed last, or a reset of them was stopped: resets that were approved before are void.
    pub factors_settled_at: Option<Timestamp>,
    /// How a change of their address is taken back; it may be over.
    pub way_back: Option<WayBack>,
    /// Links that lead back no more.
    pub(crate) void_ways: Vec<VoidWays>,
}

impl StoredUser {
    /// Whether something guards the account beside its password.
    pub fn has_second_factor(&self) -> bool {
        self.second_factors.is_some_and(|number| number > 0)
    }
}

/// A registration, with the mail that it owes.
#[derive(Debug)]
pub struct Registration {
    /// The person; not verified yet.
    pub user: User,
    /// Their password.
    pub password: StoredPassword,
    /// What the link in the mail carries.
    pub token: NewToken,
    /// The mail.
    pub mail: OwedMail,
    /// What is remembered of it.
    pub act: UserAct,
}

/// How a registration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is stored.
    Done,
    /// The address, or the state in which it was read, belongs to another registration by now.
    Overtaken,
    /// The address is kept for somebody who had it until recently.
    Reserved,
}

/// Whose an address is.
#[derive(Clone, Debug)]
pub struct AddressStanding {
    /// Who has it.
    pub known: Option<StoredUser>,
    /// Nobody has it, and it is kept for somebody who had it until recently.
    pub is_kept: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MailGuardItem {
    #[serde(skip)]
    key: Key,
    user: UserId,
    /// Until when an address that its person has no more is kept for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

impl MailGuardItem {
    pub(crate) fn new(address: &EmailAddress, user: UserId) -> Self {
        Self {
            key: Key::mail_guard(&address.normalized()),
            user,
            exp: None,
        }
    }
}

impl Item for MailGuardItem {
    const TYPE: &'static str = "mail_guard";

    fn key(&self) -> Key {
        self.key.clone()
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct UserItem {
    id: UserId,
    mail: EmailAddress,
    verified: bool,
    name: String,
    loc: String,
    tz: TimeZoneName,
    #[serde(with = "base64_bytes")]
    pw: Vec<u8>,
    pwv: u64,
    ver: u64,
    #[serde(with = "millis")]
    ca: Timestamp,
    /// The last sign-in.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    si: Option<Timestamp>,
    /// API keys that were made for the person until then are dead.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    keys_from: Option<Timestamp>,
    /// How many second factors the person has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fac: Option<u64>,
    /// Resets of second factors that were approved until then are void.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    settled: Option<Timestamp>,
    /// Until when the latest change of the address can be taken back.
    #[serde(
        default,
        with = "optional_millis",
        skip_serializing_if = "Option::is_none"
    )]
    back: Option<Timestamp>,
    /// The address before the first change that can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    back_to: Option<EmailAddress>,
    /// Links that take a change back no more, since an earlier one was used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    back_void: Vec<VoidWays>,
    /// The tag of the person's picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ava: Option<String>,
}

impl Item for UserItem {
    const TYPE: &'static str = "user";

    fn key(&self) -> Key {
        Key::user(self.id)
    }
}

impl UserItem {
    fn new(user: User, password: StoredPassword) -> Self {
        Self {
            id: user.id,
            mail: user.email,
            verified: user.email_verified,
            name: user.name,
            loc: user.locale,
            tz: user.time_zone,
            ava: user.avatar,
            pw: password.sealed,
            pwv: password.version,
            ver: user.version,
            ca: user.created_at,
            si: None,
            keys_from: None,
            fac: Some(0),
            settled: None,
            back: None,
            back_to: None,
            back_void: Vec::new(),
        }
    }
}

impl From<UserItem> for StoredUser {
    fn from(item: UserItem) -> Self {
        Self {
            user: User {
                id: item.id,
                email: item.mail,
                email_verified: item.verified,
                name: item.name,
                locale: item.loc,
                time_zone: item.tz,
                avatar: item.ava,
                version: item.ver,
                created_at: item.ca,
            },
            password: StoredPassword {
                sealed: item.pw,
                version: item.pwv,
            },
            last_sign_in: item.si,
            second_factors: item.fac,
            factors_settled_at: item.settled,
            way_back: item
                .back
                .zip(item.back_to)
                .map(|(until, to)| WayBack { until, to }),
            void_ways: item.back_void,
        }
    }
}

impl SystemTable<'_> {
    /// A person by id.
    pub async fn user(&self, user: UserId) -> Result<Option<User>> {
        let stored = self.stored_user(user).await?;
        Ok(stored.map(|stored| stored.user))
    }

    /// A person with what signing in needs, by id.
    pub async fn stored_user(&self, user: UserId) -> Result<Option<StoredUser>> {
        let item: Option<UserItem> = self.table.get(&Key::user(user)).await?;
        Ok(item.map(StoredUser::from))
    }

    /// Several people; those that do not exist are left out.
    pub async fn users(&self, users: &[UserId]) -> Result<Vec<User>> {
        let keys: Vec<Key> = users.iter().map(|user| Key::user(*user)).collect();
        let items = self.table.batch_get(&keys).await?.into_iter();
        items
            .map(|item| decode::<UserItem>(item).map(|item| StoredUser::from(item).user))
            .collect()
    }

    /// A person by address. Makes as many reads for an address that nobody has: `spare` is then read in vain.
    pub async fn user_by_email(
        &self,
        address: &EmailAddress,
        spare: UserId,
    ) -> Result<Option<StoredUser>> {
        let (_, known) = self.guard_and_user(address, spare).await?;
        Ok(known)
    }

    /// Whose an address is, by the same reads.
    pub async fn address_standing(
        &self,
        address: &EmailAddress,
        spare: UserId,
        now: Timestamp,
    ) -> Result<AddressStanding> {
        let (guard, known) = self.guard_and_user(address, spare).await?;
        let kept_until = guard.and_then(|guard| guard.exp);
        Ok(AddressStanding {
            is_kept: known.is_none() && kept_until.is_some_and(|until| until >= now.as_second()),
            known,
        })
    }

    async fn guard_and_user(
        &self,
        address: &EmailAddress,
        spare: UserId,
    ) -> Result<(Option<MailGuardItem>, Option<StoredUser>)> {
        let guard: Option<MailGuardItem> = self
            .table
            .get(&Key::mail_guard(&address.normalized()))
            .await?;
        let user = guard.as_ref().map_or(spare, |guard| guard.user);
        let item: Option<UserItem> = self.table.get(&Key::user(user)).await?;
        // An address that is only kept for them is not theirs.
        let item = item.filter(|item| item.mail.normalized() == address.normalized());
        Ok((guard, item.map(StoredUser::from)))
    }

    /// Stores a new person, the guard of their address, their token and the mail that carries it.
    pub async fn register(&self, registration: Registration) -> Result<Registered> {
        let Registration {
            user,
            password,
            token,
            mail,
            act,
        } = registration;
        let event = self.user_event_write(user.id, &act)?;
        let guard = MailGuardItem::new(&user.email, user.id);
        let is_free = Condition::Any(vec![
            Condition::item_absent(),
            Condition::Below(TTL, number(act.at.as_second())),
        ]);
        let writes = vec![
            Write::put(guard.key(), encode(&guard)?).when(is_free),
            put_user(user, password)?.when(Condition::item_absent()),
            token.write()?,
            mail.write(self.table)?,
            event,
        ];
        self.registered(writes, act.at).await
    }

    /// Replaces a registration whose address nobody has proven yet: whoever registers last gets the mail whose link
    /// works, and links of earlier registrations die with their password version.
    pub async fn register_again(
        &self,
        registration: Registration,
        seen: &StoredUser,
    ) -> Result<Registered> {
        let Registration {
            user,
            password,
            token,
            mail,
            act,
        } = registration;
        let event = self.user_event_write(user.id, &act)?;
        let is_as_seen = Condition::All(vec![
            Condition::Equals("verified", value(&false)?),
            Condition::Equals("pwv", number(seen.password.version)),
        ]);
        let writes = vec![
            put_user(user, password)?.when(is_as_seen),
            token.write()?,
            mail.write(self.table)?,
            event,
        ];
        self.registered(writes, act.at).await
    }

    /// Replaces a password hash by one of the same password, made with today's parameters. Whether it was still the
    /// one that was seen.
    pub async fn replace_password_hash(
        &self,
        user: UserId,
        seen: u64,
        password: &StoredPassword,
    ) -> Result<bool> {
        let write = Write::update(Key::user(user), set_password(password))
            .when(Condition::Equals("pwv", number(seen)));
        let written = self.table.write(write).await?;
        Ok(matches!(written, Written::Applied(_)))
    }

    async fn registered(&self, writes: Vec<Write>, now: Timestamp) -> Result<Registered> {
        let refused = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Registered::Done),
            Transacted::Refused(refused) => refused,
        };
        let guards = refused.iter().filter_map(|write| write.old.as_ref());
        let mut kept = guards.filter_map(|guard| number_of::<i64>(guard, TTL));
        if kept.any(|until| until > now.as_second()) {
            return Ok(Registered::Reserved);
        }
        Ok(Registered::Overtaken)
    }

    /// Changes what a person is called and how they see times. Whether nobody changed them since they were seen.
    pub async fn edit_user(&self, user: &User, act: &UserAct) -> Result<bool> {
        let actions = vec![
            Action::Set("name", crate::attribute::text(&user.name)),
            Action::Set("loc", crate::attribute::text(&user.locale)),
            Action::Set("tz", value(&user.time_zone)?),
            Action::Add("ver", number(1)),
        ];
        let as_seen = Condition::Equals("ver", number(user.version));
        let writes = vec![
            Write::update(Key::user(user.id), actions).when(as_seen),
            self.user_event_write(user.id, act)?,
        ];
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }
}

/// The write that makes an address proven, for the registration that the link belongs to.
pub(crate) fn verified(token: &Token) -> Result<Write> {
    let actions = vec![
        Action::Set("verified", value(&true)?),
        Action::Add("ver", number(1)),
    ];
    Ok(Write::update(Key::user(token.user), actions).when(is_as_then(token)?))
}

/// The write that notes a sign-in by a password, while the password is that one.
pub(crate) fn used(user: UserId, password_version: u64, now: Timestamp) -> Write {
    let actions = vec![Action::Set("si", instant(now))];
    Write::update(Key::user(user), actions).when(Condition::Equals("pwv", number(password_version)))
}

/// The write that notes a sign-in by something else.
pub(crate) fn signed_in(user: UserId, now: Timestamp) -> Write {
    let actions = vec![Action::Set("si", instant(now))];
    Write::update(Key::user(user), actions).when(Condition::item_exists())
}

/// The changes that give a person a password.
pub(crate) fn set_password(password: &StoredPassword) -> Vec<Action> {
    vec![
        Action::Set("pw", crate::attribute::text(base64(&password.sealed))),
        Action::Set("pwv", number(password.version)),
    ]
}

/// Ends all API keys that were made for the person until `at`, in all tenants at once.
pub(crate) fn end_keys(at: Timestamp) -> Action {
    Action::Set("keys_from", instant(at))
}

/// Until when the API keys of the person of this item are dead; `None` where it is no person's, or none are.
pub(crate) fn keys_ended_at(attributes: &Attributes) -> Result<Option<Timestamp>> {
    if !is::<UserItem>(attributes) {
        return Ok(None);
    }
    Ok(decode::<UserItem>(attributes.clone())?.keys_from)
}

/// What is noted of the second factors of the person of this item; `None` where it is no person's.
pub(crate) fn has_second_factor(attributes: &Attributes) -> Result<Option<bool>> {
    if !is::<UserItem>(attributes) {
        return Ok(None);
    }
    let stored = StoredUser::from(decode::<UserItem>(attributes.clone())?);
    Ok(Some(stored.has_second_factor()))
}

/// The person of this item; `None` where it is no person's.
pub(crate) fn stored_user_of(attributes: Attributes) -> Option<Result<StoredUser>> {
    is::<UserItem>(&attributes).then(|| Ok(StoredUser::from(decode::<UserItem>(attributes)?)))
}

/// The person has the password and the address that they had when the token was sent.
pub(crate) fn is_as_then(token: &Token) -> Result<Condition> {
    let mut conditions = vec![Condition::Equals("pwv", number(token.password_version))];
    if let Some(address) = &token.address {
        conditions.push(Condition::Equals("mail", value(address)?));
    }
    Ok(Condition::All(conditions))
}

fn put_user(user: User, password: StoredPassword) -> Result<Write> {
    let item = UserItem::new(user, password);
    Ok(Write::put(item.key(), encode(&item)?))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
