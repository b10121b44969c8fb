//! `GET /v1/invitations`

use api::permission::ReadMembers;
use api::{Can, Json, ListQuery, Page, PageQuery, Query};
use axum::extract::State;
use domain::membership::Invitation;
use domain::{Error, InvitationId, Result};

use super::view::InvitationView;
use crate::Ctx;
use crate::asker::Asker;

/// Lists the invitations that were neither accepted nor withdrawn; expired ones for 30 days.
#[utoipa::path(
    get,
    path = "/v1/invitations",
    tag = "members",
    params(PageQuery),
    responses((status = OK, description = "Invitations", body = Page<InvitationView>))
)]
pub(crate) async fn list_invitations(
    State(ctx): State<Ctx>,
    caller: Can<ReadMembers>,
    Query(query): Query<PageQuery>,
) -> api::Result<Json<Page<InvitationView>>> {
    let asker = Asker::from(caller);
    let list = ListQuery {
        tenant: asker.tenant,
        kind: "invitations",
        filters: "",
    };
    let start = query.start::<InvitationId>(&ctx.gate, list).await?;
    let invitations = ctx.tenant(&asker);
    let page = invitations.invitation_page(start, query.limit()).await?;
    let now = ctx.clock.now();
    let views = page
        .invitations
        .into_iter()
        .map(|invitation| InvitationView::new(invitation, now))
        .collect();
    Ok(Json(ctx.gate.page(list, views, page.next).await?))
}

impl Ctx {
    pub(super) async fn invitation(&self, asker: &Asker, id: InvitationId) -> Result<Invitation> {
        let found = self.tenant(asker).invitation(id).await?;
        found.ok_or(Error::NotFound { kind: "invitation" })
    }
}
