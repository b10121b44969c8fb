//! `DELETE /v1/me`

use api::{Client, SignedIn};
use axum::extract::State;
use axum::response::Response;
use domain::event::EventKind;
use domain::{Error, Result};
use jiff::{Timestamp, Unit};
use serde_json::Value;
use store::{Departed, Departure, Leaving, StoredUser, UserAct};

use crate::Ctx;
use crate::logout::signed_out;

/// Looks at what changed meanwhile, at most.
const ROUNDS: usize = 5;
/// Workspaces that a refusal names.
const NAMED: usize = 5;

/// Ends the caller's account: every session, program, passkey and link of theirs, and every API key that was made for them,
/// is dead at once, and they leave all tenants. Whoever alone owns one that is not deleted must hand it over or delete it
/// first, and whose address changed less than seven days ago waits, or takes the change back, for its old address would be
/// lost. What they made there stays; what is remembered of their own account is forgotten after 400 days.
#[utoipa::path(
    delete,
    path = "/v1/me",
    tag = "identity",
    responses(
        (status = NO_CONTENT, description = "There is no such account any more"),
        (status = CONFLICT, description = "`address_changed_lately` or `owns_workspaces`"),
    )
)]
pub(crate) async fn delete_me(
    State(ctx): State<Ctx>,
    caller: SignedIn,
    client: Client,
) -> api::Result<Response> {
    for _ in 0..ROUNDS {
        match ctx.try_depart(&caller, &client).await? {
            Departed::Done => return Ok(signed_out(&ctx, &caller.credential)),
            Departed::SignedOut => return Err(Error::unauthenticated().into()),
            Departed::Stale => {}
        }
    }
    Err(Error::StaleVersion.into())
}

impl Ctx {
    async fn try_depart(&self, caller: &SignedIn, client: &Client) -> Result<Departed> {
        let seen = self.stored_person(caller.user).await?;
        let now = self.clock.now();
        must_have_no_way_back(&seen, now)?;
        let system = self.table.system();
        let here = caller.member.as_ref().map(|member| member.tenant.id);
        let leavings = system.leavings(caller.user, here).await?;
        must_not_need_them(&leavings)?;
        let origin = client.origin();
        let outgoing = self.account_deleted_mail(&seen.user, &origin).await?;
        let departure = Departure {
            seen: &seen,
            by: &caller.credential,
            leavings: &leavings,
            mail: &outgoing.owed,
            act: UserAct {
                at: now,
                kind: EventKind::UserDeleted,
                origin,
                detail: Value::Null,
            },
        };
        let departed = system.depart(&departure).await?;
        if departed == Departed::Done {
            self.send(&outgoing).await;
        }
        Ok(departed)
    }
}

/// Whoever took the account away and gave it another address must not end it before its person could come back.
fn must_have_no_way_back(seen: &StoredUser, now: Timestamp) -> Result<()> {
    let Some(until) = seen.way_back_until(now) else {
        return Ok(());
    };
    let until = until.round(Unit::Second).unwrap_or(until);
    Err(Error::conflict(
        "address_changed_lately",
        format!(
            "the address of your account changed, which can be taken back until {until}: delete the account after that, or \
             take the change back first, by the link in the mail to the old address"
        ),
    ))
}

fn must_not_need_them(leavings: &[Leaving]) -> Result<()> {
    let owned = leavings.iter().filter(|leaving| leaving.needs_them());
    let names: Vec<&str> = owned.map(|leaving| leaving.tenant.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let (named, more) = names.split_at(names.len().min(NAMED));
    let mut list = named.join(", ");
    if !more.is_empty() {
        list = format!("{list} and {} more", more.len());
    }
    Err(Error::conflict(
        "owns_workspaces",
        format!(
            "you alone own {list}: make somebody else an owner, or delete these workspaces first"
        ),
    ))
}
