//! `POST /v1/auth/lost-second-factor`

use std::collections::BTreeSet;

use api::{Client, Json};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::event::EventKind;
use domain::membership::{
    Action, AssignedRole, Membership, Permission, PermissionSet, Relation, Role, authorize,
};
use domain::user::User;
use domain::{Error, Result, RoleId, UserId};
use http::HeaderMap;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use store::{Belonging, FactorResetWish, TenantTable, UserAct};
use utoipa::ToSchema;

use crate::Ctx;
use crate::login::Mode;
use crate::mails::Outgoing;
use crate::register::{ACCEPTED, Accepted};

/// Who can approve it is told once in this time.
const PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// Mails of a tenant, and of all together: one reader is enough, and one transaction must hold them.
const TOLD_OF_TENANT: usize = 10;
const TOLD_MAX: usize = 30;
/// Managers of members whose rights are compared with those of the person, a read each for those of a role that the
/// tenant made.
const JUDGED_MAX: usize = 50;
/// Members that one query reads.
const MEMBERS: i32 = 200;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LostSecondFactor {
    #[schema(example = "ada@example.com")]
    email: String,
    password: String,
}

/// Asks whoever may approve it to let somebody start over who lost their second factor and their recovery codes, where
/// `login` answered `second_factor_required`. It takes the password and signs nobody in; a mail goes to each who can
/// approve it, and one to the person, once a day.
#[utoipa::path(
    post,
    path = "/v1/auth/lost-second-factor",
    tag = "identity",
    request_body = LostSecondFactor,
    responses(
        (status = ACCEPTED, description = "Who can approve it was told within the last day", body = Accepted),
        (status = CONFLICT, description = "`no_second_factor` or `nobody_can_approve`"),
    )
)]
pub(crate) async fn lose_second_factor(
    State(ctx): State<Ctx>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<LostSecondFactor>,
) -> api::Result<impl IntoResponse> {
    let shown = ctx.shown_device(Mode::Cookie, &headers)?;
    let knowing = ctx
        .knowing(&body.email, &body.password, &client, shown.as_ref())
        .await?;
    let person = &knowing.known.user;
    ctx.warn_of_attempts(person, knowing.attempt, &client)
        .await?;
    if !ctx.factors(person.id).await?.is_guarded() {
        return Err(no_second_factor().into());
    }
    let tenants = ctx.table.system().approving_tenants(person.id).await?;
    if tenants.is_empty() {
        return Err(nobody_can_approve().into());
    }
    ctx.ask_for_reset(person, &tenants, &client).await?;
    Ok(ACCEPTED)
}

impl Ctx {
    /// Tells whoever can approve it, and the person, unless they were told lately.
    async fn ask_for_reset(
        &self,
        person: &User,
        tenants: &[Belonging],
        client: &Client,
    ) -> Result<()> {
        let origin = client.origin();
        let mut outgoing = vec![self.factor_lost_mail(person, &origin).await?];
        for belonging in tenants {
            let room = TOLD_MAX.saturating_sub(outgoing.len());
            for approver in self.approvers(person.id, belonging, room).await? {
                let mail = self.factor_lost_by_mail(&approver, person, &belonging.tenant);
                outgoing.push(mail.await?);
            }
        }
        let mails: Vec<_> = outgoing.iter().map(|outgoing| &outgoing.owed).collect();
        let wish = FactorResetWish {
            user: person.id,
            mails: &mails,
            pause: PAUSE,
            act: UserAct {
                at: self.clock.now(),
                kind: EventKind::UserFactorResetRequested,
                origin,
                detail: Value::Null,
            },
        };
        if self.table.system().ask_for_factor_reset(&wish).await? {
            self.send_all(&outgoing).await;
        }
        Ok(())
    }

    /// Up to `most` people of a tenant who could approve it.
    async fn approvers(&self, person: UserId, of: &Belonging, most: usize) -> Result<Vec<User>> {
        let system = self.table.system();
        let Some(member) = system.member(person, of.tenant.id).await? else {
            return Ok(Vec::new());
        };
        let table = self.table.tenant(&member.scope);
        let most = most.min(TOLD_OF_TENANT);
        let mut approvers = Vec::new();
        for manager in managers(&table, person).await?.iter().take(JUDGED_MAX) {
            if approvers.len() == most {
                break;
            }
            // What approving it asks for: somebody who could also remove them.
            let rights = table.standing_of_member(manager).await?.rights;
            let relation = Relation::Holder(&member.standing.rights);
            if authorize(&rights, Action::Revoke, relation).is_ok() {
                approvers.push(manager.user);
            }
        }
        system.users(&approvers).await
    }

    async fn send_all(&self, outgoing: &[Outgoing]) {
        for each in outgoing {
            self.send(each).await;
        }
    }
}

/// The members who manage members, but this one: owners first, then those by another role of the product, then those by
/// a role that the tenant made.
async fn managers(table: &TenantTable<'_>, but: UserId) -> Result<Vec<Membership>> {
    let manages = |permissions: &PermissionSet| permissions.contains(Permission::ManageMembers);
    let made: BTreeSet<RoleId> = table
        .roles()
        .await?
        .iter()
        .filter(|role| manages(&role.permissions))
        .map(|role| role.id)
        .collect();
    let place = |member: &Membership| match member.role {
        AssignedRole::BuiltIn(Role::Owner) => Some(0),
        AssignedRole::BuiltIn(role) => role.allows(Permission::ManageMembers).then_some(1),
        AssignedRole::Custom(role) => made.contains(&role).then_some(2),
    };
    let (mut managers, mut after) = (Vec::new(), None);
    loop {
        let page = table.member_page(after, MEMBERS).await?;
        let others = page.members.into_iter().filter(|other| other.user != but);
        managers.extend(others.filter(|other| place(other).is_some()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    managers.sort_by_key(place);
    Ok(managers)
}

fn no_second_factor() -> Error {
    Error::conflict(
        "no_second_factor",
        "nothing but the password guards this account: sign in with it",
    )
}

fn nobody_can_approve() -> Error {
    Error::conflict(
        "nobody_can_approve",
        "nobody else manages a workspace of yours, so nobody can let you start over: one of your recovery codes is the only way in",
    )
}
