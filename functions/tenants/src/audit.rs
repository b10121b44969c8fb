//! `GET /v1/audit`

use api::permission::ReadAudit;
use api::{Can, Json, ListQuery, Page, PageLimit, Query};
use axum::extract::State;
use domain::event::{Actor, Subject};
use domain::{Error, EventId, Result, TenantId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::audit::{AuditRecord, ChainHash};
use utoipa::{IntoParams, ToSchema};

use crate::Ctx;
use crate::reach::must_reach_all;

/// Queries of the table that one page may take.
const QUERIES_MAX: usize = 4;
/// Blocks that one query reads: at most 1 MB.
const BLOCKS: i32 = 5;
/// The chain has events in the order in which they were sealed, which may differ from that of their times by what a
/// sealer is late.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// What the product's own parts begin with, as actors.
const OF_PRODUCT: &str = "system:";

/// Which events, and which part of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAudit {
    /// Only of this kind, such as `post.scheduled`; or of all kinds that begin with it, such as `post`.
    kind: Option<String>,
    /// Only by this actor: a user's id, an API key's, `support:` and the id of somebody who looked in for support, or
    /// `system:` and the part of the product. Whom no event from then on names, and who is no member, is answered
    /// with 404.
    actor: Option<String>,
    /// Id of what it is about. What no event from then on is about is answered with 404.
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

/// The audit log, newest first. It has an event within a minute or so. It is about all accounts, so whoever is limited to
/// some does not read it.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    params(ListAudit),
    responses(
        (status = OK, description = "Entries; a page may be short while `next` is set", body = Page<AuditView>),
        (status = FORBIDDEN, description = "`limited_to_accounts`"),
    )
)]
pub(crate) async fn list_audit(
    State(ctx): State<Ctx>,
    caller: Can<ReadAudit>,
    Query(query): Query<ListAudit>,
) -> api::Result<Json<Page<AuditView>>> {
    must_see_all(&caller)?;
    let filters = query.filters();
    let list = ListQuery {
        tenant: caller.tenant.id,
        kind: "audit",
        filters: &filters,
    };
    let start: Option<Position> = ctx.gate.start(list, query.cursor.as_deref()).await?;
    let found = ctx.entries(&caller, &query, start).await?;
    let next = found.next.map(|before| {
        if found.is_met {
            Position::Before(before)
        } else {
            Position::Unmet { before }
        }
    });
    if next.is_none() && !found.is_met && !ctx.knows(&caller, &query).await? {
        return Err(Error::NotFound { kind: "event" }.into());
    }
    Ok(Json(ctx.gate.page(list, found.entries, next).await?))
}

/// Events are about accounts, about posts with targets on them, and about groups of them, and their details name them, too:
/// no part of the log is sure to tell nothing of the others.
pub(crate) fn must_see_all(caller: &Can<ReadAudit>) -> Result<()> {
    let refusal =
        "the audit log is about all accounts, and you are limited to some: ask somebody who is not";
    must_reach_all(&caller.scope, refusal)
}

/// Where a list goes on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Position {
    /// Before this place of the chain.
    Before(u64),
    /// The same, and no event behind it names whom or what is asked for.
    Unmet { before: u64 },
}

/// A part of the list.
struct Found {
    entries: Vec<AuditView>,
    next: Option<u64>,
    /// Whether an event named the actor and the subject that are asked for, this one's or of a part before.
    is_met: bool,
}

impl Ctx {
    async fn entries(
        &self,
        caller: &Can<ReadAudit>,
        query: &ListAudit,
        start: Option<Position>,
    ) -> Result<Found> {
        let tenant = self.table.tenant(&caller.scope);
        let limit = usize::try_from(query.limit.get()).unwrap_or(usize::MAX);
        let mut found = Found {
            entries: Vec::new(),
            next: match start {
                None => None,
                Some(Position::Before(before) | Position::Unmet { before }) => Some(before),
            },
            is_met: match start {
                None => !query.names_somebody(),
                Some(position) => matches!(position, Position::Before(_)),
            },
        };
        for _ in 0..QUERIES_MAX {
            let page = tenant.audit_before(found.next, BLOCKS).await?;
            for record in page.records {
                if query.is_past(record.event.at) {
                    found.next = None;
                    return Ok(found);
                }
                let seq = record.event.seq;
                found.is_met |= query.is_met_by(&record);
                if query.matches(&record) {
                    found.entries.push(AuditView::from(record));
                }
                if found.entries.len() == limit {
                    found.next = Some(seq).filter(|seq| *seq > 1);
                    return Ok(found);
                }
            }
            found.next = page.next;
            if found.next.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Whether those who are asked for are of the tenant, whatever the log says of them.
    async fn knows(&self, caller: &Can<ReadAudit>, query: &ListAudit) -> Result<bool> {
        let tenant = self.table.tenant(&caller.scope);
        for id in query.actor.iter().chain(&query.subject) {
            let is_own = match id.parse::<UserId>() {
                Ok(user) => tenant.membership(user).await?.is_some(),
                Err(_) => *id == caller.tenant.id.to_string() || id.starts_with(OF_PRODUCT),
            };
            if !is_own {
                return Ok(false);
            }
        }
        Ok(true)
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

    fn names_somebody(&self) -> bool {
        self.actor.is_some() || self.subject.is_some()
    }

    /// Whether an event is by the actor and about the subject that are asked for.
    fn is_met_by(&self, record: &AuditRecord) -> bool {
        let event = &record.event;
        self.actor
            .as_ref()
            .is_none_or(|actor| event.actor.to_string() == *actor)
            && self
                .subject
                .as_ref()
                .is_none_or(|id| ids(&event.subject).contains(id))
    }

    fn matches(&self, record: &AuditRecord) -> bool {
        let event = &record.event;
        let is_kind = |wanted: &String| {
            let rest = event.kind.strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.kind.as_ref().is_none_or(is_kind)
            && self.is_met_by(record)
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
