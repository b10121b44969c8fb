//! The declaration that every route has: who may call it. It stands in the OpenAPI document as `x-permission`, and
//! the extractors [`crate::Can`], [`crate::CanIn`] and [`crate::SignedIn`] refuse to work on a route that declares
//! something else, so the document and the code cannot differ.

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use domain::membership::Permission;
use http::HeaderValue;
use http::header::STRICT_TRANSPORT_SECURITY;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, PathItem, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};

use crate::gate::Gate;
use crate::openapi::{API_KEY, BEARER, SESSION};
use crate::permission::{self, PermissionType};
use crate::problem::Problem;

/// The extension of an operation that says who may call it.
pub const PERMISSION_EXTENSION: &str = "x-permission";

/// The extension of an operation that only a recent proof of the person opens.
pub const RECENT_EXTENSION: &str = "x-recent-authentication";

/// The extension of an operation that is open to whoever looks into the tenant with its consent.
pub const SUPPORT_EXTENSION: &str = "x-support";

/// For two years (RFC 6797): browsers then send nothing, no cookie either, without encryption.
const STRICT_TRANSPORT: &str = "max-age=63072000; includeSubDomains";

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever is signed in, in whatever tenant or none.
    SignedIn,
    /// Whoever has the permission in the tenant that the credential is bound to.
    Can(Permission),
    /// Whoever has the permission in the tenant that the path names, whichever their credential is bound to; never a
    /// program with a key.
    CanIn(Permission),
}

impl Access {
    /// Its name in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignedIn => "signed_in",
            Self::Can(permission) | Self::CanIn(permission) => permission::name(permission),
        }
    }
}

/// Routes that need no credential.
pub fn public<S>(routes: UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    declare(routes, Access::Public)
}

/// Routes for whoever is signed in.
pub fn signed_in<S>(routes: UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    declare(routes, Access::SignedIn)
}

/// Routes that need the permission `P` in the tenant of the credential: `can::<SchedulePosts, _>(routes!(create))`.
pub fn can<P: PermissionType, S>(routes: UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    declare(routes, Access::Can(P::PERMISSION))
}

/// Routes that need the permission `P` in the tenant that their path names:
/// `can_in::<ManageTenant, _>(routes!(edit_tenant))`.
pub fn can_in<P: PermissionType, S>(routes: UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    declare(routes, Access::CanIn(P::PERMISSION))
}

/// Sensitive routes, around [`signed_in`], [`can`] or [`can_in`]: whoever calls them proved at most
/// [`PROOF_LIFETIME`](crate::PROOF_LIFETIME) ago who they are, by a sign-in or by `POST /v1/auth/reauthenticate`. The
/// extractors see to it, so a handler cannot forget it; a key is no person and never opens them: `recent(can::<DeleteTenant, _>(routes!(delete)))`.
pub fn recent<S>((schemas, mut paths, router): UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    for item in paths.paths.values_mut() {
        for operation in operations(item) {
            let extensions = operation.extensions.get_or_insert_default();
            extensions.insert(RECENT_EXTENSION.to_owned(), Value::from(true));
            operation.security = Some(schemes(&[SESSION, BEARER]));
        }
    }
    (schemas, paths, router).map(|router| router.route_layer(axum::Extension(Recent)))
}

/// Routes that stay open to somebody who looks into a tenant that is not theirs, around [`signed_in`] or [`can_in`]: what
/// says where they are, what ends it, and what reads the tenant. Routes of [`can`] are open to them where they only
/// read, by a permission that is for support.
pub fn supported<S>((schemas, mut paths, router): UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    for item in paths.paths.values_mut() {
        for operation in operations(item) {
            open_to_support(operation);
        }
    }
    (schemas, paths, router).map(|router| router.route_layer(axum::Extension(Supported)))
}

/// All routes of a function: each request is counted once against its client, whether the route is public or not and
/// before anything else is asked about it. Where people reach the product under https, each answer says that there is no
/// other way.
pub fn gated(routes: OpenApiRouter, gate: Gate) -> OpenApiRouter {
    routes.route_layer(from_fn_with_state(gate, pass))
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match gate.admit_client(&parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => Problem::from(refusal).into_response(),
    };
    if gate.is_secure() {
        let value = HeaderValue::from_static(STRICT_TRANSPORT);
        response
            .headers_mut()
            .insert(STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Marks the requests of a route that is declared by [`supported`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Supported;

/// Marks the requests of a route that is declared by [`recent`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recent;

fn declare<S>(
    (schemas, mut paths, router): UtoipaMethodRouter<S>,
    access: Access,
) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    for item in paths.paths.values_mut() {
        for operation in operations(item) {
            describe(operation, access);
        }
        if let (Access::Can(permission), Some(read)) = (access, &mut item.get)
            && permission.is_for_support()
        {
            open_to_support(read);
        }
    }
    (schemas, paths, router).map(|router| router.route_layer(axum::Extension(access)))
}

fn open_to_support(operation: &mut Operation) {
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert(SUPPORT_EXTENSION.to_owned(), Value::from(true));
}

fn describe(operation: &mut Operation, access: Access) {
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert(PERMISSION_EXTENSION.to_owned(), Value::from(access.name()));
    operation.security = Some(match access {
        Access::Public => Vec::new(),
        Access::Can(permission) if permission.is_for_keys() => schemes(&[SESSION, BEARER, API_KEY]),
        Access::SignedIn | Access::Can(_) | Access::CanIn(_) => schemes(&[SESSION, BEARER]),
    });
    let problem = ResponseBuilder::new()
        .description("What was refused, and why")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build(),
        )
        .build();
    operation
        .responses
        .responses
        .entry("default".to_owned())
        .or_insert(RefOr::T(problem));
}

/// Any one of these.
fn schemes(names: &[&str]) -> Vec<SecurityRequirement> {
    let alone = |name: &&str| SecurityRequirement::new(*name, Vec::<String>::new());
    names.iter().map(alone).collect()
}

/// All operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.options,
        &mut item.head,
        &mut item.patch,
        &mut item.trace,
    ]
    .into_iter()
    .flatten()
}
