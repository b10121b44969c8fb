//! `GET /v1/audit/export`

use api::permission::ReadAudit;
use api::{Can, Query};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::event::{EventKind, Subject};
use domain::{Error, Result};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Act;
use utoipa::IntoParams;

use crate::Ctx;
use crate::audit::must_see_all;

/// Blocks that one query reads.
const BLOCKS: i32 = 5;
/// Bytes from which on the rest is left to the next call. A function's answer has at most 6 MB, and one query adds up
/// to 1 MB and its links.
const BYTES: usize = 3_000_000;

/// Which part of the log.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportAudit {
    /// Only what follows this place of the chain.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    after: u64,
}

/// The audit log with the links of its chain, oldest first, as JSON Lines: what `m1autoposter verify-audit` checks.
/// While there is more, the header `Link` names the next part; put the parts one after another. It is about all accounts,
/// so whoever is limited to some does not get it.
#[utoipa::path(
    get,
    path = "/v1/audit/export",
    tag = "audit",
    params(ExportAudit),
    responses(
        (
            status = OK,
            description = "One event a line: `event`, its link `hash`, and `prev`, the link before. Between them, what proves them: signed checkpoints with the chain's end at that time",
            content_type = "application/jsonl",
            body = String,
        ),
        (status = FORBIDDEN, description = "`limited_to_accounts`"),
    )
)]
pub(crate) async fn export_audit(
    State(ctx): State<Ctx>,
    caller: Can<ReadAudit>,
    Query(query): Query<ExportAudit>,
) -> api::Result<Response> {
    must_see_all(&caller)?;
    // Each part by itself: whoever begins in the middle takes the log all the same.
    let act = Act {
        actor: caller.actor(),
        at: ctx.clock.now(),
    };
    let tenant = ctx.table.tenant(&caller.scope);
    let subject = Subject::Tenant(caller.tenant.id);
    let detail = json!({ "after": query.after });
    tenant
        .record(&act, EventKind::AuditExported, subject, detail)
        .await?;
    let (lines, next) = ctx.lines(&caller, query.after).await?;
    let name = format!("attachment; filename=\"audit-{}.jsonl\"", caller.tenant.id);
    let headers = [
        (CONTENT_TYPE, "application/jsonl".to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    let link = next.map(|after| {
        let link = format!("</v1/audit/export?after={after}>; rel=\"next\"");
        [(LINK, link)]
    });
    Ok(match link {
        Some(link) => (headers, link, lines).into_response(),
        None => (headers, lines).into_response(),
    })
}

impl Ctx {
    async fn lines(
        &self,
        caller: &Can<ReadAudit>,
        mut after: u64,
    ) -> Result<(String, Option<u64>)> {
        let tenant = self.table.tenant(&caller.scope);
        let mut lines = String::new();
        while lines.len() < BYTES {
            let part = tenant.audit_part(after, BLOCKS).await?;
            for record in &part.records {
                write_line(&mut lines, record)?;
            }
            for witness in &part.witnesses {
                write_line(&mut lines, witness)?;
            }
            let Some(last) = part.next else {
                return Ok((lines, None));
            };
            after = last;
        }
        Ok((lines, Some(after)))
    }
}

fn write_line<T: Serialize>(lines: &mut String, value: &T) -> Result<()> {
    let line = serde_json::to_string(value)
        .map_err(|error| Error::internal("an entry cannot be written", error))?;
    lines.push_str(&line);
    lines.push('\n');
    Ok(())
}
