//! The members of a tenant, how they are invited, the roles that they have, the account groups that they are limited to,
//! and the API keys of their programs.
//!
//! * **Trigger**: the HTTP API, `/v1/members*`, `/v1/invitations*`, `/v1/roles*`, `/v1/account-groups*` and
//!   `/v1/api-keys*`.
//! * **Permissions**: reads and writes memberships, invitations, roles, account groups, API keys, their counters, events and
//!   idempotency keys of a tenant; reads people and their pictures; owes and sends mails, sealed under the root tenant's key.
//! * **Failure**: every act is one transaction, which rests on the rights of its actor: if they changed meanwhile it is
//!   decided anew. Without the table nothing happens (503).
//!
//! Who may do what is one decision, `domain::membership::authorize`; the routes only say what it is about.

mod api_keys;
mod asker;
mod denial;
mod fields;
mod groups;
mod holders;
mod invitations;
mod members;
mod roles;
mod texts;

use std::sync::Arc;

use api::Gate;
use api::permission::{ManageApiKeys, ManageMembers, ManageRoles, ReadMembers, ReadTenant};
use api::route::{can, gated, public, recent, signed_in};
use axum::extract::FromRef;
use cloud::config::{KeyConfig, MailConfig, PublicUrlConfig};
use domain::{Clock, Random};
use engine::{Deployment, Outbox};
use store::Table;
use url::Url;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use crate::invitations::InvitationLimits;

/// What the routes need.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Finds out who asks.
    pub gate: Gate,
    /// The table.
    pub table: Table,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes the secrets of links.
    pub random: Arc<dyn Random>,
    /// Sends mails, and keeps those that are owed.
    pub outbox: Outbox,
    /// Where people reach the product: links in mails begin with it.
    pub public_url: Arc<Url>,
    /// How many invitations go out.
    pub limits: InvitationLimits,
}

/// What a deployment configures.
pub type Config = (KeyConfig, MailConfig, PublicUrlConfig);

impl Ctx {
    /// The function of a deployment.
    pub fn deployed(deployment: &Deployment, (key, mail, public_url): Config) -> Self {
        let Deployment {
            clock,
            random,
            table,
            ..
        } = deployment;
        Self {
            gate: Gate::new(table.clone(), Arc::clone(clock), &public_url.url),
            table: table.clone(),
            clock: Arc::clone(clock),
            random: Arc::clone(random),
            outbox: deployment.outbox(&key, &mail),
            public_url: Arc::new(public_url.url),
            limits: InvitationLimits::strict(),
        }
    }
}

impl FromRef<Ctx> for Gate {
    fn from_ref(ctx: &Ctx) -> Self {
        ctx.gate.clone()
    }
}

/// How often a use case decides anew after what it rests on changed: of so many at once, each gets its turn.
const ROUNDS: u32 = 12;

/// The function's routes. Whatever changes what members and keys may do needs a recent proof of the person; not so what
/// takes an offer back (an invitation, an approval), makes a group that nobody has yet, or accepts by a mailed link.
pub fn router(ctx: Ctx) -> OpenApiRouter {
    let gate = ctx.gate.clone();
    let routes = OpenApiRouter::new()
        .merge(members())
        .merge(invitations())
        .merge(roles())
        .merge(account_groups())
        .merge(api_keys())
        .with_state(ctx);
    gated(routes, gate)
}

fn members() -> OpenApiRouter<Ctx> {
    use members::{avatar, change, factor_reset, list, own, remove};
    OpenApiRouter::new()
        .routes(can::<ReadMembers, _>(routes!(list::list_members)))
        .routes(can::<ReadTenant, _>(routes!(own::get_own_membership)))
        .routes(recent(can::<ReadTenant, _>(routes!(own::leave_tenant))))
        .routes(can::<ReadMembers, _>(routes!(list::get_member)))
        .routes(can::<ReadMembers, _>(routes!(avatar::get_member_avatar)))
        .routes(recent(can::<ManageMembers, _>(routes!(
            change::change_member,
            remove::remove_member
        ))))
        .routes(can::<ManageMembers, _>(routes!(
            factor_reset::get_member_second_factor
        )))
        .routes(can::<ManageMembers, _>(routes!(
            factor_reset::withdraw_factor_reset
        )))
        .routes(recent(can::<ManageMembers, _>(routes!(
            factor_reset::approve_factor_reset
        ))))
}

fn invitations() -> OpenApiRouter<Ctx> {
    use invitations::{accept, create, list, preview, resend, withdraw};
    OpenApiRouter::new()
        .routes(can::<ReadMembers, _>(routes!(list::list_invitations)))
        .routes(recent(can::<ManageMembers, _>(routes!(
            create::create_invitation
        ))))
        .routes(recent(can::<ManageMembers, _>(routes!(
            resend::resend_invitation
        ))))
        .routes(can::<ManageMembers, _>(routes!(
            withdraw::withdraw_invitation
        )))
        .routes(public(routes!(preview::preview_invitation)))
        .routes(signed_in(routes!(accept::accept_invitation)))
}

fn roles() -> OpenApiRouter<Ctx> {
    use roles::{change, create, delete, read};
    OpenApiRouter::new()
        .routes(can::<ReadMembers, _>(routes!(read::list_roles)))
        .routes(recent(can::<ManageRoles, _>(routes!(create::create_role))))
        .routes(can::<ReadMembers, _>(routes!(read::get_role)))
        .routes(recent(can::<ManageRoles, _>(routes!(
            change::change_role,
            delete::delete_role
        ))))
}

fn account_groups() -> OpenApiRouter<Ctx> {
    use groups::{change, create, delete, read};
    OpenApiRouter::new()
        .routes(can::<ReadMembers, _>(routes!(read::list_account_groups)))
        .routes(can::<ManageRoles, _>(routes!(create::create_account_group)))
        .routes(can::<ReadMembers, _>(routes!(read::get_account_group)))
        .routes(recent(can::<ManageRoles, _>(routes!(
            change::change_account_group,
            delete::delete_account_group
        ))))
}

fn api_keys() -> OpenApiRouter<Ctx> {
    use api_keys::{create, list, revoke, rotate};
    OpenApiRouter::new()
        .routes(can::<ManageApiKeys, _>(routes!(list::list_api_keys)))
        .routes(recent(can::<ManageApiKeys, _>(routes!(
            create::create_api_key
        ))))
        .routes(recent(can::<ManageApiKeys, _>(routes!(
            revoke::revoke_api_key
        ))))
        .routes(recent(can::<ManageApiKeys, _>(routes!(
            rotate::rotate_api_key
        ))))
}
