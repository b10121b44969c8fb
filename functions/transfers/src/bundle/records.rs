//! What an export says of each thing. Beside the table's own forms on purpose: this one is a promise to whoever reads it, and
//! has no secret that could slip in with a new attribute.

use std::collections::{BTreeMap, BTreeSet};

use domain::account::{Account, AccountState, RemoteIdentity};
use domain::delivery::{Delivery, Evidence, Fault, VisibleState};
use domain::export::Counts;
use domain::media::{Media, MediaFacts};
use domain::membership::{
    AccountGroup, AccountLimit, AssignedRole, CustomRole, Membership, PermissionSet,
};
use domain::network::NetworkId;
use domain::post::{Body, Content, Override};
use domain::schedule::Schedule;
use domain::tenant::{Locale, Tenant, TimeZoneName, WeekStart};
use domain::user::User;
use domain::{AccountGroupId, AccountId, DeliveryId, MediaId, PostId, RoleId, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::StoredPost;

/// One line of the records of a volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// The tenant itself.
    Tenant(TenantRecord),
    /// An account.
    Account(AccountRecord),
    /// An account group.
    AccountGroup(AccountGroupRecord),
    /// A role that the tenant made.
    Role(RoleRecord),
    /// A member.
    Member(MemberRecord),
    /// A medium.
    Media(Box<MediaRecord>),
    /// A post.
    Post(Box<PostRecord>),
}

impl Record {
    /// Counts it.
    pub(crate) fn count(&self, counts: &mut Counts) {
        let count = match self {
            Self::Tenant(_) => return,
            Self::Account(_) => &mut counts.accounts,
            Self::AccountGroup(_) => &mut counts.account_groups,
            Self::Role(_) => &mut counts.roles,
            Self::Member(_) => &mut counts.members,
            Self::Media(_) => &mut counts.media,
            Self::Post(_) => &mut counts.posts,
        };
        *count = count.saturating_add(1);
    }
}

/// The tenant itself, without what its plan decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantRecord {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// The zone in which its people think.
    pub time_zone: TimeZoneName,
    /// Its language.
    pub locale: Locale,
    /// The day on which its weeks begin.
    pub week_start: WeekStart,
    /// Hours after which an overdue post is no longer sent.
    pub max_lateness_hours: u32,
    /// The options of targets that name none, by network.
    pub default_options: BTreeMap<NetworkId, Map<String, Value>>,
    /// Whether members without a second factor are kept out.
    pub requires_second_factor: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An account, without its credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRecord {
    /// Its id.
    pub id: AccountId,
    /// Where it lives.
    pub network: NetworkId,
    /// Who it is there.
    pub identity: RemoteIdentity,
    /// Whether it could publish.
    pub state: AccountState,
    /// Who connected it.
    pub connected_by: UserId,
    /// When it was first connected.
    pub created_at: Timestamp,
}

/// An account group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountGroupRecord {
    /// Its id.
    pub id: AccountGroupId,
    /// Its name.
    pub name: String,
    /// The accounts.
    pub account_ids: BTreeSet<AccountId>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A role that the tenant made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRecord {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub permissions: PermissionSet,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRecord {
    /// Who.
    pub user_id: UserId,
    /// The name; none for somebody whose user is gone.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// As what.
    pub role: AssignedRole,
    /// At the accounts of these groups; none for all accounts.
    pub account_groups: Option<BTreeSet<AccountGroupId>>,
    /// Since when.
    pub joined_at: Timestamp,
}

/// A medium whose bytes were there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediaRecord {
    /// Its id.
    pub id: MediaId,
    /// The volume's entry with the bytes; none where they are lost.
    pub file: Option<String>,
    /// The name that the file had.
    pub file_name: String,
    /// What people who cannot see it are told.
    pub alt_text: String,
    /// What its bytes are.
    pub facts: MediaFacts,
    /// Who uploaded it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// A post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostRecord {
    /// Its id.
    pub id: PostId,
    /// When it is meant to be out; none for a draft.
    pub when: Option<Schedule>,
    /// What all targets say.
    pub base: Content,
    /// Where it goes, or went.
    pub targets: Vec<TargetRecord>,
    /// What people sort it by.
    pub tags: Vec<String>,
    /// Who wrote it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When a person last changed it.
    pub updated_at: Timestamp,
}

