//! Who may do what in a tenant.

use domain::membership::{Membership, Role};
use domain::tenant::{Tenant, TenantState};
use domain::{Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attribute::millis;
use crate::condition::Write;
use crate::item::{Item, decode, encode, is};
use crate::key::{Key, user_memberships_partition};
use crate::schema::BY_USER;
use crate::scope::{SystemTable, TenantScope};
use crate::table::{Query, Range};
use crate::tenants::TenantItem;

/// A membership in a tenant that may be entered.
#[derive(Clone, Debug)]
pub struct Member {
    /// The right to reach the tenant's items.
    pub scope: TenantScope,
    /// What the person may do.
    pub role: Role,
    /// The tenant.
    pub tenant: Tenant,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MembershipItem {
    ten: TenantId,
    user: UserId,
    role: Role,
    #[serde(with = "millis")]
    ca: Timestamp,
}

impl Item for MembershipItem {
    const TYPE: &'static str = "membership";

    fn key(&self) -> Key {
        Key::membership(self.ten, self.user)
    }

    fn index_keys(&self) -> Vec<(&'static str, String)> {
        vec![
            (BY_USER.partition, user_memberships_partition(self.user)),
            (BY_USER.sort, self.ten.to_string()),
        ]
    }
}

impl From<MembershipItem> for Membership {
    fn from(item: MembershipItem) -> Self {
        Self {
            tenant: item.ten,
            user: item.user,
            role: item.role,
            created_at: item.ca,
        }
    }
}

impl From<&Membership> for MembershipItem {
    fn from(membership: &Membership) -> Self {
        Self {
            ten: membership.tenant,
            user: membership.user,
            role: membership.role,
            ca: membership.created_at,
        }
    }
}

impl Member {
    /// `None` where the tenant was deleted: nobody enters it.
    pub(crate) fn new(membership: &Membership, tenant: Tenant) -> Option<Self> {
        match tenant.state {
            TenantState::Active | TenantState::Suspended => Some(Self {
                scope: TenantScope::of_member(membership),
                role: membership.role,
                tenant,
            }),
            TenantState::Deleted => None,
        }
    }
}

impl SystemTable<'_> {
    /// The person's membership in a tenant, read consistently.
    pub async fn member(&self, user: UserId, tenant: TenantId) -> Result<Option<Member>> {
        let keys = [Key::membership(tenant, user), Key::tenant(tenant)];
        member_in(self.table.batch_get(&keys).await?)
    }

    /// All tenants that a person may enter, oldest first.
    pub async fn memberships(&self, user: UserId) -> Result<Vec<Member>> {
        let query = Query::of_index(BY_USER, user_memberships_partition(user), Range::All);
        let memberships = self
            .table
            .query_all(&query)
            .await?
            .into_iter()
            .map(projected)
            .collect::<Result<Vec<_>>>()?;
        let keys: Vec<Key> = memberships
            .iter()
            .map(|membership| Key::tenant(membership.tenant))
            .collect();
        let mut tenants = self
            .table
            .batch_get(&keys)
            .await?
            .into_iter()
            .map(|attributes| decode::<TenantItem>(attributes)?.try_into())
            .collect::<Result<Vec<Tenant>>>()?;
        Ok(memberships
            .iter()
            .filter_map(|membership| {
                let place = tenants
                    .iter()
                    .position(|tenant| tenant.id == membership.tenant)?;
                Member::new(membership, tenants.swap_remove(place))
            })
            .collect())
    }
}

/// The member in a mixed batch, if both the membership and the tenant are there.
pub(crate) fn member_in(items: Vec<crate::attribute::Attributes>) -> Result<Option<Member>> {
    let (mut membership, mut tenant) = (None, None);
    for attributes in items {
        if is::<MembershipItem>(&attributes) {
            membership = Some(Membership::from(decode::<MembershipItem>(attributes)?));
        } else if is::<TenantItem>(&attributes) {
            tenant = Some(Tenant::try_from(decode::<TenantItem>(attributes)?)?);
        }
    }
    Ok(membership
        .zip(tenant)
        .and_then(|(membership, tenant)| Member::new(&membership, tenant)))
}

pub(crate) fn put(membership: &Membership) -> Result<Write> {
    let item = MembershipItem::from(membership);
    Ok(Write::put(item.key(), encode(&item)?))
}

/// An index entry has no type attribute: it is not projected.
fn projected(attributes: crate::attribute::Attributes) -> Result<Membership> {
    serde_dynamo::from_item::<_, MembershipItem>(attributes)
        .map(Membership::from)
        .map_err(|error| domain::Error::corrupt("index entry", error))
}
