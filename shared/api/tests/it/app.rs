//! Small routes, one for each thing that routes have in common.

use api::permission::{ReadPosts, SchedulePosts};
use api::route::{can, gated, public, recent, signed_in};
use api::{Can, Command, Gate, IfMatch, Json, ListQuery, Page, PageLimit, Path, Query, SignedIn};
use axum::extract::State;
use domain::{DeliveryId, Error, PostId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Table;
use testkit::{TestApi, TestClock, gate};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) struct App {
    pub(crate) api: TestApi,
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
}

impl App {
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let table = testkit::table(&clock).await;
        let gate = gate(&table, &clock).await;
        Self {
            api: TestApi::new(router(gate), &clock),
            clock,
            table,
        }
    }
}

pub(crate) fn router(gate: Gate) -> OpenApiRouter {
    let routes = OpenApiRouter::with_openapi(api::openapi::base())
        .routes(public(routes!(echo)))
        .routes(public(routes!(command)))
        .routes(public(routes!(search)))
        .routes(public(routes!(target)))
        .routes(public(routes!(versions)))
        .routes(public(routes!(fail)))
        .routes(public(routes!(undeclared)))
        .routes(signed_in(routes!(whoami)))
        .routes(can::<ReadPosts, _>(routes!(list)))
        .routes(can::<SchedulePosts, _>(routes!(schedule)))
        .routes(recent(signed_in(routes!(be_sure))))
        .routes(recent(can::<SchedulePosts, _>(routes!(be_sure_in_tenant))))
        .with_state(gate.clone());
    gated(routes, gate)
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    #[serde(default)]
    parts: Vec<Part>,
    #[schema(value_type = Option<String>)]
    post: Option<PostId>,
    #[serde(default)]
    any: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Part {
    count: u8,
}

#[utoipa::path(post, path = "/v1/echo")]
async fn echo(Json(thing): Json<Thing>) -> Json<Thing> {
    Json(thing)
}

#[utoipa::path(post, path = "/v1/commands")]
async fn command(command: Command<Thing>) -> Json<Value> {
    let claim = command
        .claim
        .map(|claim| json!({ "route": claim.route, "key": claim.key, "hash": claim.request_hash }));
    Json(json!({ "claim": claim }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    #[serde(default)]
    limit: PageLimit,
    state: Option<String>,
}

#[utoipa::path(get, path = "/v1/search")]
async fn search(Query(search): Query<Search>) -> Json<Value> {
    Json(json!({ "limit": search.limit.get(), "state": search.state }))
}

#[utoipa::path(
    get,
    path = "/v1/posts/{id}/targets/{target}",
    params(("id" = String, Path), ("target" = String, Path))
)]
async fn target(Path((post, target)): Path<(PostId, DeliveryId)>) -> Json<Value> {
    Json(json!([post, target]))
}

#[utoipa::path(put, path = "/v1/versions")]
async fn versions(seen: IfMatch) -> api::Result<Json<Value>> {
    seen.required()?.check(7)?;
    Ok(Json(Value::Null))
}

#[utoipa::path(get, path = "/v1/fail/{how}")]
async fn fail(axum::extract::Path(how): axum::extract::Path<String>) -> api::Result<Json<Value>> {
    Err(match how.as_str() {
        "panic" => panic!("a secret in a panic"),
        "internal" => Error::internal("a secret in a text", "a secret in a cause"),
        "corrupt" => Error::corrupt("secret row", "a secret in a cause"),
        _ => Error::unavailable("secret-host.internal", "a secret in a cause"),
    }
    .into())
}

/// Its declaration says that everybody may call it, its extractor says otherwise.
#[utoipa::path(get, path = "/v1/undeclared")]
async fn undeclared(_caller: SignedIn) -> Json<Value> {
    Json(Value::Null)
}

#[utoipa::path(get, path = "/v1/whoami")]
async fn whoami(caller: SignedIn) -> Json<Value> {
    Json(json!({ "user": caller.user, "tenant": caller.member.map(|member| member.tenant.id) }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListPosts {
    cursor: Option<String>,
    tag: Option<String>,
}

/// Answers with the position that the cursor stands for, and a cursor to the next one.
#[utoipa::path(get, path = "/v1/posts")]
async fn list(
    State(gate): State<Gate>,
    caller: Can<ReadPosts>,
    Query(query): Query<ListPosts>,
) -> api::Result<Json<Page<u32>>> {
    let filters = query.tag.unwrap_or_default();
    let list = ListQuery {
        tenant: caller.scope.tenant(),
        kind: "posts",
        filters: &filters,
    };
    let position: u32 = match query.cursor {
        Some(cursor) => gate.position(list, &cursor).await?,
        None => 0,
    };
    let next = gate.cursor(list, &(position + 1)).await?;
    Ok(Json(Page {
        items: vec![position],
        next: Some(next),
    }))
}

#[utoipa::path(post, path = "/v1/posts")]
async fn schedule(caller: Can<SchedulePosts>) -> Json<Value> {
    Json(json!(caller.scope.tenant()))
}

#[utoipa::path(get, path = "/v1/sensitive")]
async fn be_sure(_caller: SignedIn) -> Json<Value> {
    Json(Value::Null)
}

#[utoipa::path(post, path = "/v1/sensitive/posts")]
async fn be_sure_in_tenant(_caller: Can<SchedulePosts>) -> Json<Value> {
    Json(Value::Null)
}