/// One target of a post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetRecord {
    /// Its id.
    pub id: DeliveryId,
    /// The account.
    pub account_id: AccountId,
    /// The account's network.
    pub network: NetworkId,
    /// How far it is.
    pub state: VisibleState,
    /// What it says differently.
    #[serde(rename = "override")]
    pub overridden: Override,
    /// The network's own options.
    pub options: Value,
    /// When it is meant to be out.
    pub due_at: Option<Timestamp>,
    /// When the publishing call began.
    pub called_at: Option<Timestamp>,
    /// What proves that it is out.
    pub evidence: Option<Evidence>,
    /// Why it is not.
    pub error: Option<Fault>,
}

impl From<&Tenant> for Record {
    fn from(tenant: &Tenant) -> Self {
        Self::Tenant(TenantRecord {
            id: tenant.id,
            name: tenant.name.clone(),
            time_zone: tenant.time_zone.clone(),
            locale: tenant.locale.clone(),
            week_start: tenant.week_start,
            max_lateness_hours: tenant.max_lateness_hours,
            default_options: tenant.default_options.clone(),
            requires_second_factor: tenant.requires_second_factor,
            created_at: tenant.created_at,
        })
    }
}

impl From<Account> for Record {
    fn from(account: Account) -> Self {
        Self::Account(AccountRecord {
            id: account.id,
            network: account.network,
            identity: account.identity,
            state: account.state,
            connected_by: account.connected_by,
            created_at: account.created_at,
        })
    }
}

impl From<AccountGroup> for Record {
    fn from(group: AccountGroup) -> Self {
        Self::AccountGroup(AccountGroupRecord {
            id: group.id,
            name: group.name,
            account_ids: group.accounts,
            created_at: group.created_at,
        })
    }
}

impl From<CustomRole> for Record {
    fn from(role: CustomRole) -> Self {
        Self::Role(RoleRecord {
            id: role.id,
            name: role.name,
            permissions: role.permissions,
            created_at: role.created_at,
        })
    }
}

impl Record {
    /// A member, with who they are unless their user is gone.
    pub(crate) fn of_member(membership: Membership, user: Option<&User>) -> Self {
        Self::Member(MemberRecord {
            user_id: membership.user,
            name: user.map(|user| user.name.clone()),
            email: user.map(|user| user.email.as_str().to_owned()),
            role: membership.role,
            account_groups: match membership.limit {
                AccountLimit::Unlimited => None,
                AccountLimit::Groups(groups) => Some(groups),
            },
            joined_at: membership.created_at,
        })
    }

    /// A medium, with the entry that has its bytes.
    pub(crate) fn of_media(media: &Media, facts: &MediaFacts, file: Option<String>) -> Self {
        Self::Media(Box::new(MediaRecord {
            id: media.id,
            file,
            file_name: media.file_name.clone(),
            alt_text: media.alt_text.clone(),
            facts: facts.clone(),
            created_by: media.created_by,
            created_at: media.created_at,
        }))
    }
}

impl From<StoredPost> for Record {
    fn from(stored: StoredPost) -> Self {
        let StoredPost {
            post,
            body,
            deliveries,
        } = stored;
        let targets = deliveries.into_iter();
        Self::Post(Box::new(PostRecord {
            id: post.id,
            when: post.schedule,
            targets: targets.map(|target| of_target(&body, target)).collect(),
            base: body.base,
            tags: post.tags,
            created_by: post.created_by,
            created_at: post.created_at,
            updated_at: post.updated_at,
        }))
    }
}

fn of_target(body: &Body, delivery: Delivery) -> TargetRecord {
    let mut targets = body.targets.iter();
    let content = targets.find(|target| target.delivery == delivery.id);
    TargetRecord {
        id: delivery.id,
        account_id: delivery.account,
        state: delivery.state.visible(),
        overridden: content
            .map(|target| target.overridden.clone())
            .unwrap_or_default(),
        options: content
            .map(|target| target.options.clone())
            .unwrap_or_default(),
        network: delivery.network,
        due_at: delivery.due,
        called_at: delivery.called_at,
        evidence: delivery.evidence,
        error: delivery.fault,
    }
}
