//! `GET /v1/audit`

use api::permission::ReadAudit;
use api::{Can, Json, ListQuery, Page, PageLimit, Query};
use axum::extract::State;
use domain::event::{Actor, Subject};
use domain::{EventId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::audit::{AuditRecord, ChainHash};
use utoipa::{IntoParams, ToSchema};

use crate::Ctx;

/// Queries of the table that one page may take.
const QUERIES_MAX: usize = 4;
/// Blocks that one query reads: at most 1 MB.
const BLOCKS: i32 = 5;
/// The chain has events in the order in which they were sealed, which may differ from that of their times by what a
/// sealer is late.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// Which events, and which part of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAudit {
    /// Only of this kind, such as `post.scheduled`; or of all kinds that begin with it, such as `post`.
    kind: Option<String>,
    /// Only by this actor: a user's id, `support:` and the id of somebody who looked in for support, or `system:` and the
    /// part of the product.
    actor: Option<String>,
    /// Only about what has this id.
    subject: Option<String>,
    /// Only at or after this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Most items of the page: 1 to 200, else 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Somebody who acted for another tenant, with the consent of this one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Act)]
pub(crate) struct ActView {
    #[schema(value_type = String)]
    user_id: UserId,
    /// The tenant that they belong to.
    #[schema(value_type = String)]
    tenant_id: TenantId,
}

/// One entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditView {
    /// Its place in the tenant's chain, from 1.
    seq: u64,
    #[schema(value_type = String, example = "evt_01jd8mz0000000000000000000")]
    id: EventId,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened.
    #[schema(example = "post.scheduled")]
    kind: String,
    /// Who: a user's id, an API key's, `support:` and the id of somebody who looked in for support, or `system:` and the
    /// part of the product.
    actor: String,
    /// Who acted for whom, where somebody of another tenant did.
    act: Option<ActView>,
    /// What it is about: `kind`, `id`, and `post_id` of a target.
    #[schema(value_type = Object)]
    subject: Value,
    /// What is worth knowing.
    #[schema(value_type = Option<Object>)]
    detail: Value,
    /// Its link of the chain.
    #[schema(value_type = String)]
    hash: ChainHash,
}

/// The audit log, newest first. It has an event within a minute or so.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    params(ListAudit),
    responses((status = OK, description = "Entries; a page may be short while `next` is set", body = Page<AuditView>))
)]
pub(crate) async fn list_audit(
    State(ctx): State<Ctx>,
    caller: Can<ReadAudit>,
    Query(query): Query<ListAudit>,
) -> api::Result<Json<Page<AuditView>>> {
    let filters = query.filters();
    let list = ListQuery {
        tenant: caller.tenant.id,
        kind: "audit",
        filters: &filters,
    };
    let before: Option<u64> = ctx.gate.start(list, query.cursor.as_deref()).await?;
    let (entries, next) = ctx.entries(&caller, &query, before).await?;
    Ok(Json(ctx.gate.page(list, entries, next).await?))
}

impl Ctx {
    async fn entries(
        &self,
        caller: &Can<ReadAudit>,
        query: &ListAudit,
        mut before: Option<u64>,
    ) -> Result<(Vec<AuditView>, Option<u64>)> {
        let tenant = self.table.tenant(&caller.scope);
        let limit = usize::try_from(query.limit.get()).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        for _ in 0..QUERIES_MAX {
            let page = tenant.audit_before(before, BLOCKS).await?;
            for record in page.records {
                if query.is_past(record.event.at) {
                    return Ok((entries, None));
                }
                let seq = record.event.seq;
                if query.matches(&record) {
                    entries.push(AuditView::from(record));
                }
                if entries.len() == limit {
                    return Ok((entries, Some(seq).filter(|seq| *seq > 1)));
                }
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        Ok((entries, before))
    }
}

impl ListAudit {
    /// All filters in a fixed form.
    fn filters(&self) -> String {
        let filters = (&self.kind, &self.actor, &self.subject, &self.from, &self.to);
        serde_json::to_string(&filters).unwrap_or_default()
    }

    /// Whether nothing that was sealed before an event of this time can be wanted.
    fn is_past(&self, at: Timestamp) -> bool {
        self.from
            .is_some_and(|from| at < from.saturating_sub(LATE).unwrap_or(from))
    }

    fn matches(&self, record: &AuditRecord) -> bool {
        let event = &record.event;
        let is_kind = |wanted: &String| {
            let rest = event.kind.strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.kind.as_ref().is_none_or(is_kind)
            && self
                .actor
                .as_ref()
                .is_none_or(|actor| event.actor.to_string() == *actor)
            && self
                .subject
                .as_ref()
                .is_none_or(|id| ids(&event.subject).contains(id))
            && self.from.is_none_or(|from| event.at >= from)
            && self.to.is_none_or(|to| event.at < to)
    }
}

impl From<AuditRecord> for AuditView {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { event, hash, .. } = record;
        Self {
            seq: event.seq,
            id: event.id,
            at: event.at,
            kind: event.kind,
            actor: Actor::to_string(&event.actor),
            act: act(&event.actor),
            subject: subject(&event.subject),
            detail: event.detail,
            hash,
        }
    }
}

/// Who acted for whom.
fn act(actor: &Actor) -> Option<ActView> {
    match actor {
        Actor::Support(supporter) => Some(ActView {
            user_id: supporter.user,
            tenant_id: supporter.tenant,
        }),
        Actor::User(_) | Actor::ApiKey(_) | Actor::System(_) => None,
    }
}

fn ids(subject: &Subject) -> Vec<String> {
    match subject {
        Subject::Tenant(id) => vec![id.to_string()],
        Subject::User(id) | Subject::Member(id) => vec![id.to_string()],
        Subject::Invitation(id) => vec![id.to_string()],
        Subject::Role(id) => vec![id.to_string()],
        Subject::AccountGroup(id) => vec![id.to_string()],
        Subject::ApiKey(id) => vec![id.to_string()],
        Subject::Account(id) => vec![id.to_string()],
        Subject::Media(id) => vec![id.to_string()],
        Subject::Export(id) => vec![id.to_string()],
        Subject::Import(id) => vec![id.to_string()],
        Subject::Post(id) => vec![id.to_string()],
        Subject::Delivery(post, target) => vec![post.to_string(), target.to_string()],
    }
}

fn subject(subject: &Subject) -> Value {
    match subject {
        Subject::Tenant(id) => json!({ "kind": "tenant", "id": id }),
        Subject::User(id) => json!({ "kind": "user", "id": id }),
        Subject::Member(id) => json!({ "kind": "member", "id": id }),
        Subject::Invitation(id) => json!({ "kind": "invitation", "id": id }),
        Subject::Role(id) => json!({ "kind": "role", "id": id }),
        Subject::AccountGroup(id) => json!({ "kind": "account_group", "id": id }),
        Subject::ApiKey(id) => json!({ "kind": "api_key", "id": id }),
        Subject::Account(id) => json!({ "kind": "account", "id": id }),
        Subject::Media(id) => json!({ "kind": "media", "id": id }),
        Subject::Export(id) => json!({ "kind": "export", "id": id }),
        Subject::Import(id) => json!({ "kind": "import", "id": id }),
        Subject::Post(id) => json!({ "kind": "post", "id": id }),
        Subject::Delivery(post, target) => {
            json!({ "kind": "target", "id": target, "post_id": post })
        }
    }
}
