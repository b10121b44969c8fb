//! What sign-in, switch and `me` answer with.

use domain::membership::AssignedRole;
use domain::user::User;
use domain::{Error, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use store::{Belonging, StoredUser, SupportAccess};
use utoipa::ToSchema;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema};

use crate::Ctx;
use crate::access::Tokens;

/// A person, as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    #[schema(value_type = String, example = "usr_01jd8mz0000000000000000000")]
    id: UserId,
    email: String,
    name: String,
    /// How dates and numbers are written for them (BCP 47).
    locale: String,
    /// Name of an IANA time zone.
    time_zone: String,
    /// Address of their picture on the API, another one for another picture; `null` without one.
    avatar_url: Option<String>,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_str().to_owned(),
            name: user.name.clone(),
            locale: user.locale.clone(),
            time_zone: user.time_zone.as_str().to_owned(),
            avatar_url: api::own_avatar_url(user),
        }
    }
}

/// A tenant that a person may enter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantView {
    #[schema(value_type = String, example = "ten_01jd8mz0000000000000000000")]
    id: TenantId,
    name: String,
    #[schema(value_type = String, example = "owner")]
    role: AssignedRole,
    /// Whether members without a second factor are kept out of it until they have one.
    requires_second_factor: bool,
}

impl From<&Belonging> for TenantView {
    fn from(belonging: &Belonging) -> Self {
        Self {
            id: belonging.tenant.id,
            name: belonging.tenant.name.clone(),
            role: belonging.role,
            requires_second_factor: belonging.tenant.requires_second_factor,
        }
    }
}

/// Who is signed in, and where they may act.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    user: UserView,
    /// Whether the caller has a passkey or an authenticator app.
    has_second_factor: bool,
    tenants: Vec<TenantView>,
    /// The tenant that the credential is bound to; `null` where one must be chosen first.
    #[schema(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
    /// Set while that tenant is not one of the caller's: they look into it with its consent.
    support: Option<SupportView>,
    /// Until when at the latest somebody looks into the caller's tenant for support; `null` while nobody does.
    #[schema(value_type = Option<String>, format = DateTime)]
    looked_into_until: Option<Timestamp>,
}

/// A look into a tenant that is not the caller's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Support)]
pub(crate) struct SupportView {
    /// The tenant's name.
    tenant_name: String,
    /// Why.
    reason: String,
    /// When it ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

impl Me {
    /// The same while they look into another tenant.
    pub(crate) fn looking_into(self, access: &SupportAccess) -> Self {
        let user = UserView {
            // What is below their own account is closed meanwhile.
            avatar_url: None,
            ..self.user
        };
        Self {
            user,
            tenant_id: Some(access.tenant.id),
            support: Some(SupportView {
                tenant_name: access.tenant.name.clone(),
                reason: access.reason.clone(),
                until: access.ends_at,
            }),
            ..self
        }
    }
}

/// The same, with tokens where a program signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInAnswer {
    #[serde(flatten)]
    pub(crate) me: Me,
    #[serde(flatten)]
    #[schema(schema_with = tokens_or_none)]
    pub(crate) tokens: Option<Tokens>,
}

/// What an `Option` would say here is that an answer is `null`; a browser's lacks the members.
fn tokens_or_none() -> RefOr<Schema> {
    let none = ObjectBuilder::new().description(Some("Nothing: a browser has its cookie."));
    AnyOfBuilder::new()
        .item(Ref::from_schema_name(Tokens::name()))
        .item(none)
        .into()
}

impl Ctx {
    /// A person in a tenant of theirs, or in none.
    pub(crate) async fn me(
        &self,
        person: &StoredUser,
        belongings: &[Belonging],
        tenant: Option<TenantId>,
    ) -> Result<Me> {
        let mut here = belongings.iter();
        let looked_into_until = match here.find(|one| Some(one.tenant.id) == tenant) {
            Some(belonging) => {
                let system = self.table.system();
                system
                    .looked_into_until(belonging, self.clock.now())
                    .await?
            }
            None => None,
        };
        Ok(Me {
            user: (&person.user).into(),
            has_second_factor: person.has_second_factor(),
            tenants: belongings.iter().map(TenantView::from).collect(),
            tenant_id: tenant,
            support: None,
            looked_into_until,
        })
    }

    /// The person behind a valid credential, unless their account ended in this moment.
    pub(crate) async fn stored_person(&self, user: UserId) -> Result<StoredUser> {
        let found = self.table.system().stored_user(user).await?;
        found.ok_or_else(Error::unauthenticated)
    }

    /// The same without what signing in needs.
    pub(crate) async fn person(&self, user: UserId) -> Result<User> {
        Ok(self.stored_person(user).await?.user)
    }
}
